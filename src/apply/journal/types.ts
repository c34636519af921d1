import type { Budget } from '../../host/budget.ts';
import type { Identity } from '../../model/look.ts';
import type { Step, Treatment } from '../../model/plan.ts';

/** Everything that carrying out, undoing and finishing need to know. Nothing is taken from the process itself. */
export interface ApplyContext {
  readonly identity: Identity;
  /** Where the journal lives; `stateDirectory()` names the usual place. */
  readonly state: string;
  /** Places that root itself named (facts/rights.ts): root may change owner and mode there. */
  readonly permitted: readonly string[];
  /** The environment for commands run as the target; never used for what root runs. */
  readonly environment: { readonly [name: string]: string };
  readonly version: string;
  /** The built entry of the process that becomes the target; found beside the bundle when absent. */
  readonly userEntry?: string;
  readonly progress?: (progress: Progress) => void;
  /** Checked between steps: an aborted treatment is taken back before `carryOut` returns. */
  readonly signal?: AbortSignal;
  /** What is left of the time that this call may wait for what may not answer; one for each step when absent. */
  readonly budget?: Budget;
  /** How long to wait for another run, in milliseconds (default 3000). */
  readonly waitMs?: number;
}

/** What is happening now, for a progress line. `done` counts entries of a tree, or steps. */
export interface Progress {
  readonly transaction: string;
  readonly step: number;
  readonly stage: 'prepared' | 'journaled' | 'acting' | 'done' | 'taking-back' | 'taken-back';
  readonly done?: number;
}

/** How one step went. `already`: its goal held before, nothing was done, and undo leaves it. */
export interface StepOutcome {
  readonly result: 'done' | 'already' | 'told' | 'refused' | 'not-tried';
  readonly message: string | null;
}

/** How one treatment went. `failed`: a step was refused or failed, and the steps before it were taken back, unless `message` says otherwise. */
export interface CarriedOut {
  readonly result: 'applied' | 'already' | 'failed';
  /** Null when nothing was changed. */
  readonly transaction: string | null;
  /** One sentence, for `failed`. */
  readonly message: string | null;
  readonly steps: readonly StepOutcome[];
  /** What was deliberately left as it was, one sentence each (at most 20). */
  readonly leftAlone: readonly string[];
}

export interface UndoneTransaction {
  readonly id: string;
  readonly check: string;
  /** `planned`: it would be undone, and was not tried. */
  readonly result: 'undone' | 'refused' | 'planned';
  /** One sentence, for `refused`. */
  readonly reason: string | null;
  /** What was restored, or what stands in the way. */
  readonly paths: readonly string[];
}
/** `transactions` is empty when there was nothing to undo. */
export interface UndoReport {
  readonly schema: 1;
  readonly transactions: readonly UndoneTransaction[];
}

export type TransactionState = 'applied' | 'taken-back' | 'interrupted';
export interface HistoryTransaction {
  readonly id: string;
  readonly check: string;
  readonly state: TransactionState;
  readonly steps: readonly Step[];
}
export interface HistoryRun {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly user: string;
  /** Whose set-up was changed; absent where the journal does not tell. */
  readonly target?: string;
  /** One sentence when its journal cannot be relied on: then nothing of it is taken back, and more than this may have been done. */
  readonly damaged?: string;
  readonly transactions: readonly HistoryTransaction[];
}
/** Oldest run first. */
export interface History {
  readonly schema: 1;
  readonly runs: readonly HistoryRun[];
}

/** One run: holds the lock from `openRun` until `close`. */
export interface Run {
  readonly id: string;
  /** Transactions of earlier runs that were cut short: offer to `finish` or `takeBack` each. */
  readonly interrupted: readonly HistoryTransaction[];
  carryOut(check: string, treatment: Treatment): Promise<CarriedOut>;
  takeBack(transaction: string): Promise<UndoneTransaction>;
  /** Carries out what an interrupted transaction still lacks. */
  finish(transaction: string): Promise<CarriedOut>;
  close(): Promise<void>;
}

/** A treatment with the check it belongs to. */
export interface CheckTreatment {
  readonly check: string;
  readonly treatment: Treatment;
}
