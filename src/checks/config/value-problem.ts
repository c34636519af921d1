import type { ConfigValue } from '../../buildkit/config/read.ts';
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
/** A value of the right type that does not do what it says. `stops`: buildkitd does not start, or every RUN fails. */
export interface ValueProblem {
  readonly condition: Condition;
  readonly effect: 'stops' | 'odd' | 'note';
  readonly key: string;
  readonly written: readonly string[];
  readonly line: number;
  readonly message: string;
  readonly prints: string;
  /** What to write instead, at `written`; null: a person has to say. */
  readonly instead: Json | null;
  readonly advice: string | null;
  readonly versions: string | null;
}
export type FoundValue = Omit<ValueProblem, 'versions'>;

/** One value of the file, as one release takes it. */
export interface JudgedValue extends ConfigValue {
  readonly at: Release;
  readonly key: string;
  /** Null where it is no text. */
  readonly text: string | null;
  /** What the key can be, where there is a list. */
  readonly known: readonly string[];
  /** Nobody reads it: its worker is not used. */
  readonly off: boolean;
  readonly values: readonly ConfigValue[];
  readonly context: ValueContext;
  say(condition: Condition, effect: FoundValue['effect'], message: string, more?: Partial<FoundValue>): FoundValue;
}
