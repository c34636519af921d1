import { cpSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram, shell, temporary } from './run.ts';

describe('streams', () => {
  test('a reader that goes away is no crash', async () => {
    const { stdout, stderr } = await shell('set -o pipefail; $BK list -v | head -n 1; echo $?');
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').at(-1)).toBe('0');
  });
  test('a closed stdout is no crash', async () => {
    const { code, stderr } = await shell(
      '$BK --no-probe --json >&-; code=$?; $BK --no-probe --json >/dev/null; [ $code = $? ]',
    );
    expect([code, stderr]).toEqual([0, '']);
  });
  test('an answer that cannot be written is said', async () => {
    const { code, stderr } = await shell('$BK list --json >/dev/full');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^bk-doctor: the answer could not be written: .*ENOSPC.*\n$/);
  });
  test('nobody reading stderr is no crash either', async () => {
    const { code } = await shell('$BK --jsn 2>&-');
    expect(code).toBe(2);
    expect((await shell('$BK --jsn 2>/dev/full')).code).toBe(2);
  });
});

test('a copy that was not built says so', async () => {
  const directory = temporary();
  cpSync(resolve('bin'), join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const { code, stdout, stderr } = await runProgram(process.execPath, [join(directory, 'bin/bk-doctor.js')]);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^bk-doctor: this copy has not been built yet: [^\n]+\n$/);
});

test('what V8 compiled at the build may be missing, cut off or of another V8', async () => {
  const directory = temporary();
  for (const part of ['bin', 'dist']) cpSync(resolve(part), join(directory, part), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const cache = join(directory, 'dist/main.cjs.cache');
  const ends = async (): Promise<void> => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [join(directory, 'bin/bk-doctor.js'), 'list']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('storage/ownership');
  };
  await ends();
  truncateSync(cache, 100_000);
  await ends();
  writeFileSync(cache, 'x'.repeat(100_000));
  await ends();
  rmSync(cache);
  await ends();
});
