import { createInterface } from 'node:readline';
import { become, standApart } from '../host/become.ts';
import type { Account, Json } from '../model/look.ts';
import { Refused } from './disk/refused.ts';
import { tomlEditorFor } from './disk/toml.ts';
import type { Work } from './disk/work.ts';
import { type Deed, type Doer, here } from './kinds.ts';

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

async function doJob({ account, verb, deed, prepared, work }: Job): Promise<JobAnswer> {
  try {
    // Modules are loaded while they can still be read: the target may not be able to.
    if (deed.do === 'edit') await tomlEditorFor([deed.edit]);
    become(account);
    process.umask(0o077);
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

standApart(BACKUP);
const lines = createInterface({ input: process.stdin });
lines.once('line', async (line) => {
  const answer = await doJob(JSON.parse(line) as Job);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
});
// Whoever started us is gone.
lines.once('close', () => process.exit(1));
