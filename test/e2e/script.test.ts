import { describe, expect, test } from 'vitest';
import { oneIn } from '../thoroughly.ts';
import { type Fault, faults } from './faults.ts';
import { runtimeFaults } from './runtime-faults.ts';
import { storageFaults } from './storage-faults.ts';
import { BIN, canMakeWorlds, NODE, World } from './world.ts';

/** The call of root for the world's user, as in the table of faults. */
function fixFor(world: World, row: Fault, ...more: readonly string[]): readonly string[] {
  const whose = row.mode === 'rootful' ? ['--mode', 'rootful'] : ['--user', world.user];
  const environment = Object.entries(world.environment('user', row.env)).flatMap(([name, value]) =>
    row.mode === 'rootful' || name !== 'PATH' ? [] : ['--env', `${name}=${value}`],
  );
  return [NODE, BIN, 'fix', ...more, ...whose, ...environment, ...(row.doctorArgs ?? [])];
}

/** What a treatment leaves of the fault's own world. */
function after(row: Fault, treat: (world: World) => void): string {
  const world = new World({ userns: row.userns === true });
  try {
    row.inject(world);
    treat(world);
    return world.fingerprint();
  } finally {
    world.close();
  }
}

describe.skipIf(!canMakeWorlds())('the script leaves what fix leaves', () => {
  // A container's own layer is no part of the fingerprint.
  const rows = [...faults, ...storageFaults, ...runtimeFaults]
    .filter((row) => row.repaired && !row.container)
    .filter((_, index) => index % oneIn(3) === 0);
  test.each(rows)('$name', { timeout: 120_000 }, (row) => {
    const wanted = after(row, (world) => {
      world.asRoot(fixFor(world, row, '--yes'));
    });
    const got = after(row, (world) => {
      // Curing one thing can bring up another, for which fix has three rounds.
      for (let round = 1; round <= 3; round++) {
        const { stdout } = world.asRoot(fixFor(world, row, '--script'));
        if (stdout.includes('nothing to do')) break;
        for (const shell of [['sh'], ['bash', '--posix']]) {
          const ran = world.asRoot([...shell, '-s'], { input: stdout });
          expect([ran.code, ran.stderr], `${stdout}\n${ran.stdout}`).toEqual([0, '']);
        }
      }
    });
    expect(got).toBe(wanted);
  });
});
