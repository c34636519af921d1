import type { Treatment } from '../model/plan.ts';
import { carryOutSteps, finishLastDeed } from './carry-out.ts';
import type { Handle } from './disk/handle.ts';
import { NoSuchTransaction, Refused } from './disk/refused.ts';
import { refusalOf } from './disk/sentence.ts';
import { clearLeftLocks } from './disk/subid-lock.ts';
import { type Lock, takeLock } from './journal/lock.ts';
import { openState } from './journal/state-directory.ts';
import { createRun, dropRun, markOf, type Recorded, type RunFiles, readRuns, reopenRun } from './journal/store.ts';
import type { ApplyContext, CarriedOut, Run, StepOutcome, UndoneTransaction } from './journal/types.ts';
import { doneOf, replacedIn, type Transaction, type TransactionContext } from './room.ts';
import { takeBackSteps } from './take-back.ts';
import { type Done, meet } from './touches.ts';

const WAIT_MS = 3000;

/** Takes the lock and opens the journal. Throws Busy, or Refused when there is no safe place for the journal. */
export async function openRun(context: ApplyContext): Promise<Run> {
  const { uid } = context.identity.self;
  const state = openState(context.state, uid);
  let lock: Lock;
  try {
    lock = await takeLock(state, context.waitMs ?? WAIT_MS);
  } catch (error) {
    state.close();
    throw error;
  }
  const all = allTransactions(context);
  try {
    await clearLeftLocks(new Set(all.map(({ mark }) => mark)), uid);
  } catch (error) {
    lock.release();
    state.close();
    throw error;
  }
  const own = createOwnRun(context, state);
  const interrupted = all.filter((transaction) => transaction.state === 'interrupted');
  return {
    id: own.id,
    interrupted,
    carryOut: (check, treatment) => own.carryOut(check, treatment),
    takeBack: (id) => takeBackRecorded(context, state, id, own.files()),
    finish: (id) => finishRecorded(context, state, id, own.files()),
    async close() {
      own.close();
      lock.release();
      state.close();
    },
  };
}

function allTransactions(context: ApplyContext): readonly Recorded[] {
  return readRuns(context.state, context.identity.self.uid).flatMap(({ transactions }) => transactions);
}

interface OwnRun {
  readonly id: string;
  /** Null as long as nothing was done. */
  files(): RunFiles | null;
  carryOut(check: string, treatment: Treatment): Promise<CarriedOut>;
  close(): void;
}

/** This run's own journal, made when the first deed needs it. */
function createOwnRun(context: ApplyContext, state: Handle): OwnRun {
  const { self, target } = context.identity;
  const id = String(Number(readRuns(context.state, self.uid).at(-1)?.id ?? 0) + 1);
  let files: RunFiles | null = null;
  let begun = 0;
  const open = async (): Promise<RunFiles> => {
    const { version, permitted, environment } = context;
    files ??= await createRun(state, self.uid, {
      user: self.name ?? String(self.uid),
      version,
      target,
      permitted,
      environment,
    });
    return files;
  };
  return {
    id,
    files: () => files,
    async carryOut(check, treatment) {
      if (treatment.risk === 'manual') return failed('this is for a person to do', treatment.steps.length);
      const own = await open().catch((error: unknown) => {
        if (error instanceof Refused) return error.message;
        throw error;
      });
      if (typeof own === 'string') return failed(own, treatment.steps.length);
      const { token, id: run } = own;
      const number = `${run}.${begun + 1}`;
      const transaction: Transaction = {
        id: number,
        check,
        mark: markOf(token, number),
        steps: treatment.steps,
        deeds: [],
      };
      const room: TransactionContext = {
        context,
        transaction,
        files: open,
        replaced: [],
        async begin(journal) {
          if (transaction.deeds.length > 0) return;
          begun++;
          await journal.append({ entry: 'transaction', transaction: number, check, steps: treatment.steps });
        },
      };
      return carryOutRoom(room, 0);
    },
    close() {
      if (files === null) return;
      files.close();
      if (begun === 0) dropRun(state, self.uid, files.id);
    },
  };
}

async function carryOutRoom(room: TransactionContext, first: number): Promise<CarriedOut> {
  const { transaction } = room;
  const { journal } = await room.files();
  const steps: StepOutcome[] = transaction.steps.map(() => ({ result: 'not-tried', message: null }));
  const leftAlone: string[] = [];
  try {
    if (first > 0) await finishLastDeed(room, leftAlone);
    await carryOutSteps(room, first, steps, leftAlone);
    if (transaction.deeds.length === 0)
      return { result: 'already', transaction: null, message: null, steps, leftAlone };
    await journal.append({ entry: 'applied', transaction: transaction.id });
    return { result: 'applied', transaction: transaction.id, message: null, steps, leftAlone };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (transaction.deeds.length === 0) return { ...failed(why, 0), steps };
    const message = await takeBackAfter(room, why);
    return { result: 'failed', transaction: transaction.id, message, steps, leftAlone };
  }
}

async function takeBackAfter(room: TransactionContext, why: string): Promise<string> {
  try {
    await takeBackSteps(room);
    return why;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return `${why}; and what was done before could not be undone: ${words} (bk-doctor undo ${room.transaction.id} tries again)`;
  }
}

function failed(message: string, steps: number): CarriedOut {
  return {
    result: 'failed',
    transaction: null,
    message,
    steps: Array.from({ length: steps }, () => ({ result: 'not-tried', message: null })),
    leftAlone: [],
  };
}

/** As it was when the transaction was made: the same target, places and environment; who undoes is who runs now. */
async function withRecorded<T>(
  context: ApplyContext,
  state: Handle,
  id: string,
  own: RunFiles | null,
  task: (room: TransactionContext, recorded: Recorded) => Promise<T>,
): Promise<T> {
  const { uid } = context.identity.self;
  const runs = readRuns(context.state, uid);
  const run = runs.find(
    ({ id: run, damaged, transactions }) =>
      transactions.some((transaction) => transaction.id === id) || (damaged !== null && run === id),
  );
  if (run !== undefined && run.damaged !== null) throw new Refused(run.damaged);
  const recorded = run?.transactions.find((transaction) => transaction.id === id);
  if (run === undefined || recorded === undefined)
    throw new NoSuchTransaction(
      id,
      runs.flatMap(({ transactions }) => transactions.map((transaction) => transaction.id)),
    );
  // A journal has one writer at a time: a second one would write over what the first has added.
  const isOwn = own !== null && own.id === run.id;
  const files = isOwn ? own : await reopenRun(state, uid, run);
  try {
    const { target, permitted, environment } = run;
    const then = { ...context, identity: { ...context.identity, target }, permitted, environment };
    const transaction: Transaction = { ...recorded, deeds: [...recorded.deeds] };
    const all = runs.flatMap(({ transactions }) => transactions);
    const replaced = all.slice(all.indexOf(recorded) + 1).flatMap(({ steps }) => replacedIn(steps));
    return await task(
      { context: then, transaction, files: async () => files, begin: async () => {}, replaced },
      recorded,
    );
  } finally {
    if (!isOwn) files.close();
  }
}

/** Takes one transaction back, unless a later one stands on it or somebody changed what it left. `own`: the files of the run that is under way. */
export async function takeBackRecorded(
  context: ApplyContext,
  state: Handle,
  id: string,
  own: RunFiles | null = null,
): Promise<UndoneTransaction> {
  const all = allTransactions(context);
  const check = all.find((other) => other.id === id)?.check ?? 'unknown';
  try {
    return await withRecorded(context, state, id, own, async (room, recorded) => {
      if (recorded.state === 'taken-back') throw new Refused('it is undone already');
      const later = all
        .slice(all.findIndex((other) => other.id === id) + 1)
        .filter(({ state }) => state !== 'taken-back');
      const above = later.find((other) => donesOf(other).some((a) => donesOf(recorded).some((b) => meet(a, b))));
      if (above !== undefined)
        throw new Refused(
          `transaction ${above.id} (${above.check}) changed the same place later and must be undone first`,
        );
      return { id, check, result: 'undone', reason: null, paths: await takeBackSteps(room) };
    });
  } catch (error) {
    if (error instanceof NoSuchTransaction) throw error;
    const { message, paths } = refusalOf(error, 'the journal');
    return { id, check, result: 'refused', reason: message, paths };
  }
}

function donesOf(recorded: Recorded): readonly Done[] {
  return recorded.deeds.filter(({ undone }) => !undone).map((announced) => doneOf(recorded, announced));
}

async function finishRecorded(
  context: ApplyContext,
  state: Handle,
  id: string,
  own: RunFiles | null,
): Promise<CarriedOut> {
  return withRecorded<CarriedOut>(context, state, id, own, async (room, recorded) => {
    if (recorded.state !== 'interrupted') return failed('it was not cut short', recorded.steps.length);
    if (recorded.deeds.some(({ undoing, undone }) => undoing || undone))
      return failed('it was being undone when it was cut short: undo it', recorded.steps.length);
    return carryOutRoom(room, (recorded.deeds.at(-1)?.step ?? -1) + 1);
  }).catch((error: unknown) => failed(refusalOf(error, 'the journal').message, 0));
}
