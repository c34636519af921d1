import type { ConfigValue, TextPosition } from '../../buildkit/config/read.ts';
import type { Release } from '../../buildkit/version.ts';
import type { Condition } from '../../model/decide.ts';
import type { Json } from '../../model/look.ts';

/** What surrounds the file and decides what its values do. */
export interface ValueContext {
  /** Is the key overridden from outside the file? */
  readonly overridden: (key: string) => boolean;
  /** Is the OCI worker off? */
  readonly ociOff: boolean;
  /** Will the containerd worker be used? */
  readonly containerd: boolean;
  readonly rootless: boolean;
  /** What a flag says of it; null: no flag. */
  readonly noProcessSandboxByFlag: boolean | null;
}
/** What is wrong with a value, by name. */
export type ValueMistake =
  | 'snapshotter'
  | 'containerd-snapshotter'
  | 'network-mode'
  | 'log-format'
  | 'log-level'
  | 'address'
  | 'debug-address'
  | 'platform'
  | 'registry-concurrency'
  | 'history-entries'
  | 'name-server'
  | 'dockerfile-off'
  | 'proxy-scheme'
  | 'repository'
  | 'unused'
  | 'literal-path'
  | 'percentage'
  | 'negative-size'
  | 'small-size'
  | 'long-time'
  | 'sandbox-rootful'
  | 'gc-off'
  | 'gc-rules';
/** A value of the right type that does not do what it says. `stops`: buildkitd does not start, or every RUN fails. */
export interface ValueProblem {
  readonly what: ValueMistake;
  readonly condition: Condition;
  readonly effect: 'stops' | 'odd' | 'note';
  readonly key: string;
  readonly written: readonly string[];
  readonly at: TextPosition;
  readonly message: string;
  readonly prints: string;
  /** The value, or the element of the list, that it is about. */
  readonly value: Json;
  /** Its place in a list; null where the value is none. */
  readonly index: number | null;
  /** What buildkitd has instead; empty where there is no list of it. */
  readonly choices: readonly string[];
  readonly versions: string | null;
}
export type FoundValue = Omit<ValueProblem, 'versions'>;

/** One value of the file, as one release takes it. */
export interface JudgedValue extends ConfigValue {
  readonly release: Release;
  readonly key: string;
  /** Null where it is no text. */
  readonly text: string | null;
  /** What the key can be, where there is a list. */
  readonly known: readonly string[];
  /** Nobody reads it: its worker is not used. */
  readonly off: boolean;
  readonly values: readonly ConfigValue[];
  readonly context: ValueContext;
  say(what: ValueMistake, effect: FoundValue['effect'], message: string, more?: Partial<FoundValue>): FoundValue;
  /** The same about an element of a list. */
  sayOf(
    index: number,
    what: ValueMistake,
    effect: FoundValue['effect'],
    message: string,
    more?: Partial<FoundValue>,
  ): FoundValue;
}
