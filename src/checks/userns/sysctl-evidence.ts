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
