import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, runProgram, temporary } from './run.ts';

test.each([
  ['throws', 'throw new Error("out of place\\u001b[31m")'],
  ['leaves a promise broken', 'Promise.reject(new Error("out of place\\u001b[31m"))'],
])('whatever %s where nobody catches it ends in one sentence and exit 3', async (_, statement) => {
  const before = join(temporary(), 'before.cjs');
  // As soon as the command listens for what nobody catches, its work is under way.
  writeFileSync(
    before,
    `process.on('newListener', (event) => { if (event === 'uncaughtException') setImmediate(() => { ${statement}; }); });`,
  );
  const { code, stdout, stderr } = await run(['check', '--json'], { env: { NODE_OPTIONS: `--require=${before}` } });
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^bk-doctor: internal error: out of place\\x1b\[31m\. Please report it[^\n]*\n$/);
});

test('a damaged copy of bk-doctor says so in one sentence, exit 3', async () => {
  const copy = temporary();
  cpSync('bin', join(copy, 'bin'), { recursive: true });
  for (const text of ['function (', 'exports.main = 1;', 'throw new Error("half of it");']) {
    cpSync('dist', join(copy, 'dist'), { recursive: true, filter: (name) => !name.endsWith('.cache') });
    writeFileSync(join(copy, 'dist/main.cjs'), text);
    const { code, stdout, stderr } = await runProgram(process.execPath, [join(copy, 'bin/bk-doctor.js'), 'check']);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^bk-doctor: this copy is damaged \([^\n]*\): install it again[^\n]*\n$/);
  }
});
