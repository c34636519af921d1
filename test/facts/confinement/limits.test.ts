import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupDirectories, parseKeyUsers } from '../../../src/facts/confinement/limits.ts';
import { parseLimits } from '../../../src/facts/confinement/process-limits.ts';
import { parseLoginDefs, subidLimits } from '../../../src/facts/target/login-defs.ts';

test('key users', () => {
  const text = '    0:     9 8/8 3/1000000 48/25000000\n 1000:   200 200/200 199/200 1898/20000\n';
  expect(parseKeyUsers(text, 1000)).toEqual({ keys: 199, bytes: 1898 });
  expect(parseKeyUsers(text, 0)).toEqual({ keys: 3, bytes: 48 });
  expect(parseKeyUsers(text, 100)).toEqual({ keys: 0, bytes: 0 });
});

test('limits of a process', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax data size             67108864             unlimited            bytes     \nMax file size             4096                 unlimited            bytes     \nMax address space         unlimited            unlimited            bytes     \nMax processes             95892                unlimited            processes \nMax open files            1024                 1048576              files     \n';
  const by = null;
  expect(parseLimits(text)).toEqual({
    openFiles: { soft: 1024, hard: 1048576, by },
    processes: { soft: 95892, hard: null, by },
    addressSpace: { soft: null, hard: null, by },
    data: { soft: 67108864, hard: null, by },
    fileSize: { soft: 4096, hard: null, by },
  });
  expect(parseLimits('')).toEqual({ openFiles: null, processes: null, addressSpace: null, data: null, fileSize: null });
});

describe('control groups', () => {
  const at = '/sys/fs/cgroup';
  test.each([
    ['0::/user.slice/a.scope\n', 'pids', at, true, [`${at}/user.slice/a.scope`, `${at}/user.slice`, at]],
    ['0::/\n', 'pids', at, true, [at]],
    ['0::/../outside\n', 'pids', at, true, [`${at}/outside`, at]],
    ['4:memory:/a:b\n8:pids:/\n', 'memory', `${at}/memory`, false, [`${at}/memory/a:b`, `${at}/memory`]],
    ['4:cpu,cpuacct:/x\n8:pids:/y\n', 'pids', `${at}/pids`, false, [`${at}/pids/y`, `${at}/pids`]],
    ['', 'pids', at, true, [at]],
  ])('%j %s', (text, controller, mount, unified, expected) =>
    expect(groupDirectories(text, controller, mount, unified)).toEqual(expected),
  );
});

describe('login.defs', () => {
  const limits = (text: string) => subidLimits(parseLoginDefs(text), 'UID');
  const COMPILED = { min: 100000, max: 600100000, count: 65536 };
  test.each([
    ['', COMPILED],
    ['#SUB_UID_MIN 5\n', COMPILED],
    ['SUB_UID_MIN\t\t   524288\nSUB_UID_MAX\t\t600100000\nSUB_UID_COUNT\t\t    65536\n', { ...COMPILED, min: 524288 }],
    ['SUB_UID_MIN 1\nSUB_UID_MIN 2\n', { ...COMPILED, min: 2 }],
    ['SUB_UID_MIN 0x10000\r\n', { ...COMPILED, min: 65536 }],
    ['SUB_UID_MIN "200000"\n', { ...COMPILED, min: 200000 }],
    ['SUB_UID_MIN plenty\nSUB_UID_COUNT -5\n', COMPILED],
    ['SUB_UID_MIN 700000000\n', { ...COMPILED, min: 700000000 }],
  ])('%j', (text, expected) => expect(limits(text)).toMatchObject({ min: expected.min, count: expected.count }));
  test('any text gives bounds that make sense', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const { min, max, count } = limits(`SUB_UID_MIN ${a}\nSUB_UID_MAX ${b}\n`);
        expect([min, max, count].every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
