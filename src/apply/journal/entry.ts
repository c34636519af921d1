import type { Account, Json } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';

/** Whose run it is, and for whom: undoing needs the same people, places and environment. */
export interface RunEntry {
  readonly id: string;
  readonly at: string;
  readonly user: string;
  readonly version: string;
  /** Not to be guessed; names temporary files and marks processes. */
  readonly token: string;
  readonly target: Account;
  readonly permitted: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

/** One line of a run's journal. Each is on disk before what it announces is done. */
export type JournalEntry =
  | ({ readonly entry: 'run' } & RunEntry)
  | {
      readonly entry: 'transaction';
      readonly transaction: string;
      readonly check: string;
      readonly steps: readonly Step[];
    }
  | {
      readonly entry: 'intent';
      readonly transaction: string;
      readonly step: number;
      readonly actor: 'self' | 'target';
      /** Name of its temporary files. */
      readonly temp: string;
      readonly prepared: Json;
    }
  | { readonly entry: 'done'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'already'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'applied'; readonly transaction: string }
  /** The opposite of a command is about to be run: nobody can see afterwards whether it was. */
  | { readonly entry: 'undoing'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'not-undone'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'undone'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'taken-back'; readonly transaction: string };
