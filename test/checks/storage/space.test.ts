import { storageSpace } from '../../../src/checks/storage/space.ts';
import { makeRoom } from '../../../src/fixes/storage/space.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { CACHE, cacheMount, hostWith, type Told } from './healthy.ts';

const MB = 1_000_000;
const GB = 1000 * MB;
function disk(stat: NonNullable<VirtualHostOptions['statfs']>[string], told: Told = {}): VirtualHostOptions {
  const plenty = { totalBytes: 200 * GB, freeBytes: 100 * GB, availableBytes: 90 * GB, files: 1e7, filesFree: 9e6 };
  return hostWith({ ...told, rest: { ...told.rest, statfs: { '/': { ...plenty, ...stat } } } });
}
const withConfig = (lines: string, total = 50 * GB): VirtualHostOptions =>
  disk({ totalBytes: total, freeBytes: total / 2, availableBytes: total / 2 }, { config: `[worker.oci]\n${lines}\n` });
const USED = { [`${CACHE}/runc-overlayfs`]: { kind: 'directory', uid: 1000, gid: 1000, mode: 0o711 } } as const;

testCheck(
  { check: storageSpace, fix: makeRoom },
  {
    healthy: {
      'a large disk': { host: disk({}) },
      'inodes made on demand (btrfs)': { host: disk({ files: 0, filesFree: 0 }) },
      'ramfs, which counts nothing': {
        host: disk({ totalBytes: 0, freeBytes: 0, availableBytes: 0, files: 0, filesFree: 0 }),
      },
      'the reserve of the file system, for real root': {
        host: disk({ freeBytes: 5 * GB, availableBytes: 0 }, { rest: { mode: 'rootful' } }),
      },
      'a disk that is 85 % full, with the default policy': {
        host: disk({ totalBytes: 100 * GB, freeBytes: 15 * GB, availableBytes: 15 * GB }),
      },
      'limits that fit': { host: withConfig('reservedSpace = "10GB"\nmaxUsedSpace = "80%"\nminFreeSpace = "10GB"') },
      'impossible limits, with collection off': { host: withConfig('gc = false\nreservedSpace = "900GB"') },
    },
    ailing: {
      'nothing left': {
        host: disk({ freeBytes: 0, availableBytes: 0 }),
        conditions: ['storage.disk-full'],
        severity: 'error',
        advice: ['du -xh -d 2 /'],
        says: ['has 0 B left of 200 GB'],
      },
      'only the reserve of root left': {
        host: disk({ freeBytes: 5 * GB, availableBytes: 0 }),
        conditions: ['storage.disk-full'],
        severity: 'error',
        advice: ['du -xh -d 2 /'],
      },
      'too little for the smallest build': {
        host: disk({ freeBytes: 4 * MB, availableBytes: 4 * MB }),
        conditions: ['storage.disk-full'],
        severity: 'error',
        advice: ['du -xh -d 2 /'],
        says: ['needs 4.3 MB'],
      },
      'as little, but with databases that are there already': {
        host: disk({ freeBytes: 4.1 * MB, availableBytes: 4.1 * MB }, { files: USED }),
        conditions: ['storage.disk-full'],
        severity: 'warning',
        advice: ['du -xh -d 2 /'],
      },
      'enough for overlayfs, too little for native': {
        host: disk({ freeBytes: 5 * MB, availableBytes: 5 * MB }, { config: '[worker.oci]\nsnapshotter = "native"\n' }),
        conditions: ['storage.disk-full'],
        severity: 'error',
        advice: ['du -xh -d 2 /'],
        says: ['needs 6.2 MB'],
      },
      'hardly room for an image': {
        host: disk({ freeBytes: 300 * MB, availableBytes: 300 * MB }),
        conditions: ['storage.disk-full'],
        severity: 'warning',
        advice: ['du -xh -d 2 /'],
        says: ['only 300 MB left'],
      },
      'no inodes': {
        host: disk({ filesFree: 10 }),
        conditions: ['storage.inodes-exhausted'],
        severity: 'error',
        advice: ['du -x --inodes -d 2 /'],
        says: ['has 10 inodes left of 10000000'],
      },
      'few inodes': {
        host: disk({ filesFree: 2000 }),
        conditions: ['storage.inodes-exhausted'],
        severity: 'warning',
        advice: ['du -x --inodes -d 2 /'],
      },
      'a quota that refuses a block': {
        host: disk(
          {},
          {
            mountinfo: cacheMount('ext4', 'rw', 'rw,usrquota'),
            rest: {
              probes: { write: () => ({ error: 'EDQUOT' }) },
            },
          },
        ),
        conditions: ['storage.quota-exceeded'],
        severity: 'error',
        advice: ['quota -s'],
      },
      'a quota with little left': {
        host: disk(
          {},
          {
            mountinfo: cacheMount('xfs', 'rw', 'rw,usrquota'),
            rest: {
              tools: {
                quota: {
                  stdout:
                    'Disk quotas for user alice (uid 1000): \n     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\n         source  900000       0 1000000              12       0       0        \n',
                },
              },
            },
          },
        ),
        conditions: ['storage.quota-exceeded'],
        severity: 'warning',
        advice: ['quota -s'],
        says: ['leaves 102 MB'],
      },
      'minFreeSpace larger than the disk': {
        host: withConfig('minFreeSpace = "100GB"'),
        conditions: ['storage.gc-policy'],
        severity: 'warning',
        advice: ['reservedSpace = "10%"'],
        says: [
          '/home/alice/.config/buildkit/buildkitd.toml:2: worker.oci: minFreeSpace of 107 GB is more than the whole file system has (50 GB)',
        ],
      },
      'reservedSpace larger than the disk, and no other limit': {
        host: withConfig('reservedSpace = 90000000000'),
        conditions: ['storage.gc-policy'],
        severity: 'warning',
        advice: ['reservedSpace = "10%"'],
        says: ['nothing is ever removed'],
      },
      'the deprecated name': {
        host: withConfig('gckeepstorage = "90GB"'),
        says: ['/home/alice/.config/buildkit/buildkitd.toml:2: worker.oci: reservedSpace'],
        conditions: ['storage.gc-policy'],
        severity: 'warning',
        advice: ['reservedSpace = "10%"'],
      },
      'a rule of a policy': {
        host: withConfig('[[worker.oci.gcpolicy]]\nall = true\nmaxUsedSpace = "1TB"'),
        conditions: ['storage.gc-policy'],
        severity: 'warning',
        advice: ['reservedSpace = "10%"'],
        says: ['/home/alice/.config/buildkit/buildkitd.toml:4: worker.oci.gcpolicy.0: maxUsedSpace'],
      },
    },
  },
);
