import type { ConfigEdit } from '../../facts/rights/config-edit.ts';
import type { Problem, Severity } from '../../model/decide.ts';
import type { Step, TomlEdit, Treatment } from '../../model/plan.ts';
import { advice as adviceOn } from '../advice.ts';

/** What can be done about one problem of a configuration file. */
export interface Correction {
  /** Changes that mend it, tried out on the text; null when a person has to decide. */
  readonly changes: readonly TomlEdit[] | null;
  /** What those changes weaken or cost; null: nothing. */
  readonly consequence: string | null;
  /** The changes bring more than one key into force, and what those say may be wrong in turn: to be made on their own. */
  readonly alone: boolean;
  /** What a person can do, where nothing is changed. */
  readonly advice: string | null;
}

export const NOTHING: Correction = { changes: null, consequence: null, alone: false, advice: null };

/**
 * Corrections of the problems, in their order. What can be edited is one safe treatment for each grade, what costs something
 * each on its own, the rest advice. `edit`: how the file can be changed; null: by nobody here.
 */
export function planCorrections(
  problems: readonly Problem<unknown>[],
  corrections: readonly Correction[],
  edit: ConfigEdit | null,
): readonly Treatment[] {
  if (edit === null)
    return corrections.flatMap(({ advice }, index) => (advice === null ? [] : [adviceOn([index], advice)]));
  const safe = (wanted: (severity: Severity) => boolean): readonly Treatment[] => {
    const group = problems.flatMap(({ severity }, index) => {
      const { changes, consequence, alone } = corrections[index] ?? NOTHING;
      return changes !== null && consequence === null && !alone && wanted(severity) ? [{ index, changes }] : [];
    });
    if (group.length === 0) return [];
    // Last first, so that indexes of lists stay what they were; they were tried in this order too.
    const changes = group.toReversed().flatMap((one) => one.changes);
    return [{ for: group.map(({ index }) => index), risk: 'safe', until: 'restart', steps: [stepOf(edit, changes)] }];
  };
  return [
    ...safe((severity) => severity !== 'info'),
    ...safe((severity) => severity === 'info'),
    ...corrections.flatMap((correction, index) => single(correction, index, edit)),
  ];
}

/** What is treated on its own. */
function single(
  { changes, consequence, alone, advice }: Correction,
  index: number,
  edit: ConfigEdit,
): readonly Treatment[] {
  if (changes === null) return advice === null ? [] : [adviceOn([index], advice)];
  const steps = [stepOf(edit, changes)];
  if (consequence !== null) return [{ for: [index], risk: 'risky', until: 'restart', consequence, steps }];
  return alone ? [{ for: [index], risk: 'safe', until: 'restart', steps }] : [];
}

function stepOf({ as, path, digest, mode, owner }: ConfigEdit, changes: readonly TomlEdit[]): Step {
  return { do: 'edit', as, path, expects: digest, edit: { edit: 'toml', changes }, mode, owner };
}
