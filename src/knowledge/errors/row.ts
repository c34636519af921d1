import type { Condition } from '../conditions.ts';

/** Whose words they are. */
export type Speaker = 'rootlesskit' | 'idmap-helper' | 'runtime';

/** Words of a program that fails, and what they mean. */
export interface ErrorWords {
  readonly by: Speaker;
  /** The signature, within one message. */
  readonly says: RegExp;
  /** Words that must stand beside it. */
  readonly beside?: RegExp;
  /** Words beside which it means something else. */
  readonly unless?: RegExp;
  /** The likeliest first; more than one where the words alone cannot tell. */
  readonly means: readonly [Condition, ...Condition[]];
}
