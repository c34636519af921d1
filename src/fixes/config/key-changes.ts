import { canMove } from '../../buildkit/config/names.ts';
import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { specOf } from '../../buildkit/config/schema-tree.ts';
import type { Release } from '../../buildkit/version.ts';
import type { Json } from '../../model/look.ts';
import type { TomlEdit } from '../../model/plan.ts';
import { consequenceOf } from './consequence.ts';

/** Changes of the text that mend one problem, and what they weaken or cost (null: nothing). */
export interface KeyChange {
  readonly changes: readonly TomlEdit[];
  readonly consequence: string | null;
}

const isAllowed = (path: readonly string[], value: Json | undefined): boolean => {
  const values = specOf(path)?.values?.map((item) => (typeof item === 'string' ? item : item.value));
  if (values === undefined || value === undefined) return true;
  return Array.isArray(value)
    ? value.every((item: Json) => typeof item === 'string' && values.includes(item))
    : typeof value === 'string' && values.includes(value);
};

/**
 * How a problem can be mended by itself for a release, beside the keys that are set; null where a person has to say what
 * is meant. Whether the text takes it is not tried.
 */
export function changeOf(problem: ConfigProblem, set: ReadonlySet<string>, release: Release): KeyChange | null {
  const { kind, written, to, value } = problem;
  // What does nothing can go.
  if (kind === 'no-effect' || kind === 'empty' || (kind === 'deprecated' && to === null))
    return { changes: [{ change: 'remove', path: written }], consequence: null };
  if (to === null || problem.inner) return null;
  switch (kind) {
    case 'misspelt':
    case 'letter-case': {
      const beside = [...written.slice(0, -1), to.at(-1) ?? ''];
      if (value === undefined) {
        const weakens = weakest(problem);
        return { changes: [{ change: 'rename', path: written, to: beside }], consequence: weakens };
      }
      if (!canMove(value, to, set, release) || !isAllowed(to, value)) return null;
      return { changes: [{ change: 'rename', path: written, to: beside }], consequence: consequenceOf(to, value) };
    }
    case 'unquoted': {
      const beside = [...written.slice(0, to.length - 1), to.at(-1) ?? ''];
      return {
        changes: [{ change: 'rename', path: written, to: beside }, ...plainMirrors(problem, beside)],
        consequence: weakest(problem),
      };
    }
    case 'misplaced':
    case 'invented':
      if (value === undefined && kind === 'misplaced') {
        const isWhole = problem.below.every((inner) => canMove(inner.value, [...to, ...inner.path], set, release));
        return isWhole ? { changes: [{ change: 'rename', path: written, to }], consequence: weakest(problem) } : null;
      }
      if (value === undefined || !canMove(value, to, set, release) || !isAllowed(to, value)) return null;
      return { changes: [{ change: 'rename', path: written, to }], consequence: consequenceOf(to, value) };
    case 'deprecated': {
      const write = specOf(problem.path)?.deprecated?.write;
      if (write === 'debug' || write === 'trace')
        return {
          changes: [
            { change: 'set', path: written, value: write },
            { change: 'rename', path: written, to },
          ],
          consequence: null,
        };
      return {
        changes: [{ change: 'rename', path: written, to: [...written.slice(0, -1), to.at(-1) ?? ''] }],
        consequence: null,
      };
    }
    case 'syntax':
    case 'wrong-type':
    case 'newer':
    case 'embedded':
    case 'unknown':
      return null;
  }
}

/** Mirrors of a registry that comes into force lose their scheme at once, lest one mistake is traded for another. */
function plainMirrors({ below }: ConfigProblem, table: readonly string[]): readonly TomlEdit[] {
  return below.flatMap(({ path, value }): readonly TomlEdit[] => {
    if (table[0] !== 'registry' || path.join('.') !== 'mirrors' || !Array.isArray(value)) return [];
    return value.flatMap((mirror: Json, index): readonly TomlEdit[] => {
      const bare = typeof mirror === 'string' ? /^[a-z][a-z0-9+.-]*:\/\/(.*[^/])\/*$/i.exec(mirror)?.[1] : undefined;
      return bare === undefined ? [] : [{ change: 'set', path: [...table, ...path, String(index)], value: bare }];
    });
  });
}

/** The gravest consequence of everything that a whole table would bring into force. */
function weakest({ below, to }: ConfigProblem): string | null {
  for (const { path, value } of below) {
    const found = consequenceOf([...(to ?? []), ...path], value);
    if (found !== null) return found;
  }
  return null;
}
