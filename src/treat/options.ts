import type { ApplyContext, HistoryTransaction } from '../apply/journal/types.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Problem } from '../model/decide.ts';
import type { HostSubject } from '../model/look.ts';
import type { Step } from '../model/plan.ts';
import type { Checked, PlannedFix, Report, TreatmentReport } from '../model/say.ts';

/** A fix that can be chosen. `fix.diff` is filled in. */
export interface Planned {
  readonly check: string;
  readonly title: string;
  readonly problems: readonly Problem[];
  readonly fix: PlannedFix;
}

export type Preview = (steps: readonly Step[]) => Promise<{ diff: string | null }>;

export interface TreatOptions<R extends Checked = Report, S = HostSubject> {
  /** A whole examination with fresh facts, every call. */
  readonly examine: () => Promise<R>;
  /** For the order of treatment. */
  readonly catalog: Catalog<S>;
  /** Which checks may be treated (`--only`, `--skip`). */
  readonly isSelected: (check: string) => boolean;
  /** Notes too, of the checks that treat them: somebody named the checks. */
  readonly notes?: boolean;
  /** `--yes`: safe fixes are taken without asking, risky ones too with `--risky`. Null: `consent` is asked once a round. */
  readonly automatic: { readonly risky: boolean } | null;
  readonly consent: (planned: readonly Planned[]) => Promise<readonly Planned[]>;
  readonly preview: Preview;
  readonly context: ApplyContext;
  /** What to do with a transaction that an earlier run left half done; taken back when not given. */
  readonly leftover?: (transaction: HistoryTransaction) => Promise<'finish' | 'take-back' | 'leave'>;
  readonly tell?: (event: TreatEvent) => void;
}

/** For progress lines on stderr. */
export type TreatEvent =
  | { readonly event: 'examining'; readonly round: number }
  /** Before consent is asked once more: what was treated, what was offered before and has another plan now, what was not. */
  | {
      readonly event: 'asking-again';
      readonly round: number;
      readonly treated: readonly string[];
      readonly anew: readonly string[];
      readonly more: readonly string[];
    }
  | { readonly event: 'applying'; readonly check: string }
  | { readonly event: 'judged'; readonly treatment: TreatmentReport }
  /** `message` is null when it went well. */
  | {
      readonly event: 'leftover';
      readonly transaction: HistoryTransaction;
      readonly done: 'finished' | 'taken-back' | 'left';
      readonly message: string | null;
    };

/** `report` is the last examination, with the treatments in it. */
export interface Treated<R extends Checked = Report> {
  readonly report: R & { readonly treatments: readonly TreatmentReport[]; readonly changed: boolean };
  readonly treatments: readonly TreatmentReport[];
}

/** What treating needs to know of the examination, whatever was examined. */
export type Treating = Pick<TreatOptions<Checked, never>, 'catalog' | 'isSelected' | 'notes' | 'automatic' | 'context'>;
