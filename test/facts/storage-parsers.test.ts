import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filesystemKind, filesystemName, parseXfsFtype } from '../../src/facts/cache/filesystem.ts';
import { foreignBelow, modeGrants } from '../../src/facts/cache/ownership.ts';
import { parseQuota } from '../../src/facts/cache/quota.ts';
import { failureWords } from '../../src/facts/cache/snapshotter-trial.ts';
import { sizeInBytes } from '../../src/facts/config/gc-policy.ts';
import { parseConfinement } from '../../src/facts/confinement/apparmor.ts';
import { parseLabels, selinuxType } from '../../src/facts/confinement/selinux.ts';
import { parseKernelRelease } from '../../src/facts/machine/kernel.ts';
import { hasModule, parseFilesystems } from '../../src/facts/machine/kernel-filesystems.ts';
import { fuseInUserNamespace, overlayInUserNamespace, selinuxDeniesOverlay } from '../../src/knowledge/kernels.ts';

const XFS = `meta-data=/dev/mapper/rhel-root  isize=256    agcount=4, agsize=2228224 blks
         =                       sectsz=512   attr=2, projid32bit=1
         =                       crc=0        finobt=0, sparse=0, rmapbt=0
data     =                       bsize=4096   blocks=8912896, imaxpct=25
naming   =version 2              bsize=4096   ascii-ci=0, ftype=0
log      =internal log           bsize=4096   blocks=4352, version=2
`;

test('xfs_info tells whether directories hold file types', () => {
  expect(parseXfsFtype(XFS)).toBe(false);
  expect(parseXfsFtype(XFS.replace('ftype=0', 'ftype=1'))).toBe(true);
  expect(parseXfsFtype('xfs_info: not a mounted XFS filesystem')).toBe(null);
});

test('file systems are told by mountinfo first, by magic number else', () => {
  const stat = { type: 0x01021994, totalBytes: 0, freeBytes: 0, availableBytes: 0, files: 0, filesFree: 0 };
  expect(filesystemName(null, stat)).toBe('tmpfs');
  expect(filesystemName(null, { ...stat, type: 0x12345 })).toBe('0x12345');
  expect(filesystemName(null, null)).toBe('unknown');
  const kinds: { readonly [name: string]: string } = {
    ext4: 'disk',
    nfs4: 'network',
    '9p': 'network',
    'fuse.sshfs': 'fuse',
    virtiofs: 'fuse',
    overlay: 'union',
    exfat: 'ownerless',
    ecryptfs: 'stacked',
    squashfs: 'read-only',
    proc: 'other',
  };
  for (const [name, kind] of Object.entries(kinds)) expect(filesystemKind(name), name).toBe(kind);
});

const kernelOf = (release: string, version = '') => {
  const parsed = parseKernelRelease(release);
  if (parsed === null) throw new Error(release);
  return { release, ...parsed, version: `Linux version ${release} ${version}` };
};

test("overlayfs in user namespaces follows the vendors' rules", () => {
  const allows: readonly (readonly [release: string, allows: boolean, version?: string])[] = [
    ['6.8.0-41-generic', true],
    ['5.11.0', true],
    ['5.10.0-28-amd64', false, '(debian-kernel@lists.debian.org)'],
    ['4.19.0-27-amd64', false],
    ['5.4.0-150-generic', true, '(Ubuntu 5.4.0-150.167)'],
    ['5.4.0-1103-aws', true, '(gcc version 9.4.0 (Ubuntu 9.4.0-1ubuntu1~20.04.1))'],
    ['4.18.0-305.el8.x86_64', false],
    ['4.18.0-348.2.1.el8_5.x86_64', true],
    ['4.18.0-553.el8_10.x86_64', true],
    ['5.4.17-2136.el8uek.x86_64', false],
    ['5.14.0-427.el9.x86_64', true],
    ['3.10.0-1160.el7.x86_64', false],
    ['4.4.0-19041-Microsoft', false],
    ['5.10.214-202.855.amzn2.x86_64', false],
  ];
  for (const [release, wanted, version] of allows)
    expect(overlayInUserNamespace(kernelOf(release, version), null, false).allows, release).toBe(wanted);
  expect(overlayInUserNamespace(kernelOf('5.10.0-28-amd64'), null, true).allows).toBe(true);
  expect(selinuxDeniesOverlay(kernelOf('5.12.9-300.fc34.x86_64'))).toBe(true);
  expect(selinuxDeniesOverlay(kernelOf('5.13.4-200.fc34.x86_64'))).toBe(false);
  expect(fuseInUserNamespace(kernelOf('4.18.0-80.el8.x86_64')).allows).toBe(true);
  expect(fuseInUserNamespace(kernelOf('4.17.3')).allows).toBe(false);
});

test('modules are found under every form of their name, and no other', () => {
  expect(hasModule('kernel/fs/overlayfs/overlay.ko.zst: kernel/lib/x.ko.zst\n', 'overlay')).toBe(true);
  expect(hasModule('kernel/fs/overlayfs/overlay.ko\n', 'overlay')).toBe(true);
  expect(hasModule('kernel/drivers/my_overlay.ko: \nkernel/fs/fuse/cuse.ko: kernel/fs/fuse/fuse.ko\n', 'overlay')).toBe(
    false,
  );
  expect([...parseFilesystems('nodev\toverlay\n\text4\n\n')]).toEqual(['overlay', 'ext4']);
});

test('labels of ls and matchpathcon', () => {
  const paths = ['/var/lib/buildkit', '/var/lib'];
  expect(parseLabels('system_u:object_r:container_var_lib_t:s0 /var/lib/buildkit\n', paths)).toEqual({
    '/var/lib/buildkit': 'system_u:object_r:container_var_lib_t:s0',
  });
  expect(parseLabels('/var/lib/buildkit\tsystem_u:object_r:var_lib_t:s0\n', paths)).toEqual({
    '/var/lib/buildkit': 'system_u:object_r:var_lib_t:s0',
  });
  expect(parseLabels('? /var/lib/buildkit\n/var/lib\t<<none>>\n', paths)).toEqual({});
  expect(selinuxType('unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\0')).toBe('unconfined_t');
  expect(selinuxType('docker-default (enforce)')).toBe(null);
});

test('AppArmor profiles with odd names', () => {
  expect(parseConfinement('docker-default (enforce)')).toEqual({ profile: 'docker-default', mode: 'enforce' });
  expect(parseConfinement('/usr/sbin/tool//child (x) (kill)')).toEqual({
    profile: '/usr/sbin/tool//child (x)',
    mode: 'kill',
  });
  for (const label of ['unconfined', '', null, 'system_u:system_r:container_t:s0'])
    expect(parseConfinement(label)).toEqual({ profile: null, mode: null });
});

test('quota(1) in its wrapped and unwrapped forms', () => {
  const text =
    'Disk quotas for user alice (uid 1000): \n     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\n      /dev/sda2  104856* 100000  110000   6days      10       0       0        \n';
  expect(parseQuota(text, '/dev/sda2')).toEqual({ used: 104856 * 1024, hard: 110000 * 1024 });
  expect(parseQuota(text, '/dev/sdb1')).toBe(null);
  expect(parseQuota('Disk quotas for user alice (uid 1000): none\n', '/dev/sda2')).toBe(null);
});

test('sizes as BuildKit computes them', () => {
  expect(sizeInBytes(9000, 0)).toBe(9000);
  expect(sizeInBytes('10GB', 0)).toBe(10 * 1024 ** 3);
  // 10 % of 250 GiB, rounded up to whole gigabytes.
  expect(sizeInBytes('10%', 250 * 1024 ** 3)).toBe(26e9);
  for (const unset of [undefined, '', 0, 'many', false]) expect(sizeInBytes(unset, 1e12)).toBe(null);
});

test('permission bits are taken from owner, group or others, never from two of them', () => {
  const alice = { uid: 1000, gid: 1000, groups: [27] };
  const stat = { uid: 1000, gid: 50, mode: 0o077 };
  expect(modeGrants(stat, alice, 1)).toBe(false);
  expect(modeGrants({ ...stat, uid: 0, gid: 27, mode: 0o730 }, alice, 3)).toBe(true);
  expect(modeGrants({ ...stat, uid: 0, gid: 27, mode: 0o707 }, alice, 1)).toBe(false);
  expect(modeGrants({ ...stat, uid: 0, gid: 0, mode: 0o701 }, alice, 3)).toBe(false);
});

test('words of a failed mount hold no temporary path', () => {
  const message =
    'mount: /c/.bk-doctor-aB3/merged: wrong fs type, bad superblock on overlay.        dmesg(1) may have more information after failed mount system call.';
  expect(failureWords({ ok: false, errno: null, message })).toBe('mount: wrong fs type, bad superblock on overlay');
  expect(failureWords({ ok: false, errno: 'EPERM', message })).toBe('EPERM');
});

test('what the trial makes itself, and the tree, are not foreign', () => {
  const of = (path: string) => ({ path, kind: 'file' as const, uid: 0, gid: 50, nlink: 1 });
  const survey = {
    entries: null,
    foreign: 5,
    owners: { '0:50': 5 },
    first: [of('/c'), of('/c/.bk-doctor-x/l1'), of('/c/a')],
    unentered: [],
  };
  expect(foreignBelow(survey, '/c')).toEqual({ count: 3, owners: { '0:50': 3 }, first: [of('/c/a')] });
});

test('parsers never throw and never yield a number that is none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseXfsFtype(text);
      parseFilesystems(text);
      hasModule(text, 'overlay');
      parseConfinement(text);
      selinuxType(text);
      parseLabels(text, ['/a', text]);
      const quota = parseQuota(text, text.split(/\s/)[0] ?? '');
      if (quota !== null) expect(Number.isFinite(quota.used) && Number.isFinite(quota.hard)).toBe(true);
      const size = sizeInBytes(text, 1e12);
      if (size !== null) expect(Number.isFinite(size) && size > 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});
