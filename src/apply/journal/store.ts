import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import type { Json } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';
import { createChild, findChild, type Handle, syncDirectory } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse, orRefuseNow, refusalOf } from '../disk/sentence.ts';
import type { Backup } from '../disk/work.ts';
import type { JournalEntry, RunEntry } from './entry.ts';
import { isPreparedFor } from './entry-shape.ts';
import { type Journal, openJournal, type ReadJournal, readJournal } from './journal.ts';
import { findState, makeOwn, openOwnBelow } from './state-directory.ts';
import type { HistoryTransaction, TransactionState } from './types.ts';

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
  /** One sentence when the journal cannot be relied on: then nothing of the run is taken back. */
  readonly damaged: string | null;
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
  try {
    const directory = openOwnBelow(runs, id, uid);
    try {
      return recordedRun(id, readJournal(directory));
    } finally {
      directory.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    return { ...UNKNOWN, id, damaged: damageOf(id, refusalOf(error, 'it').message), transactions: [] };
  }
}

/** About a run of which nothing can be read. */
const UNKNOWN: Omit<RunEntry, 'id'> = {
  at: '',
  user: '',
  version: '',
  token: '',
  target: { uid: 0, gid: 0, groups: [], name: null, home: null, shell: null },
  permitted: [],
  environment: {},
};

const damageOf = (id: string, what: string): string =>
  `the journal of run ${id} cannot be relied on, so nothing of that run is undone: ${what}`;

/** Pure: what the entries of a journal come to. */
export function recordedRun(id: string, { entries, damagedLine }: ReadJournal): RecordedRun | null {
  const [first, ...rest] = entries;
  const line = damagedLine === null ? null : `line ${damagedLine} of it is damaged`;
  if (first === undefined && line === null) return null;
  if (first?.entry !== 'run' || first.id !== id)
    return { ...UNKNOWN, id, damaged: damageOf(id, line ?? 'it does not begin with its run'), transactions: [] };
  const { transactions, wrong } = transactionsOf(id, first.token, rest);
  const what = line ?? wrong;
  return { ...first, id, damaged: what === null ? null : damageOf(id, what), transactions };
}

/** What the entries of one transaction said until now. */
interface Draft {
  readonly check: string;
  readonly steps: readonly Step[];
  readonly deeds: Map<number, Announced>;
  applied: boolean;
  takenBack: boolean;
}

function transactionsOf(
  run: string,
  token: string,
  entries: readonly JournalEntry[],
): { readonly transactions: readonly Recorded[]; readonly wrong: string | null } {
  const drafts = new Map<string, Draft>();
  let wrong: string | null = null;
  for (const entry of entries) wrong = take(entry, run, token, drafts) ?? wrong;
  const transactions = [...drafts].map(([id, { check, steps, deeds, applied, takenBack }]): Recorded => {
    const all = [...deeds.values()];
    const begunBack = all.some(({ undoing, undone }) => undoing || undone);
    const state = takenBack ? 'taken-back' : applied && !begunBack ? 'applied' : 'interrupted';
    return { id, run, mark: markOf(token, id), check, steps, state, deeds: all };
  });
  return { transactions, wrong };
}

/** Takes one entry in; says what is wrong with it where no run can have written it there. */
function take(entry: JournalEntry, run: string, token: string, drafts: Map<string, Draft>): string | null {
  if (entry.entry === 'run') return 'it begins twice';
  const { transaction } = entry;
  const draft = drafts.get(transaction);
  if (entry.entry === 'transaction') {
    if (draft !== undefined || !transaction.startsWith(`${run}.`)) return `transaction ${transaction} is not its own`;
    const { check, steps } = entry;
    drafts.set(transaction, { check, steps, deeds: new Map(), applied: false, takenBack: false });
    return null;
  }
  if (draft === undefined) return `transaction ${transaction} was not announced`;
  if (entry.entry === 'applied') draft.applied = true;
  if (entry.entry === 'taken-back') draft.takenBack = true;
  if (!('step' in entry) || entry.entry === 'already') return null;
  const { step } = entry;
  if (entry.entry === 'intent') {
    const { actor, temp, prepared } = entry;
    const kind = draft.steps[step]?.do ?? 'tell';
    if (draft.deeds.has(step) || temp !== tempOf(markOf(token, transaction), step)) return wrongStep(entry);
    if (!isPreparedFor(kind, prepared)) return wrongStep(entry);
    draft.deeds.set(step, { step, actor, temp, prepared, done: false, undoing: false, undone: false });
    return null;
  }
  const deed = draft.deeds.get(step);
  if (deed === undefined) return wrongStep(entry);
  draft.deeds.set(step, after(deed, entry.entry));
  return null;
}

const wrongStep = ({ transaction, step }: { readonly transaction: string; readonly step: number }): string =>
  `step ${step} of transaction ${transaction} is not as a run would announce it`;

function after(deed: Announced, said: 'done' | 'undoing' | 'not-undone' | 'undone'): Announced {
  switch (said) {
    case 'done':
      return { ...deed, done: true };
    case 'undoing':
      return { ...deed, undoing: true };
    case 'not-undone':
      return { ...deed, undoing: false };
    case 'undone':
      return { ...deed, undone: true };
  }
}

export function markOf(token: string, transaction: string): string {
  return `${token}-${transaction}`;
}

/** Name of a step's temporary files: there is only one that it can have, so that a journal cannot name another file. */
export function tempOf(mark: string, step: number): string {
  return `.bk-doctor-${mark}-${step}`;
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
      // It is of no use any more, and does no harm where it cannot be removed.
      try {
        fs.rmSync(`${directory.path}/${name}`, { force: true });
      } catch {}
    },
    close() {
      journal.close();
      directory.close();
    },
  };
}
