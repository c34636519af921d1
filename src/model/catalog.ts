import type { Check, Needs } from './decide.ts';
import type { HostSubject } from './look.ts';
import type { Fix } from './plan.ts';

/** One line of a catalog: a check, its fix, when it is treated, and who can explain its failure. */
export interface CatalogEntry<S = HostSubject> {
  // biome-ignore lint/suspicious/noExplicitAny: each line pairs its own evidence
  readonly check: Check<Needs<S>, any, S>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly fix?: Fix<Needs<S>, any, S>;
  /** Checks whose treatments must come first. */
  readonly after?: readonly string[];
  /** Its notes can be treated as well, where somebody names it. */
  readonly treatsNotes?: true;
  /** For a probe: the checks that can explain its failure; they stand before it in the verdict's reasons. */
  readonly explainedBy?: readonly string[];
}

/** What a look at the subject `S` is judged by, in report order. */
export type Catalog<S = HostSubject> = readonly CatalogEntry<S>[];
