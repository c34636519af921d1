import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import type { ConfigReading, ConfigValue } from '../../buildkit/config/read.ts';
import { joinKey, keyText } from '../../buildkit/config/schema-tree.ts';
import { NEWEST } from '../../buildkit/version.ts';
import type { ValueContext } from '../../checks/config/value-problem.ts';
import { judgeValues } from '../../checks/config/value-rules.ts';
import type { ConfigText } from '../../facts/config/config-file.ts';
import { changeOf, type KeyChange } from './key-changes.ts';
import { trialsOf } from './trials.ts';

/** So many mistakes of one file are mended at once. */
const MOST = 100;

/** What can be mended, so that all that costs nothing can be done at once: last first, as the fix does. */
export function keyChangesOf(
  { file, content }: ConfigText,
  context: ValueContext,
): ReadonlyMap<ConfigProblem, KeyChange> {
  const text = file?.text ?? '';
  const changes = new Map<ConfigProblem, KeyChange>();
  const tried = trialsOf(text);
  const set = new Set(content.values.map(({ path }) => joinKey(path)));
  const newest = content.releases.at(-1) ?? NEWEST;
  let together = text;
  for (const problem of content.problems.toReversed().slice(0, MOST)) {
    const change = problem.stops ? null : changeOf(problem, set, newest);
    if (change === null) continue;
    const costsNothing = change.consequence === null && problem.below.length === 0;
    const after = tried(costsNothing ? together : text, change.changes);
    if (after === null || wouldStop(problem, content, context)) continue;
    if (costsNothing) together = after;
    changes.set(problem, change);
  }
  return changes;
}

/** Would what nothing reads now stop buildkitd, once it is read? */
function wouldStop(
  { to, value, below, line, column }: ConfigProblem,
  content: ConfigReading,
  context: ValueContext,
): boolean {
  if (to === null) return false;
  const added = (value === undefined ? below : [{ path: [], value }]).flatMap((entry): readonly ConfigValue[] => {
    const path = [...to, ...entry.path];
    return entry.value === undefined
      ? []
      : [{ path, written: path, value: entry.value, raw: '', line, column, items: [] }];
  });
  const keys = new Set(added.map(({ path }) => keyText(path)));
  const judged = judgeValues({ ...content, values: [...content.values, ...added] }, context);
  return judged.some(({ effect, key }) => effect === 'stops' && keys.has(key));
}
