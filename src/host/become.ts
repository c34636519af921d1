import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** An account to become; a null name has no passwd entry, so no supplementary groups either. */
export interface Become {
  readonly name: string | null;
  readonly uid: number;
  readonly gid: number;
}

/** open(2); Node does not name it. */
const O_CLOEXEC = 0o2000000;

/**
 * What a process of our own does first. Node opens its debugger, and with it a way to run code here, to whoever may
 * send SIGUSR1: a listener of ours takes its place, before anybody else may signal us. Then what root's own parents had
 * open is closed, since nothing opened here is without close-on-exec. `last` is the highest descriptor to keep.
 */
export function standApart(last: number): void {
  process.on('SIGUSR1', () => {});
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      if (fd > last && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // It was the listing's own.
    }
  }
}

/**
 * Gives up root for good: groups first, since they decide access, and the uid last, since it gives up the right to the
 * others. Throws where root could be had back.
 */
export function become({ name, uid, gid }: Become): void {
  if (uid === 0) throw new Error('root is not somebody to become');
  // Missing from Node's types: process.initgroups(user, extraGroup).
  if (name === null) process.setgroups?.([gid]);
  else (process as unknown as { initgroups(user: string, extraGroup: number): void }).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  process.umask(0o022);
  const ids = [process.getuid?.(), process.geteuid?.()];
  if (ids.some((id) => id !== uid) || process.getegid?.() !== gid) throw new Error('the ids did not change');
  // Secure bits can keep them: whoever has them would look as root does.
  const status = readFileSync('/proc/self/status', 'latin1');
  if (/^CapEff:\s*0*[1-9a-f]/im.test(status)) throw new Error('capabilities of root were kept');
  try {
    process.setuid?.(0);
  } catch {
    return;
  }
  throw new Error('root could be had back');
}
