import { expect, test } from 'vitest';
import { failureOf } from '../../src/host/probes/launch-failure.ts';
import { crashIn } from '../../src/knowledge/errors/crash.ts';

const THREADS = `runtime: failed to create new OS thread (have 5 already; errno=11)
runtime: may need to increase max user processes (ulimit -u)
fatal error: newosproc

goroutine 1 [running]:
runtime.systemstack_switch()
\truntime/asm_amd64.s:479 +0x8 fp=0xc000086748 sp=0xc000086738 pc=0x474a08
`;
const MEMORY = `fatal error: failed to reserve page summary memory

runtime stack:
runtime.throw({0x1d0a285?, 0x0?})
\truntime/panic.go:1101 +0x48
`;

test.each([
  ['threads of Go', THREADS, 'limits.pids', 'runtime: failed to create new OS thread (have 5 already; errno=11)'],
  ['memory of Go', MEMORY, 'limits.out-of-memory', 'fatal error: failed to reserve page summary memory'],
  ['a shell', 'sh: 1: Cannot fork\n', 'limits.pids', 'sh: 1: Cannot fork'],
  [
    'a panic',
    'panic: assertion failed: page 3\n\ngoroutine 1 [running]:\nmain.main()\n',
    null,
    'panic: assertion failed: page 3',
  ],
  ['a signal of Go', 'SIGSEGV: segmentation violation\nPC=0x0\n', null, 'SIGSEGV: segmentation violation'],
] as const)('a crash says why in its first lines: %s', (_name, text, limit, words) => {
  expect(crashIn(text)).toEqual({ words, limit });
});

test('an error is no crash', () => {
  expect(crashIn('buildkitd: could not lock /x: open /x: permission denied\n')).toBeNull();
  expect(crashIn('')).toBeNull();
});

test('the launch is not explained by the last frame of a stack, nor by what rootlesskit says of its child', () => {
  const log = `${THREADS}[rootlesskit:parent] error: child exited: exit status 2\n`;
  expect(failureOf(null, log, true)).toEqual({
    errno: null,
    message: 'runtime: failed to create new OS thread (have 5 already; errno=11)',
    stage: 'setup',
  });
});
