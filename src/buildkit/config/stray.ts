import type { Release } from '../version.ts';
import type { Stray, StrayValue } from './found.ts';
import { type Advice, adviseOn } from './names.ts';
import { type ReleaseProblem, releaseProblem } from './problem.ts';
import { keyText } from './schema-tree.ts';

/** Ways in which a key is no key: the advice may differ by version, the fact does not. */
export const IGNORED: ReadonlySet<string> = new Set([
  'misspelt',
  'misplaced',
  'unquoted',
  'invented',
  'empty',
  'unknown',
]);

/** So many keys that do not exist are thought about; a file with more is no configuration. */
const ADVISED = 100;
/** So many keys of a table that does not exist are told of. */
const TOLD = 20;
const NO_ADVICE: Advice = { kind: 'unknown', to: null, says: null };

/** What is wrong with keys that a release does not read. */
export function strayProblems(strays: readonly Stray[], at: Release): ReleaseProblem[] {
  return strays.flatMap((stray, index) => {
    if (index >= ADVISED) return [strayProblem(stray, NO_ADVICE)];
    const advice = adviseOn(stray, at);
    const main = strayProblem(stray, advice);
    if (!stray.table || !['unknown', 'invented'].includes(advice.kind)) return [main];
    return [main, ...stray.below.slice(0, TOLD).map((inner) => innerProblem(stray, inner, at))];
  });
}

function strayProblem(stray: Stray, advice: Advice): ReleaseProblem {
  const { table, below, value } = stray;
  const key = keyText(stray.path);
  const parts = advice.parts ?? stray.written.length;
  // Advice for a part of the key is about that part, as its first value has it.
  const written =
    advice.parts === undefined ? stray.written : (below[0]?.written ?? stray.written).slice(0, advice.parts);
  const path = advice.parts === undefined ? stray.path : written;
  const isEmpty = table && below.length === 0 && advice.to === null && IGNORED.has(advice.kind);
  return releaseProblem(
    isEmpty ? 'empty' : advice.kind,
    { path, written, at: stray.at },
    strayMessage(table ? `The table [${key}]` : key, advice, stray),
    { to: advice.to, value, below: below.map((inner) => ({ path: inner.path.slice(parts), value: inner.value })) },
  );
}

/** A key in a table that does not exist. */
function innerProblem(stray: Stray, inner: StrayValue, at: Release): ReleaseProblem {
  const alone = { table: false, list: false, known: null, letterCase: null, embedded: false, below: [] };
  const advice = adviseOn({ ...stray, ...inner, ...alone }, at);
  return releaseProblem(
    advice.kind === 'misspelt' ? 'unknown' : advice.kind,
    inner,
    strayMessage(keyText(inner.path), advice, { ...stray, table: false }),
    { to: advice.to, value: inner.value, inner: advice.to === null || advice.kind === 'unknown' },
  );
}

function strayMessage(name: string, { kind, to, says }: Advice, stray: Pick<Stray, 'known' | 'table'>): string {
  const real = to === null ? '' : stray.table && kind !== 'invented' ? `[${keyText(to)}]` : keyText(to);
  const ignored = 'buildkitd silently ignores it';
  switch (kind) {
    case 'newer': {
      const since =
        stray.known === null
          ? ''
          : stray.known.kind === 'key'
            ? stray.known.spec.since
            : `v${stray.known.since.join('.')}`;
      return `${name} is known from ${since} on; this version ignores it.`;
    }
    case 'letter-case':
      return `${name} differs in letter case from ${real}, and ${ignored} in this version.`;
    case 'embedded':
      return `${name} is an internal name that only BuildKit before v0.28.0 accepts; its keys belong to ${real}.`;
    case 'misspelt':
      return `${name} does not exist, so ${ignored}; ${real} does.`;
    case 'misplaced':
      return real === ''
        ? `${name} does nothing here. ${says ?? ''}`.trim()
        : `${name} does nothing here: the real key is ${real}.`;
    case 'unquoted':
      return `${name} has a dot in a name without quotation marks, so ${ignored}; write [${real.replace(/^\[|\]$/g, '')}].`;
    case 'invented':
    case 'unknown':
      return [`${name} does not exist, so ${ignored}.`, real === '' ? '' : `What does exist is ${real}.`, says ?? '']
        .filter(Boolean)
        .join(' ');
  }
}
