import { snapshotterOverlayfs } from '../../../src/checks/snapshotter/overlayfs.ts';
import { replaceOverlayfs } from '../../../src/fixes/snapshotter/overlayfs.ts';
import type { Step } from '../../../src/model/plan.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { ANSWER, CACHE, cacheMount, hostWith, refusedWith } from '../storage/healthy.ts';

const OVERLAYFS = '[worker.oci]\nsnapshotter = "overlayfs"\n';
const release = (text: string, version = '') => ({
  '/proc/sys/kernel/osrelease': `${text}\n`,
  '/proc/version': `Linux version ${text} ${version}\n`,
});
const FILES_ONLY = { request: { probe: false } };

/** Writes the snapshotter that the steps set. */
function setSnapshotter(options: VirtualHostOptions, steps: readonly Step[]): VirtualHostOptions {
  const files = { ...options.files };
  for (const step of steps) {
    if (step.do !== 'edit' || step.edit.edit !== 'toml') continue;
    const [change] = step.edit.changes;
    if (change?.change !== 'set') continue;
    files[step.path] = { text: `[worker.oci]\nsnapshotter = "${String(change.value)}"\n`, uid: 1000, gid: 1000 };
  }
  return { ...options, files };
}

testCheck(
  { check: snapshotterOverlayfs, fix: replaceOverlayfs },
  {
    healthy: {
      'a path as long as may be': { host: hostWith({ config: `root = "/home/alice/${'x'.repeat(1308 - 12)}"\n` }) },
      'mounted for real': { host: hostWith() },
      // A version alone never fails a host whose trial passed.
      'an old kernel that does it': { host: hostWith({ files: release('4.4.0-custom') }) },
      'Enterprise Linux 8.10 by its rule': {
        host: hostWith({ files: release('4.18.0-553.el8_10.x86_64') }),
        ...FILES_ONLY,
      },
      'Ubuntu 20.04 by its rule': {
        host: hostWith({ files: release('5.4.0-150-generic', '(buildd@lcy02) (Ubuntu 9.4.0)') }),
        ...FILES_ONLY,
      },
      'Debian 11 with its module parameter': {
        host: hostWith({
          files: {
            ...release('5.10.0-28-amd64', '(debian-kernel@lists.debian.org)'),
            '/sys/module/overlay/parameters/permit_mounts_in_userns': 'Y\n',
          },
        }),
        ...FILES_ONLY,
      },
      'a module that is not loaded yet': {
        host: hostWith({
          files: {
            '/proc/filesystems': '\text4\n',
            '/lib/modules/6.1.0-18-amd64/modules.dep': 'kernel/fs/overlayfs/overlay.ko.xz:\n',
          },
        }),
        ...FILES_ONLY,
      },
      'a container without /lib/modules': {
        host: hostWith({ files: { '/proc/filesystems': '\text4\n' } }),
        ...FILES_ONLY,
      },
      'real root on an old kernel': {
        host: hostWith({ files: release('3.10.0-1160.el7.x86_64'), rest: { mode: 'rootful' } }),
        ...FILES_ONLY,
      },
    },
    ailing: {
      'a path too long for a RUN step, though not for the trial': {
        host: hostWith({ config: `root = "/home/alice/${'x'.repeat(1309 - 12)}"\n` }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'error',
        says: ['1309 characters', 'mount options is too long'],
        advice: ['plain and short name'],
      },
      'the same where another is named': {
        host: hostWith({
          config: `root = "/home/alice/${'x'.repeat(1309 - 12)}"\n[worker.oci]\nsnapshotter = "native"\n`,
        }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'info',
        none: 'It is not the snapshotter that buildkitd uses.',
      },
      'a path too long for the trial as well': {
        host: hostWith({ config: `root = "/home/alice/${'x'.repeat(1988 - 12)}"\n` }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['too long (1988 characters)'],
      },
      'on overlayfs, not asked for': {
        host: hostWith({ mountinfo: cacheMount('overlay'), answer: { overlay: refusedWith('EINVAL') } }),
        conditions: ['snapshotter.overlay-on-overlay'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['itself lies on overlay'],
      },
      'on overlayfs, asked for by name': {
        host: hostWith({
          mountinfo: cacheMount('overlay'),
          answer: { overlay: refusedWith('EINVAL') },
          config: OVERLAYFS,
        }),
        conditions: ['snapshotter.overlay-on-overlay'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
        says: ['EINVAL', 'does not fall back', '/home/alice/.config/buildkit/buildkitd.toml:2: overlayfs cannot'],
        cure: setSnapshotter,
      },
      'on overlayfs, with stargz': {
        host: hostWith({
          mountinfo: cacheMount('overlay'),
          answer: { overlay: refusedWith('EINVAL') },
          config: '[worker.oci]\nsnapshotter = "stargz"\n',
        }),
        conditions: ['snapshotter.overlay-on-overlay'],
        severity: 'error',
        cure: true,
        advice: ['Put the cache on a local disk'],
      },
      'an old kernel': {
        host: hostWith({ files: release('5.10.0-28-amd64'), answer: { overlay: refusedWith('EPERM') } }),
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['Linux 5.10.0-28-amd64 is older than 5.11'],
      },
      'Enterprise Linux 8.4 by its rule': {
        host: hostWith({ files: release('4.18.0-305.el8.x86_64') }),
        ...FILES_ONLY,
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['4.18.0-348'],
      },
      NFS: {
        host: hostWith({ mountinfo: cacheMount('nfs4'), answer: { overlay: refusedWith('EINVAL') } }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['nfs4'],
      },
      'ext4 without file types in directories: the mount works, BuildKit refuses': {
        host: hostWith({
          rest: { probes: { namespace: () => ANSWER, dtype: () => ({ told: false }) } },
          config: OVERLAYFS,
        }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'error',
        cure: true,
        advice: ['mkfs.ext4 -O filetype'],
        says: ['d_type'],
      },
      'xfs without ftype': {
        host: hostWith({
          mountinfo: cacheMount('xfs'),
          rest: { tools: { xfs_info: { stdout: 'naming   =version 2 bsize=4096 ascii-ci=0, ftype=0\n' } } },
        }),
        conditions: ['storage.xfs-no-dtype'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
      },
      'a directory that cannot be listed': {
        host: hostWith({ files: { [CACHE]: { kind: 'directory', uid: 0, gid: 0, mode: 0o733 } } }),
        conditions: ['storage.permission'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['cannot be listed by alice'],
      },
      'SELinux of Linux 5.12': {
        host: hostWith({
          files: { ...release('5.12.8-300.fc34.x86_64'), '/sys/fs/selinux/enforce': '1' },
          answer: { overlay: refusedWith('EACCES') },
        }),
        conditions: ['lsm.selinux-denied'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
      },
      'the module is gone after an update of the kernel': {
        host: hostWith({
          files: {
            '/proc/filesystems': '\text4\n',
            '/lib/modules/6.9.1/modules.dep': 'kernel/fs/overlayfs/overlay.ko:\n',
          },
          answer: { overlay: refusedWith('ENODEV') },
        }),
        conditions: ['kernel.config-missing'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['no overlay module', 'ENODEV'],
      },
      'loading the module is forbidden': {
        host: hostWith({
          files: {
            '/proc/filesystems': '\text4\n',
            '/lib/modules/6.1.0-18-amd64/modules.dep': 'kernel/fs/overlayfs/overlay.ko.xz:\n',
            '/etc/modprobe.d/cis.conf': 'install cramfs /bin/false\ninstall overlay /bin/false\n',
          },
        }),
        ...FILES_ONLY,
        conditions: ['kernel.config-missing'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['forbidden'],
      },
      'nothing known explains it': {
        host: hostWith({ answer: { overlay: refusedWith(null, 'mount: something odd') } }),
        conditions: ['snapshotter.overlay-unsupported'],
        severity: 'info',
        none: 'No configuration names overlayfs: another snapshotter is used.',
        says: ['something odd'],
      },
    },
    other: {
      'namespaces cannot be created': {
        host: hostWith({ answer: { launch: refusedWith('EPERM'), overlay: null, uidMap: [], gidMap: [] } }),
        status: 'unknown',
        says: 'the namespaces could not be created',
      },
      'no place for the trial': {
        host: hostWith({
          answer: { overlay: refusedWith('EACCES', 'mktemp: failed to create directory: Permission denied') },
        }),
        status: 'unknown',
        says: 'nothing can be created there',
      },
      'rootlesskit is missing': {
        host: hostWith({ files: { '/usr/bin/rootlesskit': null } }),
        status: 'unknown',
        says: 'rootlesskit',
      },
    },
  },
);
