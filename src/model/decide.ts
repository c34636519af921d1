import type { Fact, Json, UnseenReason } from './look.ts';

export type Severity = 'error' | 'warning' | 'info';

/** One thing that can be wrong, a stable slug such as `idmap.subid-missing`. */
export type Condition = string;

export interface Problem<E = Json> {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly evidence: E;
}

export type Seen<T> =
  | { readonly value: T; readonly unseen?: undefined }
  | { readonly value?: undefined; readonly unseen: UnseenReason };

export interface Optional<T> {
  readonly optional: Fact<T>;
}

// biome-ignore lint/suspicious/noExplicitAny: the element type is recovered by FactsOf
export type Needs = { readonly [name: string]: Fact<any> | Optional<any> };

export type FactsOf<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Optional<infer T> ? Seen<T> : N[K] extends Fact<infer T> ? T : never;
};

export interface NotApplicable {
  readonly notApplicable: string;
}

export interface Examined<E = Json> {
  readonly problems: readonly Problem<E>[];
  readonly unseen: readonly UnseenReason[];
}

/** A pure, synchronous judgement of facts. `decides`: the verdict depends on it. */
export interface Check<N extends Needs = Needs, E = Json> {
  readonly id: string;
  /** Titled for the healthy state. */
  readonly title: string;
  readonly why: string;
  readonly decides: boolean;
  /** Every condition this check can report. */
  readonly conditions: readonly Condition[];
  readonly needs: N;
  examine(facts: FactsOf<N>): NotApplicable | Examined<E>;
}
