import { describe, expect, test } from 'vitest';
import { idmapRanges } from '../../../src/checks/idmap/ranges.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { giveRanges } from '../../../src/fixes/idmap/ranges.ts';
import { testCheck } from '../../check-tester.ts';
import { expectLinearGrowth } from '../../growth.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { carryOut, hostWith, launched, refused } from '../userns/host.ts';

const entry = { check: idmapRanges, fix: giveRanges };
const noProbe = { probe: false };
const MAP = refused('map', 'EINVAL', 'failed to setup UID/GID map');
const A = 'alice:100000:65536\n';
type Files = NonNullable<VirtualHostOptions['files']>;

/** The two files as given, before anything is mapped. The launcher is rootlesskit 1.1.0 with getsubids. */
const subids = (uid: string | null, gid: string | null = uid, files: Files = {}): VirtualHostOptions =>
  hostWith({ files: { '/etc/subuid': uid, '/etc/subgid': gid, ...files }, answer: MAP });
/** The same for a rootlesskit that reads the files itself. */
const reading = (uid: string, gid = uid): VirtualHostOptions =>
  hostWith({ files: { '/etc/subuid': uid, '/etc/subgid': gid, '/usr/bin/getsubids': null }, answer: MAP });
/** The same for one that drops what comes twice. */
const newer = (uid: string, gid = uid): VirtualHostOptions =>
  hostWith({
    files: { '/etc/subuid': uid, '/etc/subgid': gid },
    tools: { rootlesskit: { stdout: 'rootlesskit version 3.0.1\n' } },
    answer: null,
  });
const textOf = (options: VirtualHostOptions, path: string): string | undefined => {
  const file = options.files?.[path];
  return typeof file === 'string' ? file : file?.text;
};

async function plan(options: VirtualHostOptions, request = {}) {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK, ...request } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}
/** What the repair makes of both files. */
async function repaired(options: VirtualHostOptions): Promise<{ uid: string | undefined; gid: string | undefined }> {
  const { fixes } = await plan(options);
  expect(fixes.map(({ risk }) => risk)).toEqual(['safe']);
  const after = carryOut(
    options,
    fixes.flatMap(({ steps }) => steps),
  );
  return { uid: textOf(after, '/etc/subuid'), gid: textOf(after, '/etc/subgid') };
}

testCheck(entry, {
  healthy: {
    // The files do not count then, and what a service says cannot be told from its silence: userns/probe tells of it.
    'a directory service that has none for the user': {
      host: hostWith({
        files: { '/etc/nsswitch.conf': 'subid: sss\n' },
        tools: { getsubids: { code: 1, stderr: 'Error fetching ranges\n' } },
        answer: MAP,
      }),
    },
    'the usual range': { host: subids(A), request: noProbe },
    'the chain starts, whatever the files look like': {
      host: hostWith({ files: { '/etc/subuid': 'nonsense\n', '/etc/subgid': null } }),
    },
    'comments and empty lines': { host: subids(`# managed by a tool\n\n${A}`), request: noProbe },
    'two ranges that make 65536': { host: subids('alice:100000:32768\nalice:200000:32768\n'), request: noProbe },
    'no final newline': { host: subids('alice:100000:65536'), request: noProbe },
    "somebody else's malformed line, which getsubids passes over": { host: subids(`bad line\n${A}`), request: noProbe },
    'a line of 1100 characters': { host: subids(`${'x'.repeat(1100)}:1:2\n${A}`), request: noProbe },
    'the last ids there are': { host: subids('alice:4294901759:65536\n'), request: noProbe },
    'a numeric owner, by a launcher without getsubids': { host: reading('1000:100000:65536\n'), request: noProbe },
    'a numeric owner, by rootlesskit 3': { host: newer('1000:100000:65536\n'), request: noProbe },
    'the same line twice, by rootlesskit 3': { host: newer(A + A), request: noProbe },
    'hexadecimal, which getsubids reads': { host: subids('alice:0x186a0:0x10000\n', A), request: noProbe },
    'a range of the directory service, and nothing in the files': {
      host: hostWith({
        files: { '/etc/subuid': '', '/etc/subgid': '', '/etc/nsswitch.conf': 'subid: sss\n' },
        tools: {
          getsubids: { stdout: '0: alice 2147483648 65536\n' },
          'getsubids 1000': { code: 1 },
          'getsubids -g 1000': { code: 1 },
        },
        answer: null,
      }),
      request: noProbe,
    },
    'a range inside the map of a wide container': {
      host: subids(A, A, {
        '/proc/self/uid_map': '0 1000000 1000000000\n',
        '/proc/self/gid_map': '0 1000000 1000000000\n',
      }),
      request: noProbe,
    },
    'a different range for groups': { host: subids(A, 'alice:500000:65536\n'), request: noProbe },
  },
  ailing: {
    'another account of the same uid comes first': {
      host: {
        ...subids(A, A, {
          '/etc/passwd': 'first:x:1000:1000::/home/alice:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/bash\n',
          '/usr/bin/getsubids': null,
        }),
        self: { uid: 0, gid: 0, groups: [0], name: 'root' },
      },
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      says: ['first has no range', 'alice has uid 1000, and the first account of that uid in /etc/passwd is first'],
      cure: true,
    },
    'no line': {
      host: subids(''),
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      says: ['alice has no range in /etc/subuid', '/etc/subgid'],
      cure: carryOut,
    },
    'no files': {
      host: subids(null),
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      says: ['/etc/subuid does not exist'],
      cure: carryOut,
    },
    'no line for groups': {
      host: subids(A, ''),
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      says: ['/etc/subgid'],
      cure: carryOut,
    },
    'no file for groups': {
      host: subids(A, null),
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      cure: carryOut,
    },
    'only somebody else’s lines': {
      host: subids('bob:100000:65536\n'),
      conditions: ['idmap.subid-missing'],
      severity: 'error',
      cure: carryOut,
    },
    'a thousand ids, found in the map itself': {
      host: hostWith({
        files: { '/etc/subuid': 'alice:100000:1000\n', '/etc/subgid': 'alice:100000:1000\n' },
        answer: launched({
          uidMap: [
            [0, 1000, 1],
            [1, 100000, 1000],
          ],
          gidMap: [
            [0, 1000, 1],
            [1, 100000, 1000],
          ],
        }),
      }),
      conditions: ['idmap.subid-too-few'],
      severity: 'error',
      says: ['1000 subordinate user ids', '65534'],
      cure: carryOut,
    },
    'a thousand ids, by the files': {
      host: subids('alice:100000:1000\n'),
      request: noProbe,
      conditions: ['idmap.subid-too-few'],
      severity: 'error',
      cure: carryOut,
    },
    'one id too few for nobody': {
      host: subids('alice:100000:65533\n'),
      request: noProbe,
      conditions: ['idmap.subid-too-few'],
      severity: 'error',
      cure: carryOut,
    },
    'enough for nobody, fewer than usual': {
      host: subids('alice:100000:65534\n'),
      request: noProbe,
      conditions: ['idmap.subid-too-few'],
      severity: 'warning',
      cure: carryOut,
    },
    'enough users, few groups': {
      host: subids(A, 'alice:100000:1000\n'),
      request: noProbe,
      conditions: ['idmap.subid-too-few'],
      severity: 'error',
      says: ['group ids'],
      cure: carryOut,
    },
    'the same line twice': {
      host: subids(A + A, A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ['more than once'],
      cure: carryOut,
    },
    'by name and by number': {
      host: subids(`${A}1000:100000:65536\n`, A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      cure: carryOut,
    },
    'by number, which rootlesskit 1.1.0 takes twice': {
      host: subids('1000:100000:65536\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ['by number', 'before 1.1.1'],
      cure: carryOut,
    },
    'a second range by number': {
      host: subids(`${A}1000:400000:65536\n`, A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ['/etc/subuid:2: This line names alice by number', '400000-465535 twice'],
      cure: carryOut,
    },
    'overlapping ranges': {
      host: subids(`${A}alice:130000:65536\n`, A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ['overlap'],
      cure: carryOut,
    },
    'overlapping ranges under rootlesskit 3': {
      host: newer(`${A}alice:130000:65536\n`),
      request: noProbe,
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      cure: carryOut,
    },
    'the same line twice, read by rootlesskit itself': {
      host: reading(A + A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      cure: carryOut,
    },
    'the own id inside': {
      host: subids('alice:900:65536\n', A),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ["alice's own user id 1000"],
      cure: carryOut,
    },
    'the own group inside': {
      host: subids(A, 'alice:900:65536\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'error',
      says: ['own group id 1000'],
      cure: carryOut,
    },
    'beyond the last id': {
      host: subids('alice:4294900000:67296\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      says: ['4294967294'],
      cure: carryOut,
    },
    'far beyond the last id': {
      host: subids('alice:5000000000:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'a negative start': {
      host: subids('alice:-5:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'no ids in a line': {
      host: subids(`alice:500000:0\n${A}`, A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      says: ['count 0'],
      cure: carryOut,
    },
    'a trailing blank': {
      host: subids('alice:100000:65536 \n'),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      says: ['/etc/subuid:1: newuidmap and newgidmap ignore this line', 'In line 1 of /etc/subgid: '],
      cure: carryOut,
    },
    'a leading blank': {
      host: subids(' alice:100000:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'a byte order mark': {
      host: subids('\ufeffalice:100000:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'Windows line ends': {
      host: subids('alice:100000:65536\r\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['sed -i'],
      says: ['\\r'],
    },
    'an underscore in a number': {
      host: subids('alice:100_000:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    "somebody else's malformed line, read by rootlesskit itself": {
      host: reading(`bad line\n${A}`),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      says: ['/etc/subuid:1: rootlesskit gives up at this line', 'bad line'],
      cure: carryOut,
    },
    "a fourth field in somebody else's line": {
      host: reading(`bob:300000:65536:x\n${A}`, A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['put "#" in front of it'],
      says: ['NAME:START:COUNT'],
    },
    'hexadecimal, read by rootlesskit itself': {
      host: reading('alice:0x186a0:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'octal, which the two read differently': {
      host: reading('alice:0300000:65536\n', A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      cure: carryOut,
    },
    'a symbolic link': {
      host: subids(A, A, { '/etc/subuid': { link: '/etc/static/subuid' }, '/etc/static/subuid': A }),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['cp --remove-destination'],
      says: ['symbolic link'],
    },
    'a directory': {
      host: subids(A, A, { '/etc/subuid': { kind: 'directory' } }),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['create an empty file with mode 0644'],
      says: ['not a regular file'],
    },
    'a file for root alone': {
      host: subids(A, A, { '/etc/subuid': { text: A, mode: 0o600, unreadable: true } }),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['chmod 0644 /etc/subuid'],
      says: ['may not read /etc/subuid'],
    },
    'the same, looked at by root': {
      host: {
        ...subids(A),
        self: {},
        seenBy: { target: { files: { '/etc/subuid': { text: A, mode: 0o600, unreadable: true } } } },
      },
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['chmod 0644 /etc/subuid'],
      says: ['may not read /etc/subuid'],
    },
    'a NUL byte before the line': {
      host: subids(`x\0y\n${A}`, A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['/etc/subuid holds NUL bytes'],
    },
    'too many ranges': {
      host: subids(Array.from({ length: 340 }, (_, index) => `alice:${100000 + index * 200}:200\n`).join(''), A),
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['Look at the lines of alice in /etc/subuid and /etc/subgid'],
      says: ['340 ranges'],
    },
    'outside of the map of a container': {
      host: subids(A, A, { '/proc/self/uid_map': '0 100000 65536\n', '/proc/self/gid_map': '0 100000 65536\n' }),
      conditions: ['idmap.nested-userns'],
      severity: 'error',
      advice: ['security.idmap.size 200000'],
      says: ['whose user ids are 0-65535'],
    },
    'outside of the map, but there is room inside': {
      host: subids('alice:5000000:65536\n', 'alice:5000000:65536\n', {
        '/proc/self/uid_map': '0 1000000 1000000\n',
        '/proc/self/gid_map': '0 1000000 1000000\n',
      }),
      conditions: ['idmap.nested-userns'],
      severity: 'error',
      cure: carryOut,
    },
    'nobody of that id': {
      host: { ...subids(A, A, { '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n' }), target: { name: null } },
      conditions: ['idmap.user-lookup-failed'],
      severity: 'error',
      advice: ['useradd --uid 1000 NAME'],
      says: ['uid 1000 has no entry'],
    },
    'a name service that does not read the file': {
      host: { ...subids(A), target: { name: null } },
      conditions: ['idmap.user-lookup-failed'],
      severity: 'error',
      advice: ['put files back into the passwd line'],
      says: ['nsswitch.conf looks elsewhere'],
    },
    'a map of a page': {
      host: subids(Array.from({ length: 339 }, (_, at) => `alice:${700000 + at * 300}:200\n`).join('')),
      request: noProbe,
      conditions: ['idmap.subid-invalid'],
      severity: 'error',
      advice: ['Look at the lines of alice in /etc/subuid and /etc/subgid'],
      says: ['the kernel takes less than 4096'],
    },
    'a session of another group': {
      host: { ...subids(A), target: { gid: 27 } },
      conditions: ['idmap.user-lookup-failed'],
      severity: 'error',
      advice: ['in a session of alice whose group is 1000'],
      says: ["session's group is 27"],
    },
  },
  other: {
    rootful: {
      host: hostWith({ rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } } }),
      status: 'skip',
    },
  },
});

describe('allocation', () => {
  test('the first free range, the same in both files', async () => {
    expect(await repaired(subids(''))).toEqual({ uid: 'alice:100000:65536\n', gid: 'alice:100000:65536\n' });
    expect(await repaired(subids('bob:100000:65536\n', 'carol:165536:65536\n'))).toEqual({
      uid: 'bob:100000:65536\nalice:231072:65536\n',
      gid: 'carol:165536:65536\nalice:231072:65536\n',
    });
  });
  test('the range of the other file, where only one lacks it', async () => {
    expect((await repaired(subids('alice:700000:65536\n', 'bob:1:1\n'))).gid).toBe('bob:1:1\nalice:700000:65536\n');
  });
  test('unless somebody has it there', async () => {
    expect((await repaired(subids(A, 'bob:100000:65536\n'))).gid).toBe('bob:100000:65536\nalice:165536:65536\n');
  });
  test('as login.defs says, wherever the distribution has it', async () => {
    const defs = 'SUB_UID_MIN\t\t 524288\nSUB_UID_MAX 600100000\nSUB_UID_COUNT 65536\nSUB_GID_MIN 524288\n';
    expect((await repaired(subids('', '', { '/etc/login.defs': defs }))).uid).toBe('alice:524288:65536\n');
    expect((await repaired(subids('', '', { '/usr/etc/login.defs': defs }))).uid).toBe('alice:524288:65536\n');
    expect((await repaired(subids('', '', { '/etc/login.defs': 'SUB_UID_COUNT 1000\n' }))).uid).toBe(
      'alice:100000:65536\n',
    );
  });
  test('beside accounts that really exist', async () => {
    const passwd = 'alice:x:1000:1000::/home/alice:/bin/bash\nzoe:x:110000:110000::/:/bin/sh\n';
    expect((await repaired(subids('', '', { '/etc/passwd': passwd }))).uid).toBe('alice:110001:65536\n');
    expect((await repaired(subids('', '', { '/etc/group': 'big:x:150000:\n' }))).uid).toBe('alice:150001:65536\n');
  });
  test('a user of a directory is written by number, and its domain is left alone', async () => {
    const options = hostWith({
      files: { '/etc/subuid': '', '/etc/subgid': '', '/usr/bin/getsubids': null },
      answer: MAP,
      rest: { target: { uid: 283400, gid: 283400 } },
    });
    expect((await repaired(options)).uid).toBe('283400:100000:65536\n');
    const next = { ...options, files: { ...options.files, '/etc/subuid': 'bob:100000:65536\n', '/etc/subgid': '' } };
    // 200000 to 399999 is the slice of the domain.
    expect((await repaired(next)).uid).toBe('bob:100000:65536\n283400:400000:65536\n');
  });
  describe('no line is written that could be read for another account', () => {
    const named = (name: string, others = '', lines = '', files: Files = { '/usr/bin/getsubids': null }) =>
      hostWith({
        files: {
          '/etc/subuid': lines,
          '/etc/subgid': lines,
          '/etc/passwd': `${name}:x:1000:1000::/home/n:/bin/sh\n${others}`,
          ...files,
        },
        answer: MAP,
        rest: { target: { uid: 1000, gid: 1000, name } },
      });
    const bob = 'bob:x:1001:1001::/:/bin/sh\n';
    test('a number for a name is not written', async () => {
      expect((await repaired(named('1001', bob))).uid).toBe('1000:100000:65536\n');
      expect((await repaired(named('1000', bob))).uid).toBe('1000:100000:65536\n');
      expect((await repaired(named('alice', '1000:x:1001:1001::/:/bin/sh\n'))).uid).toBe('alice:100000:65536\n');
    });
    test('nor is what only some readers take for a name', async () => {
      for (const name of ['#alice', '-alice', 'al ice', 'a'.repeat(1000), 'älice'])
        expect((await repaired(named(name))).uid).toBe('1000:100000:65536\n');
    });
    test('where no way of writing it is right, a person renames the account', async () => {
      const twice = named('1001', bob, '', {});
      const byName = named('1001', bob, '1001:100000:10\n');
      const byBoth = named('#alice', '1000:x:1001:1001::/:/bin/sh\n');
      for (const host of [twice, byName, byBoth]) {
        const { fixes } = await plan(host);
        expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
        expect(JSON.stringify(fixes)).toContain('usermod --login NAME 100');
      }
    });
  });
  test('lines of others stay as they are, byte for byte', async () => {
    const others = '# managed\n\nbob:300000:65536\nweird line\n  \ncarol:0x80000:1\n';
    expect((await repaired(subids(others, A))).uid).toBe(`${others}alice:100000:65536\n`);
    expect((await repaired(subids(`${others}alice:5:5`, A))).uid).toBe(`${others}alice:5:5\nalice:100000:65536\n`);
  });
  test('a trailing blank goes, the ids stay', async () => {
    expect(await repaired(subids('bob:1:1\nalice:200000:65536 \n', 'alice:200000:65536\n'))).toEqual({
      uid: 'bob:1:1\nalice:200000:65536\n',
      gid: 'alice:200000:65536\n',
    });
  });
  test('one of two equal lines stays', async () => {
    expect((await repaired(subids(`${A}bob:1:1\n${A}`, A))).uid).toBe(`bob:1:1\n${A}`);
    expect((await repaired(subids('alice:100000:65536 \nalice:100000:65536 \n', A))).uid).toBe(A);
  });
  test('a full file is left to a person', async () => {
    const report = await plan(subids('bob:100000:600000000\n', ''));
    expect(report.fixes.map(({ risk }) => risk)).toEqual(['manual']);
    expect(JSON.stringify(report.fixes)).toContain('SUB_UID_MAX');
  });
  test.each([
    ['NixOS', { '/etc/os-release': 'ID=nixos\nID_LIKE=""\n' }, 'autoSubUidGidRange'],
    ['FreeIPA', { '/etc/nsswitch.conf': 'subid: sss\n' }, 'ipa subid-generate --owner=alice'],
    [
      'a narrow container',
      { '/proc/self/uid_map': '0 100000 65536\n', '/proc/self/gid_map': '0 100000 65536\n' },
      'security.idmap.size',
    ],
  ])('%s is told its own way', async (_, files, words) => {
    const { fixes } = await plan(
      hostWith({ files: { '/etc/subuid': '', '/etc/subgid': '', '/usr/bin/getsubids': null, ...files }, answer: MAP }),
    );
    expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
    expect(JSON.stringify(fixes)).toContain(words);
  });
  test('the work grows with the lines, not with their square', { timeout: 60_000 }, async () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, index) => `user${index}:${100000 + index * 4000}:4000\n`).join('');
    await expectLinearGrowth(100_000, lines, (text) => plan(subids(text)));
    const report = await plan(subids(lines(100_000)));
    expect(JSON.stringify(report.fixes)).toContain(`alice:${100000 + 100_000 * 4000}:65536`);
  });
});
