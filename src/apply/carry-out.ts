import * as fs from 'node:fs';
import type { Json } from '../model/look.ts';
import { actorOf } from './actor.ts';
import { Refused } from './disk/refused.ts';
import type { Backup, Work } from './disk/work.ts';
import { tempOf } from './journal/store.ts';
import type { ApplyContext, StepOutcome } from './journal/types.ts';
import type { Deed, Doer } from './kinds.ts';
import { endLeftovers } from './leftovers.ts';
import {
  backupName,
  doerFor,
  KEEPS,
  openNothing,
  replacedIn,
  type Transaction,
  type TransactionContext,
  tell,
  withDeed,
  workFor,
} from './room.ts';

type Earlier = Work['earlier'][number];

/** The steps from `first` on, each journaled before it is done. Throws Refused at the first that cannot be done; those before it stay. */
export async function carryOutSteps(
  room: TransactionContext,
  first: number,
  outcomes: StepOutcome[],
  leftAlone: string[],
): Promise<void> {
  const earlier = madeBy(room.transaction);
  for (const [index, step] of room.transaction.steps.entries()) {
    if (index < first) continue;
    if (step.do === 'tell') {
      outcomes[index] = { result: 'told', message: null };
      continue;
    }
    try {
      outcomes[index] = await carryOutOne(room, index, step, earlier, leftAlone);
    } catch (error) {
      outcomes[index] = { result: 'refused', message: error instanceof Error ? error.message : String(error) };
      throw error;
    }
  }
}

async function carryOutOne(
  room: TransactionContext,
  index: number,
  deed: Deed,
  earlier: Earlier[],
  leftAlone: string[],
): Promise<StepOutcome> {
  const { context, transaction } = room;
  refuseStopped(context);
  const actor = actorOf(deed, context);
  const files = await room.files();
  const doer = doerFor(actor, context);
  const name = backupName(transaction, index);
  const account = actor === 'self' ? context.identity.self : context.identity.target;
  const backup = KEEPS.has(deed.do) ? files.createBackup(name, account.uid, account.gid) : openNothing();
  try {
    const temp = tempOf(transaction.mark, index);
    const work = workFor(context, transaction, actor, {
      temp,
      earlier,
      finished: false,
      replaced: replacedIn(transaction.steps),
    });
    const prepared = await doer.prepare(deed, work, backup);
    if (prepared === 'already') {
      if (transaction.deeds.length > 0)
        await files.journal.append({ entry: 'already', transaction: transaction.id, step: index });
      files.dropBackup(name);
      return { result: 'already', message: null };
    }
    tell(context, transaction, index, 'prepared');
    await room.begin(files.journal);
    await files.journal.append({ entry: 'intent', transaction: transaction.id, step: index, actor, temp, prepared });
    transaction.deeds.push({ step: index, actor, temp, prepared, done: false, undoing: false, undone: false });
    tell(context, transaction, index, 'journaled');
    await act(room, index, deed, doer, prepared, work, backup, earlier, leftAlone);
    return { result: 'done', message: null };
  } catch (error) {
    if (!transaction.deeds.some(({ step }) => step === index)) files.dropBackup(name);
    throw error;
  } finally {
    fs.closeSync(backup);
  }
}

async function act(
  { context, transaction, files }: TransactionContext,
  index: number,
  deed: Deed,
  doer: Doer,
  prepared: Json,
  work: Work,
  backup: Backup,
  earlier: Earlier[],
  leftAlone: string[],
): Promise<void> {
  const acted = await doer.act(deed, prepared, work, backup, (done) => {
    refuseStopped(context);
    tell(context, transaction, index, 'acting', done);
  });
  tell(context, transaction, index, 'acting');
  leftAlone.push(...acted.leftAlone);
  if (deed.do === 'edit' && acted.digest !== undefined)
    earlier.push({ path: deed.path, planned: deed.expects, now: acted.digest });
  await (await files()).journal.append({ entry: 'done', transaction: transaction.id, step: index });
  const at = transaction.deeds.findIndex(({ step }) => step === index);
  const announced = transaction.deeds[at];
  if (announced !== undefined) transaction.deeds[at] = { ...announced, done: true };
  tell(context, transaction, index, 'done');
}

/** Ends the deed that a killed run had begun, so that the steps after it can follow. */
export async function finishLastDeed(room: TransactionContext, leftAlone: string[]): Promise<void> {
  const { transaction } = room;
  await endLeftovers(transaction.mark, room.context.identity);
  const last = transaction.deeds.at(-1);
  if (last === undefined || last.done) return;
  if (transaction.deeds.some(({ undoing, undone }) => undoing || undone))
    throw new Refused('it was being undone when it was cut short: undo it');
  const files = await room.files();
  await withDeed(room, files, last, async (doer, deed, work, backup) => {
    // A rule over a tree goes on where it was; of a command nobody knows how far it came.
    const again = deed.do === 'adopt' || deed.do === 'run';
    if (!again && (await doer.standing(deed, last.prepared, work, backup)) === 'after') {
      await files.journal.append({ entry: 'done', transaction: transaction.id, step: last.step });
      return;
    }
    if (!again) await doer.takeBack(deed, last.prepared, work, backup);
    await act(room, last.step, deed, doer, last.prepared, work, backup, [], leftAlone);
  });
}

/** What the edits of this transaction that were done before made of their files. */
function madeBy({ steps, deeds }: Transaction): Earlier[] {
  return deeds.flatMap(({ step, prepared }) => {
    const deed = steps[step];
    if (deed?.do !== 'edit' || typeof prepared !== 'object' || prepared === null || !('after' in prepared)) return [];
    return [{ path: deed.path, planned: deed.expects, now: String(prepared.after) }];
  });
}

function refuseStopped({ signal }: ApplyContext): void {
  if (signal?.aborted) throw new Refused('it was stopped');
}
