import type { Account } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';

/** What a step may know while it is carried out: plain data, so that it can be handed to the process that became the target. */
export interface Work {
  /** The account that this process acts as. */
  readonly uid: number;
  readonly gid: number;
  readonly target: Account;
  /** Places that root itself named. */
  readonly permitted: readonly string[];
  /** For commands run as the target. */
  readonly environment: { readonly [name: string]: string };
  /** Also in the environment of every process started for it, by which what a killed run left behind is found. */
  readonly transaction: string;
  /** Name of this step's temporary files: a dotfile without the live suffix. */
  readonly temp: string;
  /** While taking back: files that were put back since, which gave them another inode. */
  readonly replaced: readonly string[];
  /** While taking back: did the journal see the step end? */
  readonly finished: boolean;
  /** What earlier steps of the same treatment made of files: planned digest → digest that stands there now. */
  readonly earlier: readonly { readonly path: string; readonly planned: string | null; readonly now: string }[];
}
/** Descriptor of the step's backup file: written while preparing, read while taking back. */
export type Backup = number;

/** Identity of an object, and what must still be so. Numbers that may exceed 2^53 are decimal strings. */
export interface Seen {
  readonly dev: string;
  readonly ino: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly size: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
}

/** What stands there now, measured against what a journal entry says. */
export type Standing = 'before' | 'after';

/**
 * How one kind of step is done. `prepare` changes nothing but the backup; what it returns is written to the journal
 * before `act`. All but `prepare` must bear being called again after having been cut short at any point.
 * Each throws Refused, having changed nothing.
 */
export interface StepKind<S extends Step, P> {
  prepare(step: S, work: Work, backup: Backup): Promise<P | 'already'>;
  act(step: S, prepared: P, work: Work, backup: Backup, report: Announce): Promise<Acted>;
  /** Throws Refused when somebody changed it since. */
  standing(step: S, prepared: P, work: Work, backup: Backup): Promise<Standing>;
  takeBack(step: S, prepared: P, work: Work, backup: Backup): Promise<void>;
}
export interface Acted {
  /** One sentence each. */
  readonly leftAlone: readonly string[];
  /** Digest of the file that now stands at the step's path, for edits. */
  readonly digest?: string;
}
/** Counts entries of a tree; throws Refused when the run is to stop. */
export type Announce = (done: number) => void;

export type StepOf<D extends Step['do']> = Extract<Step, { do: D }>;
