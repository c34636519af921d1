import { snapshotterFuseOverlayfs } from '../../../src/checks/snapshotter/fuse-overlayfs.ts';
import { replaceFuseOverlayfs } from '../../../src/fixes/snapshotter/fuse-overlayfs.ts';
import { testCheck } from '../../check-tester.ts';
import { cacheMount, hostWith, refusedWith } from '../storage/healthy.ts';

const FUSE = '[worker.oci]\nsnapshotter = "fuse-overlayfs"\n';
const FILES_ONLY = { request: { probe: false } };

testCheck(
  { check: snapshotterFuseOverlayfs, fix: replaceFuseOverlayfs },
  {
    healthy: {
      'mounted for real': { host: hostWith() },
      'everything is there': { host: hostWith(), ...FILES_ONLY },
      'not installed, and not asked for': { host: hostWith({ files: { '/usr/bin/fuse-overlayfs': null } }) },
    },
    ailing: {
      'it cannot be written to, nor can any file get its owner there': {
        host: hostWith({
          mountinfo: cacheMount('fuse.gocryptfs'),
          answer: {
            overlay: refusedWith('EINVAL'),
            fuseWrite: refusedWith('EACCES'),
            chown: refusedWith('EPERM'),
          },
        }),
        conditions: ['snapshotter.fuse-overlayfs-broken'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
      },
      'not installed, and asked for': {
        host: hostWith({ files: { '/usr/bin/fuse-overlayfs': null }, config: FUSE, answer: { fuseOverlay: null } }),
        conditions: ['snapshotter.fuse-overlayfs-missing'],
        severity: 'error',
        cure: true,
        advice: ['/usr/bin/apt-get install -y fuse-overlayfs'],
        says: ['fuse-overlayfs is not in PATH'],
      },
      // Without sbin in PATH there is no mount.fuse3, though the program itself is found.
      'the mount helper is not in PATH': {
        host: hostWith({
          config: FUSE,
          answer: { fuseOverlay: refusedWith(null, 'env: mount.fuse3: No such file or directory') },
          rest: {
            env: { PATH: '/usr/bin:/bin', USER: 'alice', HOME: '/home/alice', XDG_RUNTIME_DIR: '/run/user/1000' },
          },
        }),
        conditions: ['snapshotter.fuse-overlayfs-missing'],
        severity: 'error',
        cure: true,
        advice: ['/usr/bin/apt-get install -y fuse3'],
        says: ['mount.fuse3 is not in PATH (/usr/bin:/bin)'],
      },
      'the device is closed': {
        host: hostWith({
          files: { '/dev/fuse': { kind: 'character', mode: 0o600 } },
          config: FUSE,
          answer: { fuseOverlay: refusedWith('EACCES') },
        }),
        conditions: ['snapshotter.fuse-device-missing'],
        severity: 'error',
        cure: true,
        advice: ['MODE="0666"'],
        says: ['/dev/fuse has mode 0600', 'alice may not open it', 'does not fall back'],
      },
      'no device': {
        host: hostWith({ files: { '/dev/fuse': null }, answer: { fuseOverlay: refusedWith('ENOENT') } }),
        conditions: ['snapshotter.fuse-device-missing'],
        severity: 'info',
        none: 'It is not the snapshotter that buildkitd uses.',
      },
      'no device, by files': {
        host: hostWith({ files: { '/dev/fuse': null }, config: FUSE }),
        ...FILES_ONLY,
        conditions: ['snapshotter.fuse-device-missing'],
        severity: 'error',
        cure: true,
        advice: ['modprobe fuse'],
      },
      'a kernel before 4.18': {
        host: hostWith({ files: { '/proc/sys/kernel/osrelease': '3.10.0-1160.el7.x86_64\n' } }),
        ...FILES_ONLY,
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'It is not the snapshotter that buildkitd uses.',
      },
      'chosen because it mounts, but it cannot be written to': {
        host: hostWith({
          mountinfo: cacheMount('fuse.sshfs'),
          answer: { overlay: refusedWith('EINVAL'), fuseWrite: refusedWith('EPERM') },
        }),
        conditions: ['snapshotter.fuse-overlayfs-broken'],
        severity: 'error',
        advice: ['--oci-worker-snapshotter=native'],
        says: ['read-only', 'EPERM'],
      },
      'named, and it cannot be written to: buildkitd would choose it again': {
        host: hostWith({
          config: FUSE,
          mountinfo: cacheMount('fuse.sshfs'),
          answer: { overlay: refusedWith('EINVAL'), fuseWrite: refusedWith('EPERM') },
        }),
        conditions: ['snapshotter.fuse-overlayfs-broken'],
        severity: 'error',
        cure: true,
      },
      'it cannot be written to, but overlayfs is chosen': {
        host: hostWith({ answer: { fuseWrite: refusedWith('EPERM') } }),
        conditions: ['snapshotter.fuse-overlayfs-broken'],
        severity: 'info',
        none: 'It is not the snapshotter that buildkitd uses.',
      },
      'nothing known explains it': {
        host: hostWith({ config: FUSE, answer: { fuseOverlay: refusedWith(null, 'fuse: odd') } }),
        conditions: ['snapshotter.fuse-overlayfs-broken'],
        severity: 'error',
        says: ['fuse: odd'],
        cure: (options, steps) => ({
          ...options,
          files: Object.fromEntries(
            Object.entries(options.files ?? {}).map(([path, file]) => [
              path,
              steps.some((step) => step.do === 'edit' && step.path === path)
                ? '[worker.oci]\nsnapshotter = "auto"\n'
                : file,
            ]),
          ),
        }),
      },
    },
    other: {
      'namespaces cannot be created': {
        host: hostWith({ answer: { launch: refusedWith('EPERM'), fuseOverlay: null } }),
        status: 'unknown',
        says: 'namespaces',
      },
    },
  },
);
