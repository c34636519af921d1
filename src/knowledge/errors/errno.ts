/** strerror(3) texts as glibc, musl and Go write them, in lower case. */
const TEXTS: readonly (readonly [text: string, errno: string])[] = [
  ['operation not permitted', 'EPERM'],
  ['permission denied', 'EACCES'],
  ['no space left on device', 'ENOSPC'],
  ['disk quota exceeded', 'EDQUOT'],
  ['required key not available', 'ENOKEY'],
  ['structure needs cleaning', 'EUCLEAN'],
  ['input/output error', 'EIO'],
  ['invalid argument', 'EINVAL'],
  ['function not implemented', 'ENOSYS'],
  ['no such file or directory', 'ENOENT'],
  ['no such device', 'ENODEV'],
  ['unknown filesystem type', 'ENODEV'],
  ['read-only file system', 'EROFS'],
  ['not a directory', 'ENOTDIR'],
  ['too many users', 'EUSERS'],
  ['resource temporarily unavailable', 'EAGAIN'],
  ['operation not supported', 'EOPNOTSUPP'],
  ['wrong fs type, bad option', 'EINVAL'],
];

/** The errno that a tool's words stand for; null when they name none. */
export function errnoInText(text: string): string | null {
  const lower = text.toLowerCase();
  let found: { at: number; errno: string } | null = null;
  for (const [words, errno] of TEXTS) {
    const at = lower.lastIndexOf(words);
    if (at >= 0 && (found === null || at > found.at)) found = { at, errno };
  }
  return found?.errno ?? null;
}
