import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatIp,
  hostsCollide,
  isIpv4,
  isLoopback,
  isWildcard,
  parseIp,
  parseListenAddress,
  parseServices,
  resolvePort,
  splitHostPort,
} from '../../src/buildkit/address.ts';
import { lookUpHost, parsePublished } from '../../src/facts/net/port-wanted.ts';

describe('addresses of buildkitd', () => {
  test('a scheme is what stands before the first "://", to the letter', () => {
    expect(parseListenAddress('unix:///run/b.sock')).toEqual({ scheme: 'unix', path: '/run/b.sock' });
    expect(parseListenAddress('unix://run/b.sock')).toEqual({ scheme: 'unix', path: 'run/b.sock' });
    expect(parseListenAddress('tcp://[::1]:1')).toEqual({ scheme: 'tcp', hostPort: '[::1]:1' });
    expect(parseListenAddress('fd://')).toEqual({ scheme: 'fd', name: '' });
    for (const text of ['', '/run/b.sock', 'unix:/run/b.sock', 'UNIX:///run/b.sock', 'http://x'])
      expect(parseListenAddress(text).scheme).toBeNull();
  });
});

describe('host and port as Go splits them', () => {
  test.each([
    ['127.0.0.1:1234', '127.0.0.1', '1234'],
    [':1234', '', '1234'],
    ['[::1]:1234', '::1', '1234'],
    ['[fe80::1%lo]:1', 'fe80::1%lo', '1'],
    ['localhost:', 'localhost', ''],
    ['', '', ''],
    ['host:http/x', 'host', 'http/x'],
  ])('%j', (text, host, port) => {
    expect(splitHostPort(text)).toEqual({ host, port, error: null });
  });
  test.each([
    ['127.0.0.1', 'address 127.0.0.1: missing port in address'],
    ['::1:1234', 'address ::1:1234: too many colons in address'],
    ['[::1]', 'address [::1]: missing port in address'],
    ['[::1]x:1', 'address [::1]x:1: missing port in address'],
    ['[::1]:1:2', 'address [::1]:1:2: too many colons in address'],
    ['[::1:1234', "address [::1:1234: missing ']' in address"],
    ['a]:1', "address a]:1: unexpected ']' in address"],
    ['a[b:1', "address a[b:1: unexpected '[' in address"],
    ['tcp://127.0.0.1:1', 'address tcp://127.0.0.1:1: too many colons in address'],
  ])('%j is refused', (text, error) => {
    expect(splitHostPort(text)).toEqual({ error });
  });
  test('ports by number, sign, leading zeros and name', () => {
    const names = parseServices('http-alt 8080/tcp webcache # web\nbroken\nudp-only 9/udp\n');
    expect(resolvePort('', names)).toMatchObject({ port: 0 });
    expect(resolvePort('+01234', names)).toMatchObject({ port: 1234 });
    expect(resolvePort('WebCache', names)).toMatchObject({ port: 8080 });
    expect(resolvePort('https', names)).toMatchObject({ port: 443 });
    for (const text of ['65536', '-1', '99999999999999999999', 'udp-only', '1234/x', '0x50'])
      expect(resolvePort(text, names).error).not.toBeNull();
  });
});

describe('IP addresses', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
  test('what Node takes for one and Go does too, is one; nothing else is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 }), fc.stringMatching(/^[0-9a-f:.]{0,30}$/)),
        (text) => {
          expect(parseIp(text) !== null).toBe(isIP(text) !== 0);
        },
      ),
    );
  });
  test('format and parse are inverse, and format is what Node makes of it', () => {
    fc.assert(
      fc.property(groups, (numbers) => {
        const ip = parseIp(numbers.map((group) => group.toString(16)).join(':'));
        if (ip === null) throw new Error('not parsed');
        expect(parseIp(formatIp(ip))).toEqual(ip);
        if (!isIpv4(ip))
          expect(formatIp(ip)).toBe(
            new URL(`http://[${numbers.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1),
          );
      }),
    );
  });
  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseIp(text);
        splitHostPort(text);
        parseListenAddress(text);
        parsePublished(text);
      }),
    );
  });
  test('wildcards of both families, loopbacks, mapped addresses', () => {
    const ip = (text: string) => {
      const found = parseIp(text);
      if (found === null) throw new Error(text);
      return found;
    };
    for (const text of ['0.0.0.0', '::', '::ffff:0.0.0.0', '0:0:0:0:0:0:0:0']) expect(isWildcard(ip(text))).toBe(true);
    for (const text of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isLoopback(ip(text))).toBe(true);
    expect(formatIp(ip('::ffff:127.0.0.1'))).toBe('127.0.0.1');
    for (const text of ['127.1', '127.0.0.01', '0x7f.0.0.1', '1.2.3.256', '::1::', 'fe80::1%', '1:2:3', ':::'])
      expect(parseIp(text)).toBeNull();
    expect(hostsCollide(null, ip('::1'))).toBe(true);
    expect(hostsCollide(ip('127.0.0.1'), ip('::1'))).toBe(false);
    expect(hostsCollide(ip('127.0.0.1'), ip('::ffff:127.0.0.1'))).toBe(true);
  });
});

test('names come from /etc/hosts, IPv4 first', () => {
  const hosts = '# comment\n::1 localhost build\n127.0.1.1\tBuild build.example.com # ours\nnonsense\n';
  const told = (name: string) => {
    const ip = lookUpHost(hosts, name);
    return ip === null ? null : formatIp(ip);
  };
  expect(told('build')).toBe('127.0.1.1');
  expect(told('localhost')).toBe('::1');
  expect(told('other')).toBeNull();
});

test('what rootlesskit publishes', () => {
  expect(parsePublished('127.0.0.1:8080:80/tcp')).toEqual({ host: '127.0.0.1', port: '8080', inner: '80' });
  expect(parsePublished('8080:80/tcp')).toEqual({ host: '', port: '8080', inner: '80' });
  expect(parsePublished('[::1]:8080:80/tcp6')).toEqual({ host: '::1', port: '8080', inner: '80' });
  expect(parsePublished('0.0.0.0:8080:10.0.2.100:80/tcp')).toEqual({ host: '0.0.0.0', port: '8080', inner: '80' });
  for (const text of ['8080:80/udp', '80', '', '8080:80']) expect(parsePublished(text)).toBeNull();
});
