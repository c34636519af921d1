import { positionIn } from '../../buildkit/config/position.ts';
import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { specOf } from '../../buildkit/config/schema-tree.ts';
import type { Condition, Severity } from '../../model/decide.ts';
import type { BuildkitdCase } from './buildkitd-case.ts';
import { excerpt } from './excerpt.ts';

const CONDITION: { readonly [kind in ConfigProblem['kind']]: Condition } = {
  syntax: 'config.toml-syntax',
  'wrong-type': 'config.wrong-type',
  newer: 'config.unknown-key',
  'letter-case': 'config.unknown-key',
  embedded: 'config.deprecated-key',
  misspelt: 'config.unknown-key',
  unquoted: 'config.unknown-key',
  invented: 'config.unknown-key',
  empty: 'config.unknown-key',
  unknown: 'config.unknown-key',
  misplaced: 'config.misplaced-key',
  deprecated: 'config.deprecated-key',
  'no-effect': 'config.deprecated-key',
};

export const conditionOf = (kind: ConfigProblem['kind']): Condition => CONDITION[kind];

/** Whether buildkitd reads every key and table of the text. */
export function judgeText({ config, found }: BuildkitdCase): void {
  const lines = (config.file?.text ?? '').split('\n');
  for (const problem of config.content.problems) {
    const { kind, key, line, versions, prints, stops, inner } = problem;
    const words = versions === null ? problem.message : `${problem.message} This concerns ${versions}.`;
    const shown = kind === 'syntax' ? ` ${excerpt(lines[line - 1] ?? '', specOf(problem.path) !== null)}` : '';
    const printed = stops && kind === 'wrong-type' && /^\S.*\S$/.test(prints) ? ` It prints: ${prints}` : '';
    found.add(
      CONDITION[kind],
      severityOf(problem),
      inner || key !== '' ? key : `${config.path}:${line}`,
      `${words}${shown}${printed}`,
      { what: kind, key, versions, prints: prints || null },
      positionIn(config, problem),
    );
  }
}

function severityOf({ kind, stops, versions, inner }: ConfigProblem): Severity {
  if (stops) return versions === null ? 'error' : 'warning';
  const unsure = versions !== null && (kind === 'newer' || kind === 'letter-case');
  return inner || unsure || kind === 'deprecated' ? 'info' : 'warning';
}
