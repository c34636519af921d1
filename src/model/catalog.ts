import type { Check } from './decide.ts';
import type { Fix } from './plan.ts';

/** One line of the product: a check, its fix, when it is treated, and who can explain its failure. */
export interface CatalogEntry {
  // biome-ignore lint/suspicious/noExplicitAny: each line pairs its own types; `line` below checks that they agree
  readonly check: Check<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly fix?: Fix<any>;
  /** Checks whose treatments must come first. */
  readonly after?: readonly string[];
  /** Its notes can be treated as well, where somebody names it. */
  readonly treatsNotes?: true;
  /** For a probe: the checks that can explain its failure; they stand before it in the verdict's reasons. */
  readonly explainedBy?: readonly string[];
}
