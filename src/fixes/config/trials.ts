import { editToml, TomlEditRefused } from '../../buildkit/toml/edit.ts';
import type { ConfigFile } from '../../facts/config/config-file.ts';
import type { ConfigEdit } from '../../facts/rights/config-edit.ts';
import type { Problem } from '../../model/decide.ts';
import type { TomlEdit, Treatment } from '../../model/plan.ts';
import { type Correction, planCorrections } from './corrections.ts';

/** The text after some changes; null where they cannot be made, or change nothing. */
export function edited(text: string, changes: readonly TomlEdit[]): string | null {
  try {
    const after = editToml(text, changes);
    return after === text ? null : after;
  } catch (error) {
    if (error instanceof TomlEditRefused) return null;
    throw error;
  }
}

/** So many characters of text are edited for trial; a person mends a longer file with more mistakes in rounds. */
const TRIED = 300_000;

/** Edits for trial, for as long as the time that this takes with a text of such a length is worth it; null after that. */
export function trialsOf({ length }: string): typeof edited {
  let left = Math.max(1, Math.floor(TRIED / (length + 1)));
  return (text, changes) => (left-- > 0 ? edited(text, changes) : null);
}

/** The correction without its changes where the text does not take them. */
export function possible(correction: Correction, text: string, tried: typeof edited): Correction {
  if (correction.changes === null || tried(text, correction.changes) !== null) return correction;
  return { ...correction, changes: null, consequence: null, alone: false };
}

/** Plans the corrections of the problems that the text of the file takes. */
export function planTried<E>(
  problems: readonly Problem<E>[],
  { config, edit }: { readonly config: ConfigFile; readonly edit: ConfigEdit | null },
  correctionOf: (problem: Problem<E>) => Correction,
): readonly Treatment[] {
  const text = config.file?.text ?? '';
  const tried = trialsOf(text);
  return planCorrections(
    problems,
    problems.map((problem) => possible(correctionOf(problem), text, tried)),
    edit,
  );
}
