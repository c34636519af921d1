import * as fs from 'node:fs';
import type { Step } from '../model/plan.ts';
import { Refused } from './disk/refused.ts';
import type { Backup, Work } from './disk/work.ts';
import type { Journal } from './journal/journal.ts';
import { type Announced, type RunFiles, tempOf } from './journal/store.ts';
import type { ApplyContext, Progress } from './journal/types.ts';
import { type Deed, type Doer, here } from './kinds.ts';
import { createTargetDoer } from './target-doer.ts';
import type { Done } from './touches.ts';

/** One treatment while it is carried out or taken back: the steps, and what its journal says of them so far. */
export interface Transaction {
  readonly id: string;
  readonly check: string;
  readonly mark: string;
  readonly steps: readonly Step[];
  readonly deeds: Announced[];
}

/** Room for the work on one transaction; `files` is where its journal and backups are. */
export interface TransactionContext {
  readonly context: ApplyContext;
  readonly transaction: Transaction;
  /** Made when the first deed needs it. */
  readonly files: () => Promise<RunFiles>;
  /** Files that later transactions changed and gave back. */
  readonly replaced: readonly string[];
  /** Announces the transaction itself, once. */
  readonly begin: (journal: Journal) => Promise<void>;
}

/** Files that a step makes anew: so does undo. */
export function replacedIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => (step.do === 'edit' || step.do === 'remove' ? [step.path] : []));
}

/** Kinds of deed that write a backup. */
export const KEEPS = new Set<Step['do']>(['edit', 'remove', 'adopt']);

export function openNothing(): Backup {
  return fs.openSync('/dev/null', 'r+');
}

export function backupName(transaction: Transaction, step: number): string {
  return `backup-${transaction.id}-${step}`;
}

export function doerFor(actor: 'self' | 'target', context: ApplyContext): Doer {
  return actor === 'self' ? here : createTargetDoer(context);
}

export function workFor(
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

export function deedOf({ steps }: Pick<Transaction, 'steps'>, { step }: Announced): Deed {
  const deed = steps[step];
  if (deed === undefined || deed.do === 'tell') throw new Refused('the journal names a step that it does not have');
  return deed;
}

/** With the backup of a deed that the journal announced, open. */
export async function withDeed<T>(
  { context, transaction, replaced }: TransactionContext,
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
      temp: tempOf(transaction.mark, announced.step),
      earlier: [],
      finished: announced.done && !announced.undoing,
      replaced: [...replaced, ...replacedIn(transaction.steps)],
    });
    return await task(doerFor(announced.actor, context), deed, work, backup);
  } finally {
    fs.closeSync(backup);
  }
}

export function tell(
  { progress }: ApplyContext,
  { id }: Transaction,
  step: number,
  stage: Progress['stage'],
  done?: number,
): void {
  progress?.({ transaction: id, step, stage, ...(done === undefined ? {} : { done }) });
}
