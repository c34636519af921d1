import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeNamespace } from '../../src/host/probes/namespace.ts';
import { NAMESPACE_SCRIPT } from '../../src/host/probes/namespace-script.ts';

/** What /bin/sh may be: Debian's, that of Fedora, SUSE and Arch, that of Alpine, which runs its own find, where owners are unknown. */
const SHELLS = [
  { shell: ['dash'], surveys: true },
  { shell: ['bash'], surveys: true },
  { shell: ['busybox', 'sh'], surveys: false },
];
const SUBORDINATE = 300_000;

const there = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
const possible = process.getuid?.() === 0 && there('unshare') && there('nsenter') && there('busybox');
if (!possible && process.env.CI)
  throw new Error('these tests cannot run: root, unshare, nsenter or busybox is missing');

describe.skipIf(!possible)('what is tried inside the namespaces', () => {
  let place = '';
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'bk-doctor-namespace-'));
    chmodSync(place, 0o755);
    const cache = join(place, 'cache');
    mkdirSync(cache);
    for (const [name, owner] of [
      ['own', 0],
      ['subordinate', SUBORDINATE],
      ['nobody', SUBORDINATE + 65_533],
      ['foreign', 4242],
    ] as const) {
      writeFileSync(join(cache, name), '');
      chownSync(join(cache, name), owner, owner);
    }
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test.each([
    { whose: 'nobody but root can change', mode: 0o755, tried: true },
    { whose: 'everybody can change', mode: 0o777, tried: false },
  ])('root tries a runtime that $whose: $tried', async ({ mode, tried }) => {
    const bin = join(place, `bin-${mode}`);
    mkdirSync(bin);
    const runc = join(bin, 'runc');
    writeFileSync(runc, `#!/bin/sh\n: >${bin}/ran\n`, { mode: 0o755 });
    chmodSync(bin, mode);
    const runtime = { path: runc, processSandbox: true, withoutGroups: true };
    const input = { launcher: null, directory: place, fuse: false, survey: null, runtime };
    const { launch, step } = await probeNamespace(input, { PATH: '/usr/bin:/bin' });
    expect(launch).toEqual({ ok: true });
    const ran = existsSync(join(bin, 'ran'));
    rmSync(bin, { recursive: true });
    expect(ran).toBe(tried);
    // It said nothing of a program that is not there, and so proved nothing.
    expect(step?.ok ?? null).toBe(tried ? false : null);
  });

  test.each(SHELLS)('by $shell', ({ shell, surveys }) => {
    // The maps as rootlesskit makes them, root's instead of a user's: 0 is ourselves, 1 and up the subordinate ids.
    const launch = `
      exec 3<>${join(place, 'go')}
      unshare --user --mount --fork sh -c 'read -r go <&3; exec "$@" 3<&-' sh "$@" &
      until [ "$(readlink /proc/$!/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
      for map in uid_map gid_map; do env printf '0 0 1\n1 ${SUBORDINATE} 65536\n' >/proc/$!/$map; done
      echo go >&3; wait $!`;
    spawnSync('mkfifo', [join(place, 'go')]);
    const scratch = join(place, 'scratch');
    const ran = spawnSync(
      'bash',
      [
        '-c',
        launch,
        'bash',
        ...shell,
        '-c',
        NAMESPACE_SCRIPT,
        'sh',
        scratch,
        '',
        join(place, 'cache'),
        '/usr/bin:/bin',
      ],
      { encoding: 'utf8', timeout: 20_000 },
    );
    const records = ran.stdout.split('\0').filter(Boolean);
    const said = Object.fromEntries(
      records.map((record) => [record.split('\t')[0], record.slice(record.indexOf('\t') + 1)]),
    );
    expect(said).toMatchObject({
      uidmap: `0 0 1\n1 ${SUBORDINATE} 65536\n`,
      gidmap: `0 0 1\n1 ${SUBORDINATE} 65536\n`,
      ready: 'ok',
      isolate: 'ok',
      overlay: 'ok',
      bind: 'ok',
      chown: 'ok',
      survey: surveys ? 'end 0' : 'end 1',
      done: 'ok',
    });
    // Only what belongs to neither the user nor a subordinate id, 65534 among these.
    const foreign = records.filter((record) => record.startsWith('foreign\t'));
    expect(foreign).toEqual(surveys ? [`foreign\tf\t65534\t65534\t1\t${join(place, 'cache', 'foreign')}`] : []);
    expect(readdirSync(place).sort()).toEqual(['cache', 'go']);
    rmSync(join(place, 'go'));
  });

  test.each(SHELLS)('real root has a runtime make no control groups, by $shell', ({ shell }) => {
    const runtime = join(place, 'runtime');
    writeFileSync(
      runtime,
      `#!/bin/sh
[ "$1" = --rootless=true ] || echo 'not told'
grep -E ' - cgroup2? ' /proc/self/mountinfo | cut -d' ' -f6 | grep -q ^rw && echo 'can write'
echo 'nothing at /nothing'
`,
    );
    chmodSync(runtime, 0o755);
    const ran = spawnSync(
      'unshare',
      [
        ...['--mount', '--propagation', 'private', ...shell, '-c', NAMESPACE_SCRIPT, 'sh', join(place, 'root')],
        ...['', '', '/usr/bin:/bin', runtime, '{}', 'not told', 'frozen'],
      ],
      { encoding: 'utf8', timeout: 20_000 },
    );
    expect(ran.stdout).toMatch(/step\tfail nothing at \/nothing/);
  });
});
