import type { FsStat } from '../model/look.ts';
import type { Node } from './tree.ts';

/** Options of mount(2) itself; the rest is the file system's. */
const OF_THE_MOUNT =
  /^(?:ro|rw|nosuid|nodev|noexec|suid|dev|exec|relatime|noatime|nodiratime|strictatime|lazytime|bind|private|shared|slave)$/;

interface Row {
  readonly source: string;
  readonly point: string;
  readonly fstype: string;
  readonly options: string;
}

/** The mounts in what `mount -l` printed, or in /proc/mounts. */
function rowsIn(text: string): readonly Row[] {
  return text.split('\n').flatMap((line): Row[] => {
    const printed =
      /^(\S+) on (\/.*) type (\S+) \(([^)]*)\)/.exec(line) ?? /^(\S+) (\/\S*) (\S+) (\S+) \d+ \d+$/.exec(line);
    const [, source = '', point = '', fstype = '', options = ''] = printed ?? [];
    return printed === null ? [] : [{ source, point: point.replaceAll(' ', '\\040'), fstype, options }];
  });
}

/** /proc/self/mountinfo as it must have been: which part of a file system is mounted, and by what number, is not told. */
export function mountinfoFrom(text: string): string {
  return rowsIn(text)
    .map(({ source, point, fstype, options }, at) => {
      const words = options.split(',').filter(Boolean);
      const own = words.filter((word) => OF_THE_MOUNT.test(word)).join(',') || 'rw';
      const others = words.filter((word) => !OF_THE_MOUNT.test(word)).join(',');
      const super_ = [words.includes('ro') ? 'ro' : 'rw', others].filter(Boolean).join(',');
      return `${at + 2} 1 0:${at + 2} / ${point} ${own} - ${fstype} ${source} ${super_}\n`;
    })
    .join('');
}

/** Magic numbers of what is told apart by them (statfs(2)). */
const MAGIC: { readonly [fstype: string]: number } = { tmpfs: 16914836, cgroup2: 1667723888, overlay: 2035054128 };
const KIB = 1024;
const BYTES = /^\/sos_commands\/filesys\/df_-alT?(?:_-x_autofs)?$/;
const INODES = /^\/sos_commands\/filesys\/df_-ali(?:_-x_autofs)?$/;

/** How full file systems were, by `df`. */
export function fullnessIn(
  nodes: ReadonlyMap<string, Node>,
  fstypeAt: (point: string) => string | null,
): ReadonlyMap<string, FsStat> {
  const printed = (name: RegExp): ReadonlyMap<string, readonly number[]> => {
    const found = [...nodes].find(([path, { kind }]) => kind === 'file' && name.test(path));
    const text = found?.[1].content()?.toString('utf8') ?? '';
    return new Map(
      text.split('\n').flatMap((line): [string, readonly number[]][] => {
        const [, total, used, free, point = ''] = /^\S+ +(\d+) +(\d+) +(\d+) +\S+ +(\/.*)$/.exec(line) ?? [];
        return total === undefined ? [] : [[point, [Number(total), Number(used), Number(free)]]];
      }),
    );
  };
  const inodes = printed(INODES);
  return new Map(
    [...printed(BYTES)].flatMap(([point, [total = 0, used = 0, available = 0]]): [string, FsStat][] => {
      const [files = 0, , filesFree = 0] = inodes.get(point) ?? [];
      const stat = { totalBytes: total * KIB, freeBytes: (total - used) * KIB, availableBytes: available * KIB };
      return [[point, { type: MAGIC[fstypeAt(point) ?? ''] ?? 0, ...stat, files, filesFree }]];
    }),
  );
}
