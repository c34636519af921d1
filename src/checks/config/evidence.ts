import type { ConfigEdit } from '../../facts/rights/config-edit.ts';
import type { TomlEdit } from '../../model/plan.ts';

/** Where in a configuration file something is, and how it could be mended. */
export interface ConfigEvidence {
  /** Dotted; null for the file as a whole. */
  readonly key: string | null;
  /** From 1; null for the file as a whole, or what stands elsewhere. */
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string;
  /** Which versions of buildkitd it concerns, when not surely the one at hand. */
  readonly versions: string | null;
  /** What buildkitd prints, where its words are known. */
  readonly prints: string | null;
  /** Changes that mend it, tried out on the text; null when a person has to decide. */
  readonly changes: readonly TomlEdit[] | null;
  /** What those changes weaken or cost; null: nothing. */
  readonly consequence: string | null;
  /** The changes bring more than one key into force, and what those say may be wrong in turn: to be made on their own. */
  readonly alone: boolean;
  /** What a person can do. */
  readonly advice: string | null;
  /** By whom the file can be changed; null: by nobody here. */
  readonly edit: ConfigEdit | null;
}
