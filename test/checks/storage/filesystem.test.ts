import { storageFilesystem } from '../../../src/checks/storage/filesystem.ts';
import { mendFilesystem } from '../../../src/fixes/storage/filesystem.ts';
import type { SnapshotsAnswer } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { ALICE_FILES, CACHE, cacheMount, hostWith, refusedWith } from './healthy.ts';

const SNAPSHOTS = `${CACHE}/runc-overlayfs/snapshots`;
/** A worker that was used before, and what a look at its snapshots finds. */
const withSnapshots = (answer: SnapshotsAnswer): VirtualHostOptions =>
  hostWith({
    config: '[worker.oci]\nsnapshotter = "overlayfs"\n',
    files: { [SNAPSHOTS]: { kind: 'directory', uid: 1000, gid: 1000, mode: 0o700 } },
    rest: { probes: { snapshots: () => answer } },
  });
const NATIVE = '[worker.oci]\nsnapshotter = "native"\n';

testCheck(
  { check: storageFilesystem, fix: mendFilesystem },
  {
    healthy: {
      'ext4 at the root': { host: hostWith() },
      'nosuid and nodev': { host: hostWith({ mountinfo: cacheMount('ext4', 'rw,nosuid,nodev,relatime') }) },
      'noexec with overlayfs': { host: hostWith({ mountinfo: cacheMount('ext4', 'rw,noexec') }) },
      'a missing cache directory': { host: hostWith({ files: { [CACHE]: null } }) },
      'a link to a directory': {
        host: hostWith({
          files: {
            [CACHE]: { link: '/data/alice', uid: 1000, gid: 1000 },
            '/data/alice': { kind: 'directory', uid: 1000, gid: 1000, mode: 0o700 },
          },
        }),
      },
      // The id is missing from the map: a matter of idmap/ranges.
      'a change of owner that fails for want of ids': { host: hostWith({ answer: { chown: refusedWith('EINVAL') } }) },
      // Nothing could be made there at all: storage/space or storage/ownership tells why.
      'no place for the trial': {
        host: hostWith({
          answer: {
            chown: refusedWith('ENOSPC', 'mktemp: failed to create directory: No space left on device'),
            bindReadOnly: refusedWith('ENOSPC', 'mktemp: failed to create directory: No space left on device'),
            overlay: refusedWith('ENOSPC', 'mktemp: failed to create directory: No space left on device'),
          },
        }),
      },
      'tmpfs with fuse-overlayfs': {
        host: hostWith({
          mountinfo: cacheMount('tmpfs'),
          config: '[worker.oci]\nsnapshotter = "fuse-overlayfs"\n',
        }),
      },
      'rootful on tmpfs': {
        host: hostWith({
          mountinfo: cacheMount('tmpfs').replaceAll(CACHE, '/var/lib/buildkit'),
          rest: { mode: 'rootful' },
        }),
      },
    },
    ailing: {
      'a file in its place': {
        host: hostWith({ files: { [CACHE]: { text: '', uid: 1000, gid: 1000 } } }),
        conditions: ['storage.not-a-directory'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit /home/alice/.local/share/buildkit.old'],
        says: [CACHE, 'is a file'],
      },
      'a file above it': {
        host: hostWith({ files: { '/home/alice/.local/share': { text: '' }, [CACHE]: null } }),
        conditions: ['storage.not-a-directory'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share /home/alice/.local/share.old'],
        says: ['/home/alice/.local/share, above the cache directory'],
      },
      'a dangling link below the home': {
        host: hostWith({ files: { [CACHE]: { link: '../../cache', uid: 1000, gid: 1000 } } }),
        conditions: ['storage.not-a-directory'],
        severity: 'error',
        says: ['../../cache, which does not exist'],
        cure: (options, steps): VirtualHostOptions => {
          const made = steps.flatMap((step) => (step.do === 'directory' ? [step] : []));
          return {
            ...options,
            files: {
              ...options.files,
              ...Object.fromEntries(
                made.map(({ path, mode, owner }) => [path, { kind: 'directory' as const, mode, ...owner }]),
              ),
            },
          };
        },
      },
      'a dangling link to elsewhere': {
        host: hostWith({ files: { [CACHE]: { link: '/nowhere', uid: 1000, gid: 1000 } } }),
        conditions: ['storage.not-a-directory'],
        severity: 'error',
        advice: ['Make what the link points at, or remove the link. To look at it:\nls -ld'],
      },
      'btrfs, where a subvolume can be read-only by itself': {
        host: hostWith({ mountinfo: '40 27 8:3 / /home/alice ro - btrfs /dev/sdb1 rw\n' }),
        conditions: ['storage.read-only'],
        severity: 'error',
        advice: ['btrfs property set /home/alice/.local/share/buildkit ro false'],
      },
      'a read-only mount': {
        host: hostWith({ mountinfo: cacheMount('ext4', 'ro,relatime') }),
        conditions: ['storage.read-only'],
        severity: 'error',
        advice: ['mount -o remount,rw /home/alice/.local/share/buildkit'],
      },
      'a file system that went read-only': {
        host: hostWith({ mountinfo: cacheMount('ext4', 'rw,relatime', 'ro,errors=remount-ro') }),
        conditions: ['storage.read-only'],
        severity: 'error',
        advice: ['mount -o remount,rw /home/alice/.local/share/buildkit'],
      },
      'noexec with native by name': {
        host: hostWith({ mountinfo: cacheMount('ext4', 'rw,noexec'), config: NATIVE }),
        conditions: ['storage.noexec'],
        says: ['/home/alice/.config/buildkit/buildkitd.toml:2: /home/alice/.local/share/buildkit lies on a mount'],
        severity: 'error',
        cure: (options, steps) => ({
          ...options,
          files: {
            ...options.files,
            ...Object.fromEntries(
              steps.flatMap((step) =>
                step.do === 'edit' && step.edit.edit === 'toml'
                  ? [
                      [
                        step.path,
                        { text: NATIVE.replace('native', String((step.edit.changes[0] as { value: string }).value)) },
                      ],
                    ]
                  : [],
              ),
            ),
          },
        }),
      },
      'noexec with native because nothing else works': {
        host: hostWith({
          mountinfo: cacheMount('ext4', 'rw,noexec'),
          answer: { overlay: refusedWith('EPERM'), fuseOverlay: refusedWith('EPERM') },
        }),
        conditions: ['storage.noexec'],
        severity: 'error',
        advice: ['mount -o remount,exec /home/alice/.local/share/buildkit'],
      },
      'NFS that refuses owners': {
        host: hostWith({
          mountinfo: cacheMount('nfs4'),
          answer: { chown: refusedWith('EPERM'), overlay: refusedWith('EINVAL') },
        }),
        conditions: ['storage.network-filesystem'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
        says: ['nfs4', 'EPERM'],
      },
      'a network file system that takes owners': {
        host: hostWith({ mountinfo: cacheMount('ceph') }),
        conditions: ['storage.network-filesystem'],
        severity: 'warning',
        advice: ['Put the cache on a local disk'],
        says: ['locks'],
      },
      'NFS without probes': {
        host: hostWith({ mountinfo: cacheMount('nfs') }),
        request: { probe: false },
        conditions: ['storage.network-filesystem'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
      },
      vfat: {
        host: hostWith({ mountinfo: cacheMount('vfat'), answer: { chown: refusedWith('EPERM') } }),
        conditions: ['storage.no-owners'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
      },
      'a home of systemd-homed, which has other subordinate ids': {
        host: hostWith({
          mountinfo: '40 27 8:3 / /home/alice rw,relatime,idmapped - ext4 /dev/loop0 rw\n',
          answer: {
            chown: refusedWith(null, "chown: changing ownership of 'owned': Value too large for defined data type"),
          },
        }),
        conditions: ['storage.no-owners'],
        severity: 'error',
        says: ['idmapped mount', 'no place for the subordinate ids of alice'],
        advice: ['put alice:524288:65536 in the place of the line'],
      },
      'vfat without probes': {
        host: hostWith({ mountinfo: cacheMount('vfat') }),
        request: { probe: false },
        conditions: ['storage.no-owners'],
        severity: 'error',
        advice: ['Put the cache on a local disk'],
      },
      'a worker on a read-only mount of its own': {
        host: hostWith({
          config: '[worker.oci]\nsnapshotter = "overlayfs"\n',
          files: {
            [`${CACHE}/runc-overlayfs`]: { kind: 'directory', uid: 1000, gid: 1000, mode: 0o700 },
            '/proc/self/mountinfo': `${cacheMount('ext4')}62 61 0:44 / ${CACHE}/runc-overlayfs ro,relatime - ext4 source rw\n`,
          },
        }),
        conditions: ['storage.read-only'],
        severity: 'error',
        says: [`${CACHE}/runc-overlayfs`, 'read-only mount'],
        advice: [`mount -o remount,rw ${CACHE}/runc-overlayfs`],
      },
      'a damaged database of the worker': {
        host: hostWith({
          config: '[worker.oci]\nsnapshotter = "overlayfs"\n',
          files: { [`${CACHE}/runc-overlayfs/metadata_v2.db`]: { uid: 1000, gid: 1000, mode: 0o600 } },
          rest: { probes: { bolt: () => ({ sound: false }) } },
        }),
        conditions: ['storage.state-corrupted'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit/runc-overlayfs/metadata_v2.db'],
      },
      'a damaged history that this buildkitd sets aside': {
        host: hostWith({
          files: { [`${CACHE}/history.db`]: { uid: 1000, gid: 1000, mode: 0o600 } },
          rest: {
            probes: { bolt: () => ({ sound: false }) },
            tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.32.2 x\n' } },
          },
        }),
        conditions: ['storage.state-corrupted'],
        severity: 'warning',
        advice: ['mv /home/alice/.local/share/buildkit/history.db'],
      },
      'a page in use of a history that only a damaged head would set aside': {
        host: hostWith({
          files: { [`${CACHE}/history.db`]: { uid: 1000, gid: 1000, mode: 0o600 } },
          rest: {
            probes: { bolt: () => ({ sound: false, damage: 'page' }) },
            tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.32.2 x\n' } },
          },
        }),
        conditions: ['storage.state-corrupted'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit/history.db'],
        says: ['a page in use'],
      },
      'a list of free pages that a BuildKit which sets nothing aside reads': {
        host: hostWith({
          files: { [`${CACHE}/cache.db`]: { uid: 1000, gid: 1000, mode: 0o600 } },
          rest: {
            probes: { bolt: () => ({ sound: false, damage: 'freelist' }) },
            tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 x\n' } },
          },
        }),
        conditions: ['storage.state-corrupted'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit/cache.db'],
        says: ['free pages'],
      },
      'snapshots that builds write to, deleted by hand': {
        host: withSnapshots({ known: 5, missing: 2, active: 1, first: `${SNAPSHOTS}/snapshots/1`, inTheWay: null }),
        conditions: ['storage.state-corrupted'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit/runc-overlayfs'],
        says: ['2 of 5', `${SNAPSHOTS}/snapshots/1`],
      },
      'snapshots of finished steps, deleted by hand': {
        host: withSnapshots({ known: 5, missing: 1, active: 0, first: `${SNAPSHOTS}/snapshots/4`, inTheWay: null }),
        conditions: ['storage.state-corrupted'],
        severity: 'warning',
        advice: ['mv /home/alice/.local/share/buildkit/runc-overlayfs'],
      },
      'snapshots whose database was deleted': {
        host: withSnapshots({ known: 0, missing: 0, active: 0, first: null, inTheWay: `${SNAPSHOTS}/snapshots/1` }),
        conditions: ['storage.state-corrupted'],
        severity: 'error',
        advice: ['mv /home/alice/.local/share/buildkit/runc-overlayfs'],
        says: ['does not know it'],
      },
      'a directory that is encrypted, and not unlocked': {
        host: hostWith({ rest: { probes: { write: () => ({ error: 'ENOKEY' }) } } }),
        conditions: ['storage.encrypted'],
        severity: 'error',
        advice: ['fscrypt unlock'],
        says: ['ENOKEY'],
      },
      'a file system with errors': {
        host: hostWith({ rest: { probes: { write: () => ({ error: 'EUCLEAN' }) } } }),
        conditions: ['storage.io-error'],
        severity: 'error',
        advice: ['dmesg'],
        says: ['EUCLEAN'],
      },
      'a read-only subvolume': {
        host: hostWith({ rest: { probes: { write: () => ({ error: 'EROFS' }) } } }),
        conditions: ['storage.read-only'],
        severity: 'error',
        advice: ['mount -o remount,rw'],
        says: ['EROFS'],
      },
      'a read-only bind mount that is refused': {
        host: hostWith({
          mountinfo: cacheMount('ext4', 'rw,nosuid,nodev'),
          answer: { bindReadOnly: refusedWith('EPERM') },
        }),
        conditions: ['storage.locked-mount-flags'],
        severity: 'error',
        advice: ['Upgrade BuildKit to v0.11.5 or later'],
        says: ['EPERM', 'nosuid,nodev'],
      },
      'nosuid with a BuildKit that drops the flag': {
        host: hostWith({
          mountinfo: cacheMount('ext4', 'rw,nosuid,nodev'),
          rest: { tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.4 abc\n' } } },
        }),
        conditions: ['storage.locked-mount-flags'],
        severity: 'error',
        advice: ['Upgrade BuildKit to v0.11.5 or later'],
        says: ['v0.11.5'],
      },
      'rootless overlayfs on tmpfs': {
        host: hostWith({ mountinfo: cacheMount('tmpfs') }),
        conditions: ['storage.xattr-unsupported'],
        severity: 'warning',
        advice: ['Put the cache on a local disk'],
        says: ['Input/output error'],
      },
      'xfs without ftype': {
        host: hostWith({
          mountinfo: cacheMount('xfs'),
          rest: {
            tools: {
              buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.32.2 x\n' },
              xfs_info: { stdout: 'naming   =version 2              bsize=4096   ascii-ci=0, ftype=0\n' },
            },
          },
        }),
        conditions: ['storage.xfs-no-dtype'],
        severity: 'info',
        none: 'Another snapshotter is used.',
      },
    },
    other: {
      'a relative state directory': {
        host: hostWith({ config: 'root = "cache"\n', files: { ...ALICE_FILES } }),
        status: 'unknown',
        says: 'relative',
      },
    },
  },
);
