import type { FactsOf, Needs, Problem } from './decide.ts';
import type { Allowed, As, HostSubject, Json, Owner } from './look.ts';

export type Risk = 'safe' | 'risky' | 'manual';

export type Until = 'login' | 'restart' | 'reboot';

/** One change of a TOML document; `path` are unquoted key parts, array-of-table indexes as decimal strings. */
export type TomlEdit =
  | { readonly change: 'set'; readonly path: readonly string[]; readonly value: Json }
  | { readonly change: 'remove'; readonly path: readonly string[] }
  | { readonly change: 'rename'; readonly path: readonly string[]; readonly to: readonly string[] };

/** How a file's text changes. Lines are without their line end; a missing final newline is supplied before an append. */
export type Edit =
  | { readonly edit: 'whole'; readonly text: string }
  | { readonly edit: 'append'; readonly line: string }
  | { readonly edit: 'replace-line'; readonly line: string; readonly by: string | null }
  | { readonly edit: 'toml'; readonly changes: readonly TomlEdit[] };

/** The whole language of change: data, carried out by the apply room alone. */
export type Step = { readonly as: As | 'root' } & (
  | {
      readonly do: 'edit';
      readonly path: string;
      /** SHA-256 of the text the plan saw; null: the file must not exist. */
      readonly expects: string | null;
      readonly edit: Edit;
      /** For a new file; an existing one keeps its own. */
      readonly mode: number;
      readonly owner: Owner;
    }
  | { readonly do: 'directory'; readonly path: string; readonly mode: number; readonly owner: Owner }
  | { readonly do: 'remove'; readonly path: string; readonly expects: string }
  | { readonly do: 'owner'; readonly path: string; readonly from: Owner; readonly to: Owner }
  | { readonly do: 'mode'; readonly path: string; readonly from: number; readonly to: number }
  | {
      /** Gives what is foreign below a tree to `to`; `only` limits it to these present owners (null: any foreign one). */
      readonly do: 'adopt';
      readonly tree: string;
      readonly allowed: Allowed;
      readonly only: readonly number[] | null;
      readonly to: Owner;
    }
  | { readonly do: 'sysctl'; readonly key: string; readonly from: string; readonly to: string }
  | {
      readonly do: 'run';
      readonly argv: readonly string[];
      readonly undo: readonly string[] | null;
      readonly why: string;
    }
  | { readonly do: 'tell'; readonly text: string }
);

export interface Treatment {
  /** Indexes into the check's problems. */
  readonly for: readonly number[];
  readonly risk: Risk;
  /** When it takes effect, if not at once. */
  readonly until?: Until;
  /** One sentence on what is lost or weakened; required for risky ones. */
  readonly consequence?: string;
  readonly steps: readonly Step[];
}

/** The needs of a fix that plans from the evidence alone. */
export type NoNeeds = { readonly [name: string]: never };

/** A plan for problems, from their evidence and from facts of the same examination. Pure: it neither looks nor acts. */
export interface Fix<N extends Needs<S>, E = Json, S = HostSubject> {
  readonly title: string;
  /** Its advice is for what no other failing check explains (`explainedBy` of the catalog). */
  readonly unexplained?: true;
  readonly needs: N;
  plan(problems: readonly Problem<E>[], facts: FactsOf<N>): readonly Treatment[];
}
