import type { Condition } from '../knowledge/conditions.ts';

export type { Condition };

import type { Fact, HostSubject, Json, UnseenReason } from './look.ts';

export type Severity = 'error' | 'warning' | 'info';

/** Where in a file something stands. Lines and columns count from 1; the end is the last character's. */
export interface Position {
  readonly path: string;
  /** @asType integer */
  readonly line: number;
  /** @asType integer */
  readonly column: number;
  /** @asType integer */
  readonly endLine?: number;
  /** @asType integer */
  readonly endColumn?: number;
}

export interface Problem<E = Json> {
  readonly condition: Condition;
  readonly severity: Severity;
  /** What it is about: a user, a path, a key. */
  readonly subject: string;
  /** A sentence with the real values; without the place, which `at` tells. */
  readonly message: string;
  /** Only for what is written in a file. */
  readonly at?: Position;
  /** What was seen, for whoever doubts the judgement. */
  readonly evidence: E;
}

export type Seen<T> =
  | { readonly value: T; readonly unseen?: undefined }
  | { readonly value?: undefined; readonly unseen: UnseenReason };

export interface Optional<T, S = HostSubject> {
  readonly optional: Fact<T, S>;
  /** Nothing is judged by it: a verdict may stand though nobody answered. */
  readonly explains?: true;
}

// biome-ignore lint/suspicious/noExplicitAny: the element type is recovered by FactsOf
export type Needs<S = HostSubject> = { readonly [name: string]: Fact<any, S> | Optional<any, S> };

/** The facts that `needs` names, as they arrive. `never`: whatever the subject is. */
export type FactsOf<N> = {
  readonly [K in keyof N]: N[K] extends Optional<infer T, never>
    ? Seen<T>
    : N[K] extends Fact<infer T, never>
      ? T
      : never;
};

export interface NotApplicable {
  readonly notApplicable: string;
}

export interface Examined<E = Json> {
  readonly problems: readonly Problem<E>[];
  readonly unseen: readonly UnseenReason[];
}

/** A pure, synchronous judgement of facts. `decides`: the verdict depends on it. */
export interface Check<N extends Needs<S>, E = Json, S = HostSubject> {
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
