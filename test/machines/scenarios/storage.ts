import type { Scenario } from '../scenario.ts';

const CACHE = '/home/alice/.local/share/buildkit';
const place = `install -d -o alice -g alice /home/alice/.local /home/alice/.local/share ${CACHE}`;
const mounted = (make: string, options = ''): string => `
  ${make}
  ${place}
  mount ${options} /dev/vdc ${CACHE}
  chown alice: ${CACHE}; chmod 700 ${CACHE}`;
const DISK = { disks: ['2G'] };

/** What the cache lies on. */
export const STORAGE: readonly Scenario[] = [
  {
    name: 'xfs without file types',
    images: ['bullseye', 'bookworm'],
    options: DISK,
    short: true,
    run: async (stage) => {
      await stage.must(mounted('mkfs.xfs -q -m crc=0 -n ftype=0 /dev/vdc'));
      await stage.agrees('ftype=0');
    },
  },
  {
    name: 'btrfs',
    images: ['bookworm', 'trixie'],
    options: DISK,
    run: async (stage) => {
      await stage.must(mounted('mkfs.btrfs -q /dev/vdc'));
      await stage.agrees('btrfs');
      await stage.must(`btrfs property set ${CACHE} ro true`);
      await stage.agrees('a subvolume that is read-only');
    },
  },
  {
    name: 'ext4 without file types',
    images: ['bookworm'],
    options: DISK,
    run: async (stage) => {
      await stage.must(mounted('mkfs.ext4 -q -O ^filetype,^metadata_csum /dev/vdc'));
      await stage.agrees('no file types');
    },
  },
  {
    name: 'tmpfs, noexec, nosuid',
    images: ['bookworm', 'bullseye'],
    run: async (stage) => {
      await stage.must(`${place}; mount -t tmpfs -o size=600M,mode=700,uid=1000,gid=1000 tmpfs ${CACHE}`);
      await stage.agrees('tmpfs');
      await stage.must(`mount -o remount,noexec ${CACHE}`);
      await stage.agrees('noexec');
      await stage.must(`mount -o remount,exec,nosuid,nodev ${CACHE}`);
      await stage.agrees('nosuid and nodev');
    },
  },
  {
    name: 'NFS',
    images: ['bookworm'],
    run: async (stage) => {
      await stage.must(`
        systemctl unmask nfs-server rpcbind rpcbind.socket nfs-kernel-server nfs-client.target 2>/dev/null || true
        install -d -o alice -g alice -m 700 /srv/cache
        mount -t tmpfs tmpfs /srv/cache; chown alice: /srv/cache
        echo '/srv/cache 127.0.0.1(rw,sync,fsid=1,no_subtree_check)' >/etc/exports
        systemctl start nfs-server
        ${place}
        mount -t nfs4 127.0.0.1:/srv/cache ${CACHE}`);
      await stage.agrees('a cache on NFS');
    },
  },
  {
    name: 'a full disk, and one without inodes',
    images: ['bookworm'],
    options: DISK,
    run: async (stage) => {
      await stage.must(mounted('mkfs.ext4 -q -N 2000 -m 0 /dev/vdc'));
      await stage.must(`i=0; while mkdir ${CACHE}/filler.$i 2>/dev/null; do i=$((i + 1)); done; true`);
      await stage.agrees('no inodes');
      await stage.must(`rm -rf ${CACHE}/filler.*; dd if=/dev/zero of=${CACHE}/filler bs=1M 2>/dev/null || true`);
      await stage.agrees('no space');
      await stage.must(`rm ${CACHE}/filler`);
      await stage.agrees('both again');
    },
  },
  {
    name: 'overlayfs in a namespace of users',
    images: ['bullseye'],
    short: true,
    run: async (stage) => {
      await stage.agrees('Linux 5.10 as Debian sets it');
      await stage.must('rmmod overlay 2>/dev/null || true; modprobe overlay permit_mounts_in_userns=1');
      await stage.agrees('permit_mounts_in_userns=1');
      await stage.must('rmmod overlay; modprobe overlay permit_mounts_in_userns=0');
      await stage.agrees('permit_mounts_in_userns=0');
    },
  },
];
