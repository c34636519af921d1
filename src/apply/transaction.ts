import * as fs from 'node:fs';
import type { Json, Step } from '../model.ts';
import { actorOf } from './actor.ts';
import type { Journal } from './journal.ts';
import { type Deed, type Doer, here } from './kinds.ts';
import { endLeftovers } from './leftovers.ts';
import { Refused } from './refused.ts';
import type { Announced, RunFiles } from './store.ts';
import { createTargetDoer } from './target-doer.ts';
import { type Done, masks, touchedBy } from './touches.ts';
import type { ApplyContext, Progress, StepOutcome } from './types.ts';
import type { Backup, Work } from './work.ts';

/** One treatment while it is carried out or taken back: the steps, and what its journal says of them so far. */
export interface Transaction {
  readonly id: string;
  readonly check: string;
  readonly mark: string;
  readonly steps: readonly Step[];
  readonly deeds: Announced[];
}

/** Room for the work on one transaction; `files` is where its journal and backups are. */
export interface Room {
  readonly context: ApplyContext;
  readonly transaction: Transaction;
  /** Made when the first deed needs it. */
  readonly files: () => Promise<RunFiles>;
  /** Files that later transactions changed and gave back. */
  readonly replaced: readonly string[];
  /** Announces the transaction itself, once. */
  readonly begin: (journal: Journal) => Promise<void>;
}
type Earlier = Work['earlier'][number];

/** The steps from `first` on, each journaled before it is done. Throws Refused at the first that cannot be done; those before it stay. */
export async function carryOutSteps(
  room: Room,
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
  room: Room,
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
    const temp = `.bk-doctor-${transaction.mark}-${index}`;
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
  { context, transaction, files }: Room,
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

/** Takes back every deed, last first. Throws Refused, before anything is touched, when somebody changed what one of them left. */
export async function takeBackSteps(room: Room): Promise<readonly string[]> {
  const { context, transaction } = room;
  await endLeftovers(transaction.mark);
  const files = await room.files();
  const open = transaction.deeds.filter(({ undone }) => !undone).toReversed();
  const refusals: Refused[] = [];
  const looked = new Set<Announced>();
  for (const [at, announced] of open.entries()) {
    const done = doneOf(transaction, announced);
    // What a later deed of the same transaction covers shows itself only when that one is taken back.
    if (open.slice(0, at).some((later) => masks(doneOf(transaction, later), done))) continue;
    try {
      await withDeed(room, files, announced, (doer, deed, work, backup) =>
        doer.standing(deed, announced.prepared, work, backup),
      );
      looked.add(announced);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusals.push(error);
    }
  }
  const [refusal] = refusals;
  if (refusal !== undefined)
    throw new Refused(
      refusal.message,
      refusals.flatMap(({ paths }) => paths),
    );
  for (const [at, announced] of open.entries()) {
    tell(context, transaction, announced.step, 'taking-back');
    try {
      await withDeed(room, files, announced, async (doer, deed, work, backup) => {
        if (!looked.has(announced)) await doer.standing(deed, announced.prepared, work, backup);
        await takeBackOne(
          room,
          files,
          announced.step,
          () => doer.takeBack(deed, announced.prepared, work, backup),
          deed,
        );
      });
    } catch (error) {
      if (!(error instanceof Refused) || at === 0) throw error;
      throw new Refused(`${error.message} (the steps after it are taken back already)`, error.paths);
    }
    await files.journal.append({ entry: 'undone', transaction: transaction.id, step: announced.step });
    const index = transaction.deeds.indexOf(announced);
    transaction.deeds[index] = { ...announced, undone: true };
  }
  await files.journal.append({ entry: 'taken-back', transaction: transaction.id });
  for (const { step } of transaction.deeds) files.dropBackup(backupName(transaction, step));
  return [...new Set(open.flatMap((announced) => touchedBy(doneOf(transaction, announced)) ?? []))];
}

/** Of a command nobody can see afterwards whether its opposite was run; so that is journaled, too. */
async function takeBackOne(
  { context, transaction: { id, ...rest } }: Room,
  { journal }: RunFiles,
  step: number,
  takeBack: () => Promise<void>,
  deed: Deed,
): Promise<void> {
  if (deed.do === 'run') await journal.append({ entry: 'undoing', transaction: id, step });
  try {
    await takeBack();
  } catch (error) {
    if (deed.do === 'run') await journal.append({ entry: 'not-undone', transaction: id, step });
    throw error;
  }
  tell(context, { id, ...rest }, step, 'taken-back');
}

/** Ends the deed that a killed run had begun, so that the steps after it can follow. */
export async function finishLastDeed(room: Room, leftAlone: string[]): Promise<void> {
  const { transaction } = room;
  await endLeftovers(transaction.mark);
  const last = transaction.deeds.at(-1);
  if (last === undefined || last.done) return;
  if (transaction.deeds.some(({ undoing, undone }) => undoing || undone))
    throw new Refused('it was being taken back when it was cut short: take it back');
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

async function withDeed<T>(
  { context, transaction, replaced }: Room,
  files: RunFiles,
  announced: Announced,
  task: (doer: Doer, deed: Deed, work: Work, backup: Backup) => Promise<T>,
): Promise<T> {
  const deed = deedOf(transaction, announced);
  const backup = KEEPS.has(deed.do)
    ? files.openBackup(backupName(transaction, announced.step), deed.do === 'adopt')
    : openNothing();
  if (backup === null) throw new Refused('its backup is missing from the journal');
  try {
    const work = workFor(context, transaction, announced.actor, {
      temp: announced.temp,
      earlier: [],
      finished: announced.done && !announced.undoing,
      replaced: [...replaced, ...replacedIn(transaction.steps)],
    });
    return await task(doerFor(announced.actor, context), deed, work, backup);
  } finally {
    fs.closeSync(backup);
  }
}

function refuseStopped({ signal }: ApplyContext): void {
  if (signal?.aborted) throw new Refused('it was stopped');
}

/** Files that a step makes anew: so does undo. */
export function replacedIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => (step.do === 'edit' || step.do === 'remove' ? [step.path] : []));
}

/** Kinds of deed that write a backup. */
const KEEPS = new Set<Step['do']>(['edit', 'remove', 'adopt']);

function openNothing(): Backup {
  return fs.openSync('/dev/null', 'r+');
}

function backupName(transaction: Transaction, step: number): string {
  return `backup-${transaction.id}-${step}`;
}

function doerFor(actor: 'self' | 'target', context: ApplyContext): Doer {
  return actor === 'self' ? here : createTargetDoer(context);
}

function workFor(
  { identity, permitted, environment }: ApplyContext,
  { mark }: Transaction,
  actor: 'self' | 'target',
  rest: Pick<Work, 'temp' | 'earlier' | 'finished' | 'replaced'>,
): Work {
  const { uid, gid } = actor === 'self' ? identity.self : identity.target;
  return { uid, gid, target: identity.target, permitted, environment, transaction: mark, ...rest };
}

/** A deed of the journal with its step. */
export function doneOf(transaction: Pick<Transaction, 'steps'>, announced: Announced): Done {
  return { step: deedOf(transaction, announced), prepared: announced.prepared };
}

function deedOf({ steps }: Pick<Transaction, 'steps'>, { step }: Announced): Deed {
  const deed = steps[step];
  if (deed === undefined || deed.do === 'tell') throw new Refused('the journal names a step that it does not have');
  return deed;
}

/** What the edits of this transaction that were done before made of their files. */
function madeBy({ steps, deeds }: Transaction): Earlier[] {
  return deeds.flatMap(({ step, prepared }) => {
    const deed = steps[step];
    if (deed?.do !== 'edit' || typeof prepared !== 'object' || prepared === null || !('after' in prepared)) return [];
    return [{ path: deed.path, planned: deed.expects, now: String(prepared.after) }];
  });
}

function tell(
  { progress }: ApplyContext,
  { id }: Transaction,
  step: number,
  stage: Progress['stage'],
  done?: number,
): void {
  progress?.({ transaction: id, step, stage, ...(done === undefined ? {} : { done }) });
}
