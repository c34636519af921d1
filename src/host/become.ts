/** An account to become; a null name has no passwd entry, so no supplementary groups either. */
export interface Become {
  readonly name: string | null;
  readonly uid: number;
  readonly gid: number;
}

/** Gives up root for good: groups first, since they decide access, and the uid last, since it gives up the right to the others. */
export function become({ name, uid, gid }: Become): void {
  // Missing from Node's types: process.initgroups(user, extraGroup).
  if (name === null) process.setgroups?.([gid]);
  else (process as unknown as { initgroups(user: string, extraGroup: number): void }).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  process.umask(0o022);
}
