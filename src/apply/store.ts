import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import type { Json, Step } from '../model.ts';
import { createChild, findChild, type Handle, syncDirectory } from './handle.ts';
import { type Entry, type Journal, openJournal, type RunEntry, readJournal } from './journal.ts';
import { Refused } from './refused.ts';
import { orRefuse, orRefuseNow } from './sentence.ts';
import { findState, makeOwn, openOwnBelow } from './state-directory.ts';
import type { HistoryTransaction, TransactionState } from './types.ts';
import type { Backup } from './work.ts';

/** A deed that was announced in the journal. */
export interface Announced {
  readonly step: number;
  readonly actor: 'self' | 'target';
  readonly temp: string;
  readonly prepared: Json;
  readonly done: boolean;
  /** An earlier try to take it back was cut short, and may have come any way. */
  readonly undoing: boolean;
  readonly undone: boolean;
}
/** A transaction as its journal tells it. */
export interface Recorded extends HistoryTransaction {
  readonly run: string;
  readonly mark: string;
  readonly state: TransactionState;
  readonly steps: readonly Step[];
  /** In the order of the steps. */
  readonly deeds: readonly Announced[];
}
export interface RecordedRun extends RunEntry {
  readonly transactions: readonly Recorded[];
}
const RUNS = 'runs';

/** Every run in a state directory, oldest first. */
export function readRuns(path: string, uid: number): readonly RecordedRun[] {
  const state = findState(path, uid);
  if (state === null) return [];
  try {
    const runs = findChild(state, RUNS);
    if (runs === null) return [];
    try {
      return idsIn(runs).flatMap((id) => readRun(runs, id, uid) ?? []);
    } finally {
      runs.close();
    }
  } finally {
    state.close();
  }
}

function idsIn(runs: Handle): readonly string[] {
  return fs
    .readdirSync(runs.path)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .sort((a, b) => Number(a) - Number(b));
}

/** Null for a run that was cut short before it had a journal: it did nothing. */
function readRun(runs: Handle, id: string, uid: number): RecordedRun | null {
  const directory = openOwnBelow(runs, id, uid);
  try {
    const entries = readJournal(directory);
    const [first] = entries;
    if (first?.entry !== 'run') return null;
    return { ...first, id, transactions: transactionsOf(id, first.token, entries) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    directory.close();
  }
}

function transactionsOf(run: string, token: string, entries: readonly Entry[]): readonly Recorded[] {
  const begun = entries.filter((entry) => entry.entry === 'transaction');
  return begun.map(({ transaction, check, steps }) => {
    const own = entries.filter((entry) => entry.entry !== 'run' && entry.transaction === transaction);
    const count = (kind: Entry['entry'], step: number): number =>
      own.filter((entry) => entry.entry === kind && 'step' in entry && entry.step === step).length;
    const has = (kind: Entry['entry'], step?: number): boolean =>
      own.some((entry) => entry.entry === kind && (step === undefined || ('step' in entry && entry.step === step)));
    const deeds = own
      .filter((entry) => entry.entry === 'intent')
      .map(({ step, actor, temp, prepared }) => ({
        step,
        actor,
        temp,
        prepared,
        done: has('done', step),
        undoing: count('undoing', step) > count('not-undone', step),
        undone: has('undone', step),
      }));
    const begunBack = deeds.some(({ undoing, undone }) => undoing || undone);
    const state = has('taken-back') ? 'taken-back' : has('applied') && !begunBack ? 'applied' : 'interrupted';
    return { id: transaction, run, mark: markOf(token, transaction), check, steps, state, deeds };
  });
}

export function markOf(token: string, transaction: string): string {
  return `${token}-${transaction}`;
}

/** The files of one run, open for writing. */
export interface RunFiles {
  readonly id: string;
  readonly token: string;
  readonly journal: Journal;
  /** A new, empty backup that `uid` may write through this descriptor. */
  createBackup(name: string, uid: number, gid: number): Backup;
  openBackup(name: string, write: boolean): Backup | null;
  dropBackup(name: string): void;
  close(): void;
}

/** Makes the next run. The lock must be held. */
export async function createRun(
  state: Handle,
  uid: number,
  about: Omit<RunEntry, 'id' | 'at' | 'token'>,
): Promise<RunFiles> {
  return orRefuse('the journal', async () => {
    makeOwn(state, RUNS);
    const runs = openOwnBelow(state, RUNS, uid);
    const id = String(Number(idsIn(runs).at(-1) ?? 0) + 1);
    try {
      makeOwn(runs, id);
      const directory = openOwnBelow(runs, id, uid);
      const token = randomBytes(6).toString('hex');
      const journal = await openJournal(directory, true);
      await journal.append({ entry: 'run', ...about, id, token, at: new Date().toISOString() });
      return filesOf(id, token, directory, journal);
    } catch (error) {
      fs.rmSync(`${runs.path}/${id}`, { recursive: true, force: true });
      throw error;
    } finally {
      runs.close();
    }
  });
}

/** Takes away a run in which nothing was done. */
export function dropRun(state: Handle, uid: number, id: string): void {
  const runs = openOwnBelow(state, RUNS, uid);
  try {
    fs.rmSync(`${runs.path}/${id}`, { recursive: true, force: true });
  } finally {
    runs.close();
  }
}

/** Opens an earlier run, to go on in its journal. The lock must be held. */
export async function reopenRun(state: Handle, uid: number, run: RecordedRun): Promise<RunFiles> {
  const runs = openOwnBelow(state, RUNS, uid);
  try {
    const directory = openOwnBelow(runs, run.id, uid);
    return filesOf(run.id, run.token, directory, await openJournal(directory, false));
  } finally {
    runs.close();
  }
}

function filesOf(id: string, token: string, directory: Handle, journal: Journal): RunFiles {
  return {
    id,
    token,
    journal,
    createBackup: (name, uid, gid) =>
      orRefuseNow('the journal', () => {
        fs.rmSync(`${directory.path}/${name}`, { force: true });
        const made = createChild(directory, name);
        if (process.geteuid?.() === 0) fs.fchownSync(made.fd, uid, gid);
        syncDirectory(directory);
        return made.fd;
      }),
    openBackup(name, write) {
      const found = findChild(directory, name);
      if (found === null) return null;
      try {
        if (!fs.fstatSync(found.fd).isFile())
          throw new Refused(`the backup ${name} in the journal is not a file`, [name]);
        return fs.openSync(found.path, write ? fs.constants.O_RDWR : fs.constants.O_RDONLY);
      } finally {
        found.close();
      }
    },
    dropBackup(name) {
      fs.rmSync(`${directory.path}/${name}`, { force: true });
    },
    close() {
      journal.close();
      directory.close();
    },
  };
}
