import type { ApplyContext } from './apply/types.ts';
import type { CatalogEntry } from './catalog.ts';
import type { PlannedFix, Report, Step, TreatmentReport } from './model.ts';

/** A fix that can be chosen. `fix.diff` is filled in. */
export interface Planned {
  readonly check: string;
  readonly title: string;
  readonly fix: PlannedFix;
}
export interface TreatOptions {
  /** A whole examination with fresh facts, every call. */
  readonly examine: () => Promise<Report>;
  /** For the order of treatment. */
  readonly catalog: readonly CatalogEntry[];
  /** Which checks may be treated (`--only`, `--skip`). */
  readonly isSelected: (check: string) => boolean;
  /** `--yes`: safe fixes are taken without asking, risky ones too with `--risky`. Null: `consent` is asked once a round. */
  readonly automatic: { readonly risky: boolean } | null;
  readonly consent: (planned: readonly Planned[]) => Promise<readonly Planned[]>;
  readonly preview: (steps: readonly Step[]) => Promise<{ diff: string | null }>;
  readonly context: ApplyContext;
  readonly tell?: (event: TreatEvent) => void;
}
/** For progress lines on stderr. */
export type TreatEvent =
  | { readonly event: 'examining'; readonly round: number }
  | { readonly event: 'applying'; readonly check: string }
  | { readonly event: 'judged'; readonly treatment: TreatmentReport };
/** `report` is the last examination, with the treatments in it. */
export interface Treated {
  readonly report: Report;
  readonly treatments: readonly TreatmentReport[];
}

/** Rounds of examine, plan, consent, apply and examine again; at most three. Throws Busy, or Refused when there is no place for a journal. */
export async function treat(_options: TreatOptions): Promise<Treated> {
  throw new Error('not built yet');
}
