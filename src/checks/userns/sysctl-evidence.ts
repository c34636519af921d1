import type { SetAtBoot } from '../../facts/machine/sysctl.ts';
import type { Position } from '../../model/decide.ts';

/** A kernel value as it is, and as the next boot would make it. */
export interface SysctlEvidence {
  readonly key: string;
  readonly running: string;
  /** Null: nothing sets it, or nobody may see what does. */
  readonly atBoot: string | null;
}

export const sysctlEvidence = (key: string, running: number, atBoot: SetAtBoot | null): SysctlEvidence => ({
  key,
  running: String(running),
  atBoot: atBoot?.value ?? null,
});

/** Where the value is set; null: in no file that has lines. */
export const placeOf = (atBoot: SetAtBoot | null): Position | null =>
  atBoot === null || atBoot.line === 0 ? null : { path: atBoot.path, line: atBoot.line, column: 1 };

/** What sets it, where its place is told apart from the sentence. */
export const setterOf = ({ line }: SetAtBoot): string => (line === 0 ? "the kernel's command line" : 'a file');

/** A value that is right now, and will not be after the next boot; null: this kernel's own default comes back, which is 0. */
export const nextBootWords = (key: string, running: number, atBoot: SetAtBoot | null): string =>
  atBoot === null
    ? `${key} is ${running} now, but no file keeps it: this kernel's own default is 0 at the next boot.`
    : `${key} is ${running} now, but ${setterOf(atBoot)} sets it to ${atBoot.value} at the next boot.`;
