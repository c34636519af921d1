import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLook } from '../../../src/examine/look.ts';
import {
  byBytes,
  parseCommandLine,
  parseSysctlConf,
  setAtBoot,
  sysctlFiles,
  sysctlPath,
} from '../../../src/facts/machine/sysctl.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';

const KEY = 'user.max_user_namespaces';
const SYSTEMD = { '/run/systemd/system': { kind: 'directory' as const } };
type Files = NonNullable<VirtualHostOptions['files']>;
const atBoot = async (files: Files, key = KEY) => {
  const look = createLook({ host: new VirtualHost({ files: { ...SYSTEMD, ...files } }), request: ASK });
  return setAtBoot(await look.get(sysctlFiles), key);
};

describe('lines', () => {
  test.each([
    ['a.b=1', [{ key: 'a/b', value: '1', line: 1 }]],
    ['# a.b=1\n; c.d=2\n\n  e/f = 3  ', [{ key: 'e/f', value: '3', line: 4 }]],
    ['-kernel.x = 1', [{ key: 'kernel/x', value: '1', line: 1 }]],
    ['-net.ipv4.conf.eth0\nnot an assignment', [{ key: 'net/ipv4/conf/eth0', value: null, line: 1 }]],
    ['net/ipv4/conf/eth0.100/rp_filter = 2', [{ key: 'net/ipv4/conf/eth0.100/rp_filter', value: '2', line: 1 }]],
    ['net.ipv4.conf.eth0/100.rp_filter = 2', [{ key: 'net/ipv4/conf/eth0.100/rp_filter', value: '2', line: 1 }]],
    ['a.b = c = d', [{ key: 'a/b', value: 'c = d', line: 1 }]],
    ['nonsense\n= 5\na.b =', [{ key: 'a/b', value: '', line: 3 }]],
    [
      'a.b = 1\r\nc.d = 2\r\n',
      [
        { key: 'a/b', value: '1', line: 1 },
        { key: 'c/d', value: '2', line: 2 },
      ],
    ],
  ])('%j', (text, expected) => expect(parseSysctlConf(text)).toEqual(expected));
  test('parameters of the kernel', () => {
    expect(parseCommandLine('quiet sysctl.user.max_user_namespaces=0 sysctl/kernel/x=1 nosysctl.a=2\n')).toEqual([
      { key: 'user/max_user_namespaces', value: '0', line: 0 },
      { key: 'kernel/x', value: '1', line: 0 },
    ]);
  });
  test('any text is taken', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { key, line } of parseSysctlConf(text)) {
          expect(key).not.toBe('');
          expect(line).toBeGreaterThan(0);
        }
      }),
    );
  });
  test('a key written with dots and one written with slashes are one', () => {
    expect(sysctlPath('user.max_user_namespaces')).toBe(sysctlPath('user/max_user_namespaces'));
  });
});

describe('what wins at boot', () => {
  const says = (value: number) => `${KEY} = ${value}\n`;
  test('nobody', async () => expect(await atBoot({ '/etc/sysctl.d/a.conf': 'kernel.x=1\n' })).toBeNull());
  test('the later name, whatever its directory', async () => {
    expect(await atBoot({ '/etc/sysctl.d/10-a.conf': says(1), '/usr/lib/sysctl.d/99-z.conf': says(2) })).toEqual({
      value: '2',
      path: '/usr/lib/sysctl.d/99-z.conf',
      line: 1,
    });
  });
  test('by bytes: digits, then a hyphen, then letters', async () => {
    expect(['protect.conf', '999-x.conf', '99-b.conf', '99-sysctl.conf', '60-a.conf', 'Z.conf'].sort(byBytes)).toEqual([
      '60-a.conf',
      '99-b.conf',
      '99-sysctl.conf',
      '999-x.conf',
      'Z.conf',
      'protect.conf',
    ]);
    expect(
      await atBoot({
        '/etc/sysctl.d/99-x.conf': says(1),
        '/etc/sysctl.d/999-x.conf': says(2),
        '/etc/sysctl.d/x.conf': says(3),
      }),
    ).toMatchObject({ value: '3' });
  });
  test('of one name, the first directory: /etc, /run, /usr/local/lib, /usr/lib, /lib', async () => {
    const files: Files = {};
    for (const [index, directory] of ['/lib', '/usr/lib', '/usr/local/lib', '/run', '/etc'].entries()) {
      files[`${directory}/sysctl.d/50-x.conf`] = says(index);
      expect(await atBoot(files)).toMatchObject({ value: String(index), path: `${directory}/sysctl.d/50-x.conf` });
    }
  });
  test('the later line of one file', async () => {
    expect(await atBoot({ '/etc/sysctl.d/a.conf': `${says(1)}\n${says(2)}` })).toMatchObject({ value: '2', line: 3 });
  });
  test('a masked file is none', async () => {
    const files = { '/usr/lib/sysctl.d/50-x.conf': says(0), '/dev/null': { kind: 'character' as const } };
    expect(await atBoot({ ...files, '/etc/sysctl.d/50-x.conf': { link: '/dev/null' } })).toBeNull();
    expect(await atBoot({ ...files, '/etc/sysctl.d/50-x.conf': '' })).toBeNull();
  });
  test('/etc/sysctl.conf by its link in sysctl.d, and only so under systemd', async () => {
    const files = { '/etc/sysctl.conf': says(7), '/etc/sysctl.d/zz.conf': says(8) };
    expect(await atBoot({ '/etc/sysctl.conf': says(7) })).toBeNull();
    expect(await atBoot({ ...files, '/etc/sysctl.d/99-sysctl.conf': { link: '../sysctl.conf' } })).toMatchObject({
      value: '8',
    });
  });
  test('/etc/sysctl.conf after everything else without systemd', async () => {
    const files = {
      '/run/systemd/system': null,
      '/run/openrc': { kind: 'directory' as const },
      '/etc/sysctl.conf': says(7),
      '/etc/sysctl.d/zz.conf': says(8),
    };
    expect(await atBoot(files)).toEqual({ value: '7', path: '/etc/sysctl.conf', line: 1 });
  });
  test('files come after the command line', async () => {
    expect(await atBoot({ '/proc/cmdline': `sysctl.${KEY}=0\n` })).toEqual({
      value: '0',
      path: '/proc/cmdline',
      line: 0,
    });
    expect(await atBoot({ '/proc/cmdline': `sysctl.${KEY}=0\n`, '/etc/sysctl.d/a.conf': says(5) })).toMatchObject({
      value: '5',
    });
  });
  test('a glob, unless a line names the key', async () => {
    expect(await atBoot({ '/etc/sysctl.d/a.conf': 'user.max_*_namespaces = 0\n' })).toMatchObject({ value: '0' });
    expect(
      await atBoot({ '/etc/sysctl.d/a.conf': says(5), '/etc/sysctl.d/b.conf': 'user.max_*_namespaces = 0\n' }),
    ).toMatchObject({ value: '5' });
    expect(await atBoot({ '/etc/sysctl.d/a.conf': 'user.* = 0\n' }, 'kernel.x')).toBeNull();
  });
  test('what a line excludes is set by no glob, by no earlier line, but by the command line', async () => {
    const exclude = `-${KEY}\n`;
    const glob = 'user.max_*_namespaces = 0\n';
    expect(await atBoot({ '/etc/sysctl.d/a.conf': exclude, '/etc/sysctl.d/b.conf': glob })).toBeNull();
    expect(await atBoot({ '/etc/sysctl.d/a.conf': says(5), '/etc/sysctl.d/b.conf': exclude })).toBeNull();
    expect(await atBoot({ '/etc/sysctl.d/a.conf': exclude, '/etc/sysctl.d/b.conf': says(5) })).toMatchObject({
      value: '5',
    });
    expect(await atBoot({ '/proc/cmdline': `sysctl.${KEY}=4\n`, '/etc/sysctl.d/a.conf': exclude })).toMatchObject({
      value: '4',
    });
    expect(await atBoot({ '/proc/cmdline': `sysctl.${KEY}=4\n`, '/etc/sysctl.d/b.conf': glob })).toMatchObject({
      value: '0',
      path: '/etc/sysctl.d/b.conf',
    });
  });
  test('a file that may not be read is told', async () => {
    const look = createLook({
      host: new VirtualHost({ files: { '/etc/sysctl.d/a.conf': { text: '', unreadable: true } } }),
      request: ASK,
    });
    expect((await look.get(sysctlFiles)).unreadable).toEqual(['/etc/sysctl.d/a.conf']);
  });
});
