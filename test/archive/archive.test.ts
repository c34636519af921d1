import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { type OpenedArchive, openArchive } from '../../src/archive/open.ts';
import { catalog } from '../../src/catalog.ts';
import { assessArchive } from '../../src/examine/archive.ts';
import type { Report } from '../../src/model/say.ts';
import { ASK } from '../virtual-host.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bk-archive-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Files = { readonly [path: string]: string };
const PASSWD =
  'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n';
const GOOD_IDS = 'alice:100000:65536\nbob:165536:65536\n';
const HEALTHY: Files = {
  'etc/passwd': PASSWD,
  'etc/group': 'root:x:0:\nalice:x:1000:\nbob:x:1001:\n',
  'etc/os-release': 'ID=rhel\nVERSION_ID="9.4"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4"\n',
  'etc/subuid': GOOD_IDS,
  'etc/subgid': GOOD_IDS,
  'etc/sysctl.d/99-sysctl.conf': '# nothing\n',
  'etc/systemd/system.conf': '[Manager]\n',
  'etc/login.defs': 'UID_MIN 1000\n',
  'proc/cmdline': 'ro\n',
  'proc/1/status': 'Name:\tsystemd\nUid:\t0\t0\t0\t0\nSeccomp:\t0\nNoNewPrivs:\t0\n',
  'proc/self/mountinfo': '1 0 8:1 / / rw - xfs /dev/sda1 rw\n',
  'sos_commands/kernel/uname_-a':
    'Linux web1.example 5.14.0-427.13.1.el9_4.x86_64 #1 SMP PREEMPT_DYNAMIC Wed Apr 10 10:29:16 EDT 2024 x86_64 x86_64 x86_64 GNU/Linux\n',
  'sos_commands/kernel/sysctl_-a':
    'kernel.hostname = web1.example\nkernel.osrelease = 5.14.0-427.13.1.el9_4.x86_64\nuser.max_user_namespaces = 127000\nuser.max_mnt_namespaces = 127000\n',
  'version.txt': 'sosreport: 4.7.0\n',
};
const fails = ({ checks }: Report): boolean => checks.some(({ status }) => status === 'fail');
const UNIT = '[Service]\nExecStart=/usr/local/bin/buildkitd\n';

let count = 0;
function folderOf(files: Files): string {
  const top = join(scratch, String(count++));
  for (const [path, text] of Object.entries(files)) {
    const file = join(top, 'sosreport-web1-2026-11-28-abcdefg', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return top;
}

function tarOf(files: Files, name: string, flags: readonly string[]): string {
  const path = join(scratch, `${count++}-${name}`);
  execFileSync('tar', [...flags, '-f', path, '-C', folderOf(files), '.']);
  return path;
}

async function judged(path: string, request = {}): Promise<{ report: Report; opened: OpenedArchive }> {
  const opened = await openArchive(path, { ...ASK, user: null, mode: null, ...request });
  const report = await assessArchive(opened, catalog, { only: [], skip: [] }, { inventory: false });
  return { report, opened };
}
const found = ({ checks }: Report): readonly string[] =>
  checks.flatMap(({ problems }) =>
    problems.flatMap(({ condition, severity }) => (severity === 'info' ? [] : condition)),
  );

describe('a host in an archive', () => {
  test.each([
    ['report.tar', ['-c']],
    ['report.tar.xz', ['-cJ']],
    ['report.tar.gz', ['-cz']],
    ['report-of-pax.tar', ['-c', '--format=pax']],
    ['report-of-gnu.tar', ['-c', '--format=gnu']],
    ['a name that tells nothing', ['-cJ']],
  ])('%s: what is healthy in it is nothing found, and unknown', async (name, flags) => {
    const long = `etc/${'long-directory-name/'.repeat(12)}file`;
    const { report, opened } = await judged(tarOf({ ...HEALTHY, [long]: 'x' }, name, flags));
    expect(found(report)).toEqual([]);
    expect(report.verdict).toMatchObject({ level: 'unknown', ready: null, proved: false });
    expect(report.host).toMatchObject({ arch: 'x64', kernel: '5.14.0-427.13.1.el9_4.x86_64' });
    expect(report.target).toMatchObject({ user: 'alice', mode: 'rootless' });
    expect(opened.because).toBe('alice is examined: the first in /etc/subuid');
    expect((await opened.host.read(`/${long}`, 'self'))?.text).toBe('x');
  });

  const faults: readonly (readonly [string, Files, readonly string[]])[] = [
    [
      'nobody has ids',
      { 'etc/subuid': 'bob:165536:65536\n', 'etc/subgid': 'bob:165536:65536\n' },
      ['idmap.subid-missing'],
    ],
    [
      'too few ids',
      { 'etc/subuid': 'alice:100000:1000\n', 'etc/subgid': 'alice:100000:1000\n' },
      ['idmap.subid-too-few'],
    ],
    ['shared ids', { 'etc/subuid': 'alice:100000:65536\nbob:120000:65536\n' }, ['idmap.subid-overlap']],
    ['no namespaces', { 'proc/sys/user/max_user_namespaces': '0\n' }, ['userns.max-user-namespaces-zero']],
    [
      'no namespaces, as sysctl prints it',
      { 'sos_commands/kernel/sysctl_-a': 'user.max_user_namespaces = 0\n' },
      ['userns.max-user-namespaces-zero'],
    ],
    ['Debian’s switch', { 'proc/sys/kernel/unprivileged_userns_clone': '0\n' }, ['userns.unprivileged-clone-disabled']],
  ];
  test.each(faults)('%s: told, though the rest is unknown', async (_name, files, conditions) => {
    const { report } = await judged(folderOf({ ...HEALTHY, ...files }), { user: 'alice' });
    expect([...new Set(found(report))]).toEqual(conditions);
    expect(report.verdict.proved).toBe(false);
  });

  test('mistakes in buildkitd.toml, read by a unit of the system', async () => {
    const files = {
      'etc/systemd/system/buildkit.service': UNIT,
      'etc/buildkit/buildkitd.toml': '[worker.oci]\nenabeld = true\nmax-parallelism = "four"\n',
    };
    const { report, opened } = await judged(folderOf({ ...HEALTHY, ...files }));
    expect(found(report)).toEqual(['config.wrong-type', 'config.unknown-key']);
    expect(opened.because).toContain('/etc/systemd/system/buildkit.service starts buildkitd');
    expect(report.verdict.level).toBe('not-ready');
  });

  const mounted = (...lines: readonly string[]): string =>
    ['/dev/sda1 on / type xfs (rw,relatime)', 'proc on /proc type proc (rw)', ...lines, ''].join('\n');
  const df = (...lines: readonly string[]): string =>
    ['Filesystem 1K-blocks Used Available Use% Mounted on', ...lines, ''].join('\n');
  const { 'proc/self/mountinfo': _mountinfo, ...UNMOUNTED } = HEALTHY;
  const BESIDE: Files = {
    ...UNMOUNTED,
    'etc/systemd/system/buildkit.service': UNIT,
    'sos_commands/filesys/mount_-l': mounted('/dev/sdb1 on /var type ext4 (rw,nosuid,relatime) [data]'),
    'sos_commands/filesys/df_-al_-x_autofs': df(
      '/dev/sda1 9000000 1000000 8000000 12% /',
      '/dev/sdb1 9000000 1000000 8000000 12% /var',
    ),
    'sos_commands/filesys/df_-ali_-x_autofs': df(
      '/dev/sda1 900000 1000 899000 1% /',
      '/dev/sdb1 900000 1000 899000 1% /var',
    ),
  };
  test.each([
    ['all is well', {}, []],
    [
      'the state directory is read-only',
      { 'sos_commands/filesys/mount_-l': mounted('/dev/sdb1 on /var type ext4 (ro,relatime)') },
      ['storage.read-only'],
    ],
    [
      'it is on NFS',
      { 'sos_commands/filesys/mount_-l': mounted('nas:/x on /var/lib/buildkit type nfs4 (rw,vers=4.2)') },
      ['storage.network-filesystem'],
    ],
    [
      'another directory is on NFS',
      { 'sos_commands/filesys/mount_-l': mounted('nas:/x on /var/lib/other type nfs4 (rw)') },
      [],
    ],
    [
      'as /proc/mounts says it',
      { 'sos_commands/filesys/mount_-l': '', 'proc/mounts': '/dev/sda1 / xfs ro,relatime 0 0\n' },
      ['storage.read-only'],
    ],
    [
      'no blocks are left',
      {
        'sos_commands/filesys/df_-al_-x_autofs': df(
          '/dev/sda1 9000000 1000000 8000000 12% /',
          '/dev/sdb1 9000000 9000000 0 100% /var',
        ),
      },
      ['storage.disk-full'],
    ],
    [
      'another file system is full',
      {
        'sos_commands/filesys/df_-al_-x_autofs': df(
          '/dev/sda1 9000000 9000000 0 100% /boot',
          '/dev/sdb1 9000000 1000000 8000000 12% /var',
        ),
      },
      [],
    ],
    [
      'no inodes are left',
      { 'sos_commands/filesys/df_-ali_-x_autofs': df('/dev/sdb1 900000 900000 0 100% /var') },
      ['storage.inodes-exhausted'],
    ],
  ] as const)('of file systems and how full they are: %s', async (_name, files, conditions) => {
    const { report } = await judged(folderOf({ ...BESIDE, ...files }));
    expect([...new Set(found(report))]).toEqual(conditions);
    expect(report.verdict).toMatchObject({ level: fails(report) ? 'not-ready' : 'unknown', proved: false });
  });
  test('where a session says where the state directory is, nothing is said of its file system', async () => {
    const { 'etc/systemd/system/buildkit.service': _unit, ...files } = BESIDE;
    const full = { 'sos_commands/filesys/df_-al_-x_autofs': df('/dev/sda1 9000000 9000000 0 100% /') };
    expect(found((await judged(folderOf({ ...files, ...full }), { user: 'alice' })).report)).toEqual([]);
  });
  test.each([
    [
      'rpm',
      {
        'sos_commands/rpm/sh_-c_rpm_--nodigest_-qa_--qf_NVRA_sort_-V':
          'runc-1.1.12-2.el9.x86_64   Mon Jan 1\nslirp4netns-1.2.3-1.el9.x86_64  x\n',
      },
      '1.1.12-2.el9',
    ],
    [
      'dpkg',
      {
        'sos_commands/dpkg/dpkg_-l':
          'ii  runc   1.1.5+ds1-1   amd64  x\nii  uidmap  1:4.13   amd64 x\nrc  crun  1.8 amd64 x\n',
      },
      '1.1.5+ds1-1',
    ],
  ] as const)('packages by %s are versions of programs, and prove nothing', async (_name, files, version) => {
    const { report } = await judged(folderOf({ ...HEALTHY, ...files }), { user: 'alice' });
    expect(report.host.software).toMatchObject({ runc: version });
    expect(found(report)).toEqual([]);
    expect(report.verdict.level).toBe('unknown');
  });
  test('newuidmap is missing where the packages are listed, and its own is not among them', async () => {
    const listed = { 'sos_commands/dpkg/dpkg_-l': 'ii  passwd   1:4.13   amd64  x\n' };
    const { report } = await judged(folderOf({ ...HEALTHY, ...listed }), { user: 'alice' });
    expect([...new Set(found(report))]).toEqual(['idmap.newuidmap-missing']);
  });

  test('nothing follows from what is missing', async () => {
    const { report } = await judged(folderOf({ 'etc/os-release': 'ID=debian\n', 'etc/passwd': PASSWD }), {
      user: 'bob',
    });
    expect(found(report)).toEqual([]);
    expect(report.checks.filter(({ decides, status }) => decides && status === 'pass').map(({ id }) => id)).toEqual([]);
    expect(report.verdict.level).toBe('unknown');
  });

  test('secrets in it are masked', async () => {
    const { opened } = await judged(folderOf({ ...HEALTHY, 'etc/x': 'see https://bob:hunter2@mirror.example/\n' }));
    expect((await opened.host.read('/etc/x', 'self'))?.text).not.toContain('hunter2');
  });
});

describe('an account in an archive', () => {
  const open = (files: Files, request: object) =>
    openArchive(folderOf(files), { ...ASK, user: null, mode: null, ...request });
  test('is named, or is told apart', async () => {
    expect((await open(HEALTHY, { user: 'bob' })).host.identity.target).toMatchObject({ name: 'bob', uid: 1001 });
    expect((await open(HEALTHY, { user: '1001' })).because).toBeNull();
    await expect(open(HEALTHY, { user: 'alicia' })).rejects.toThrow(
      'there is no user "alicia" in the archive; did you mean "alice"?',
    );
    await expect(open(HEALTHY, { user: 'bob', mode: 'rootful' })).rejects.toThrow('leave out --user');
    await expect(open({ 'etc/x': '' }, { mode: 'rootless' })).rejects.toThrow('name the account with --user NAME');
    await expect(open({ 'etc/x': '' }, { user: 'bob' })).rejects.toThrow('--user UID');
    expect((await open({ 'etc/x': '' }, {})).host.identity.mode).toBe('rootful');
  });
});

describe('an archive that means harm', () => {
  const evil = (name: string, files: Files, more: (top: string) => void, flags: readonly string[] = []): string => {
    const top = folderOf(files);
    more(join(top, 'sosreport-web1-2026-11-28-abcdefg'));
    const path = join(scratch, name);
    execFileSync('tar', ['-cPf', path, ...flags, '-C', top, '.']);
    return path;
  };
  test('its links stay in it, also in a folder', async () => {
    writeFileSync(join(scratch, 'outside'), 'secret of ours\n');
    const links = (top: string): void => {
      symlinkSync(join(scratch, 'outside'), join(top, 'etc/absolute'));
      symlinkSync('../../../outside', join(top, 'etc/relative'));
      symlinkSync('loop2', join(top, 'etc/loop1'));
      symlinkSync('loop1', join(top, 'etc/loop2'));
      symlinkSync('..', join(top, 'etc/up'));
    };
    const path = evil('links.tar', HEALTHY, links);
    const folder = folderOf(HEALTHY);
    links(join(folder, 'sosreport-web1-2026-11-28-abcdefg'));
    for (const one of [path, folder]) {
      const { opened } = await judged(one);
      await expect(opened.host.read('/etc/absolute', 'self')).rejects.toThrow('is not in the archive');
      await expect(opened.host.read('/etc/relative', 'self')).rejects.toThrow('is not in the archive');
      expect(await opened.host.read('/etc/loop1', 'self')).toBeNull();
      expect((await opened.host.read('/etc/up/etc/os-release', 'self'))?.text).toContain('ID=rhel');
    }
  });
  test('names that lead out of it are passed over', async () => {
    const path = evil('names.tar', HEALTHY, () => {}, ['--transform', 's,.*os-release,../../../etc/os-release,']);
    const { opened } = await judged(path);
    await expect(opened.host.read('/etc/os-release', 'self')).rejects.toThrow('is not in the archive');
  });
  test('devices, pipes and files larger than anything that is looked at are there, and not read', async () => {
    const more = (top: string): void => {
      execFileSync('mkfifo', [join(top, 'etc/pipe')]);
      execFileSync('truncate', ['-s', '3G', join(top, 'etc/large')]);
      execFileSync('sh', ['-c', 'mknod "$0" c 1 5 2>/dev/null || mkfifo "$0"', join(top, 'etc/zero')]);
    };
    const packed = evil('odd.tar', HEALTHY, more, ['--sparse', '-z']);
    const folder = folderOf(HEALTHY);
    more(join(folder, 'sosreport-web1-2026-11-28-abcdefg'));
    for (const one of [packed, folder]) {
      const { opened } = await judged(one);
      for (const name of ['pipe', 'zero', 'large'])
        await expect(opened.host.read(`/etc/${name}`, 'self')).rejects.toThrow();
    }
  });
  test('what stands behind its end is not unpacked', async () => {
    const whole = tarOf(HEALTHY, 'end.tar', ['-c']);
    const path = join(scratch, 'behind.tar.xz');
    execFileSync('sh', ['-c', '(cat "$0"; head -c 300000000 /dev/zero) | xz -0 >"$1"', whole, path]);
    expect((await judged(path)).report.host.arch).toBe('x64');
  });
  test('what is damaged is refused in one sentence', async () => {
    const whole = readFileSync(tarOf(HEALTHY, 'whole.tar', ['-c']));
    const bad: readonly (readonly [string, Buffer, string])[] = [
      ['empty', Buffer.alloc(0), 'it is empty'],
      ['text', Buffer.from('hello\n'.repeat(200)), 'it is no tar archive'],
      ['cut', whole.subarray(0, 1200), 'it is cut off'],
      ['gzip that is cut', gzipSync(whole).subarray(0, 900), 'it is damaged'],
      ['xz that is none', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(600)]), 'it is damaged'],
      ['nothing of a host', readFileSync(tarOf({ 'a/b': 'x' }, 'other.tar', ['-c'])), 'nothing of a host is in it'],
    ];
    for (const [name, bytes, why] of bad) {
      const path = join(scratch, name);
      writeFileSync(path, bytes);
      await expect(openArchive(path, ASK), name).rejects.toThrow(why);
    }
    await expect(openArchive(join(scratch, 'none.tar'), ASK)).rejects.toThrow('does not exist');
  });
});
