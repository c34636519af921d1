import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { become } from '../host/become.ts';
import type { Account, Json } from '../model.ts';
import { type Deed, type Doer, here } from './kinds.ts';
import { Refused } from './refused.ts';
import { tomlEditorFor } from './toml.ts';
import type { Work } from './work.ts';

/** What the process that becomes the target is told to do: one line on its standard input. */
export interface Job {
  readonly account: Account;
  readonly verb: keyof Doer;
  readonly deed: Deed;
  readonly prepared: Json;
  readonly work: Work;
}
export type JobAnswer =
  | { readonly value: Json }
  | { readonly refused: string; readonly paths: readonly string[] }
  | { readonly fault: string };

/** The backup comes in as this descriptor. */
const BACKUP = 3;
/** open(2); Node does not name it. */
const O_CLOEXEC = 0o2000000;

/** Becomes that account, and makes sure that root cannot be had back. */
function becomeForGood(account: Account): void {
  const { uid, gid } = account;
  if (uid === 0) throw new Error('root is not somebody to become');
  become(account);
  process.umask(0o077);
  const ids = [process.getuid?.(), process.geteuid?.()];
  if (ids.some((id) => id !== uid) || process.getegid?.() !== gid) throw new Error('the ids did not change');
  try {
    process.setuid?.(0);
  } catch {
    return;
  }
  throw new Error('root could be had back');
}

/** Closes what root had from its own parents: nothing opened here is without close-on-exec. */
function dropInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      if (fd > BACKUP && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // It was the listing's own.
    }
  }
}

async function doJob({ account, verb, deed, prepared, work }: Job): Promise<JobAnswer> {
  try {
    // Modules are loaded while they can still be read: the target may not be able to.
    if (deed.do === 'edit') await tomlEditorFor([deed.edit]);
    if (deed.do === 'run') await import('execa');
    becomeForGood(account);
    if (verb === 'prepare') return { value: await here.prepare(deed, work, BACKUP) };
    if (verb === 'act') return { value: { ...(await here.act(deed, prepared, work, BACKUP, () => {})) } };
    if (verb === 'standing') return { value: await here.standing(deed, prepared, work, BACKUP) };
    await here.takeBack(deed, prepared, work, BACKUP);
    return { value: null };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message, paths: error.paths };
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

dropInherited();
const lines = createInterface({ input: process.stdin });
lines.once('line', async (line) => {
  const answer = await doJob(JSON.parse(line) as Job);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
});
// Whoever started us is gone.
lines.once('close', () => process.exit(1));
