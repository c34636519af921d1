import type { Fact, FsStat, Mount } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { environment } from '../target/environment.ts';

/**
 * What a file system can be for a cache: `network` ones have no dependable locks and map owners on their server, `ownerless`
 * ones store no Unix owners, `union` ones are overlays themselves, `memory` ones have no xattrs that a user namespace may write.
 */
export type FilesystemKind =
  | 'disk'
  | 'memory'
  | 'network'
  | 'fuse'
  | 'union'
  | 'stacked'
  | 'ownerless'
  | 'read-only'
  | 'other';

export interface Filesystem {
  /** As mountinfo names it, else by its magic number. */
  readonly name: string;
  readonly kind: FilesystemKind;
  readonly mount: Mount | null;
  readonly stat: FsStat | null;
  readonly readOnly: boolean;
  readonly noexec: boolean;
  readonly nosuid: boolean;
  readonly nodev: boolean;
  /** Does a directory listing tell the kinds of its entries? False: overlayfs is refused by BuildKit. Null: could not be told. */
  readonly dtype: boolean | null;
}

/** Magic numbers of statfs(2) (linux/magic.h), for where the mount could not be seen. */
const BY_MAGIC: { readonly [magic: number]: string } = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  4076150800: 'f2fs',
  3393526350: 'bcachefs',
  16914836: 'tmpfs',
  2240043254: 'ramfs',
  801189825: 'zfs',
  2035054128: 'overlay',
  1635083891: 'aufs',
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  16914839: '9p',
  1702057286: 'fuse',
  61791: 'ecryptfs',
  19780: 'vfat',
  538032816: 'exfat',
  1397118030: 'ntfs',
  1936094318: 'ntfs3',
  12805120: 'ceph',
  198183888: 'lustre',
  1196443219: 'gpfs',
  1936814952: 'squashfs',
  3774210530: 'erofs',
  38496: 'iso9660',
};

const BY_KIND: { readonly [K in Exclude<FilesystemKind, 'other'>]: RegExp } = {
  disk: /^(ext[234]|xfs|btrfs|f2fs|bcachefs|zfs|jfs|reiserfs|nilfs2)$/,
  memory: /^(tmpfs|ramfs)$/,
  network: /^(nfs\d?|cifs|smb\d?|9p|afs|ceph|lustre|gpfs|glusterfs|ncpfs|coda|ocfs2|gfs2|orangefs|v9fs|drvfs)$/,
  fuse: /^(fuse(\..+)?|fuseblk|virtiofs)$/,
  union: /^(overlay|overlayfs|aufs)$/,
  stacked: /^(ecryptfs|unionfs|vboxsf|prl_fs|vmhgfs)$/,
  ownerless: /^(vfat|msdos|exfat|ntfs3?|hfs|hfsplus)$/,
  'read-only': /^(squashfs|erofs|iso9660|udf|cramfs|romfs)$/,
};

export function filesystemKind(name: string): FilesystemKind {
  const found = (Object.keys(BY_KIND) as (keyof typeof BY_KIND)[]).find((kind) => BY_KIND[kind].test(name));
  return found ?? 'other';
}

export function filesystemName(mount: Mount | null, stat: FsStat | null): string {
  return mount?.fstype ?? (stat === null ? 'unknown' : (BY_MAGIC[stat.type] ?? `0x${stat.type.toString(16)}`));
}

/** xfs_info's answer on directory entries: "naming =version 2 bsize=4096 ascii-ci=0, ftype=1". Null when it says nothing. */
export function parseXfsFtype(text: string): boolean | null {
  const found = /\bftype=([01])\b/.exec(text)?.[1];
  return found === undefined ? null : found === '1';
}

/** The file system that holds the cache directory, or will hold it. */
export const filesystem: Fact<Filesystem> = {
  id: 'filesystem',
  async read(look) {
    const [directory, { values }] = await Promise.all([look.get(cacheDirectory), look.get(environment)]);
    const { mount, filesystem: stat } = directory;
    const name = filesystemName(mount, stat);
    const option = (word: string): boolean => mount?.options.includes(word) ?? false;
    return {
      name,
      kind: filesystemKind(name),
      mount,
      stat,
      readOnly: option('ro') || (mount?.superOptions.includes('ro') ?? false),
      noexec: option('noexec'),
      nosuid: option('nosuid'),
      nodev: option('nodev'),
      dtype: await readDtype(),
    };

    async function readDtype(): Promise<boolean | null> {
      // Only these can be made without it; every other local file system always has it.
      if (!/^(ext[234]|xfs)$/.test(name)) return null;
      if (name === 'xfs' && mount !== null) {
        const path = `${values.PATH ?? ''}:/usr/sbin:/sbin`;
        const ran = await look.host.run('xfs_info', [mount.point], 'target', path).catch(asAbsent);
        const told = ran === null ? null : parseXfsFtype(ran.stdout);
        if (told !== null) return told;
      }
      if (!look.request.probe) return null;
      const answer = await look.host.probe('dtype', { directory: directory.nearest }, 'target', values).catch(asAbsent);
      return answer?.told ?? null;
    }
  },
};
