import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { cdiFaults } from '../../facts/config/cdi.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { containerdWorker } from '../../facts/config/containerd-worker.ts';
import { provenanceEnv } from '../../facts/config/provenance-env.ts';
import { settings } from '../../facts/config/settings.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { FileKind, Json, Owner } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import type { Findings } from '../findings.ts';
import type { ConfigEvidence } from './evidence.ts';
import type { ValueContext, ValueMistake } from './value-problem.ts';

/** A mistake in the text: a key or table that buildkitd refuses or passes over. */
export interface TextEvidence extends ConfigEvidence {
  readonly what: ConfigProblem['kind'];
}
/** A value of the right type that does not do what it says. */
export interface ValueEvidence extends ConfigEvidence {
  readonly what: ValueMistake;
  /** The value, or the element of the list, that it is about. */
  readonly value: Json;
  /** Its place in a list; null where the value is none. */
  readonly index: number | null;
  /** What buildkitd has instead; empty where there is no list of it. */
  readonly choices: readonly string[];
}
/** The file as a whole. */
export interface FileEvidence extends ConfigEvidence {
  readonly what: 'odd-file' | 'unreadable' | 'default-odd' | 'default-unreadable';
  /** Null where it could not be looked at. */
  readonly file: { readonly kind: FileKind; readonly owner: Owner; readonly mode: number } | null;
}
/** What the file says together with what stands elsewhere. */
export interface OtherEvidence extends ConfigEvidence {
  readonly what:
    | 'default-broken'
    | 'default-wins'
    | 'elsewhere'
    | 'overridden'
    | 'provenance'
    | 'cdi'
    | 'no-worker'
    | 'more';
}
/** Evidence of config/buildkitd. */
export type BuildkitdEvidence = TextEvidence | ValueEvidence | FileEvidence | OtherEvidence;

export const needs = {
  config: configFile,
  settings,
  identity,
  environment,
  containerd: optional(containerdWorker),
  provenance: optional(provenanceEnv),
  cdi: optional(cdiFaults),
};
export type BuildkitdFacts = FactsOf<typeof needs>;

/** The configuration, and what has been found of it so far. */
export interface BuildkitdCase extends BuildkitdFacts {
  readonly found: Findings<BuildkitdEvidence>;
  readonly context: ValueContext;
}

/** Evidence of the file as a whole. */
export const WHOLE: ConfigEvidence = { key: null, versions: null, prints: null };
