import type { Json } from '../../model/look.ts';
import type { TomlEdit } from '../../model/plan.ts';
import { editToml, TomlEditRefused } from '../toml/edit.ts';
import type { Release } from '../version.ts';
import { canMove } from './names.ts';
import type { ConfigProblem } from './problem.ts';
import { joinKey, specOf } from './schema-tree.ts';

/** Changes of the text that mend one problem, and what they weaken or cost (null: nothing). */
export interface Mend {
  readonly changes: readonly TomlEdit[];
  readonly consequence: string | null;
}

/** What a key's value changes for people once buildkitd reads it; `null` where nothing is weakened, deleted or lost. */
function consequenceOf(path: readonly string[], value: Json | undefined): string | null {
  const key = joinKey(path);
  const last = path.at(-1) ?? '';
  if (key === 'root')
    return 'buildkitd then keeps its state in that directory, and leaves the cache in the old one unused.';
  if (key === 'insecure-entitlements')
    return 'Builds may then ask for these entitlements, which let their steps out of the sandbox.';
  if (last === 'insecure' && value === true)
    return "The registry's certificate is then not verified: whoever is on the way can change images.";
  if (last === 'http' && value === true)
    return 'The registry is then spoken to without encryption: whoever is on the way can change images.';
  if (path[0] === 'grpc' && path[1] === 'tls')
    return 'buildkitd then speaks TLS at its TCP addresses: clients that do not are turned away.';
  if (last === 'binary') return 'Build steps are then run by that program, which has to be installed.';
  if (path[0] === 'frontend' && value === false) return 'Builds that ask for this frontend then fail.';
  if (last === 'noProcessSandbox') return "Build steps then see buildkitd's processes, and can kill or trace them.";
  if (key === 'grpc.address' || key === 'grpc.debugAddress')
    return 'buildkitd then listens at these addresses, and no longer at the default one.';
  if (key === 'grpc.gid' || key === 'grpc.uid')
    return 'The socket then belongs to that account or group, which may build with the rights of buildkitd.';
  if (key === 'cdi.autoAllowed') return 'Builds may then use these devices without asking.';
  if (last === 'enabled' && path[0] === 'worker')
    return 'That worker is then switched, and with it the cache that builds use.';
  if (last === 'snapshotter')
    return 'Builds then use the cache of that snapshotter; what another one has cached is not used any more.';
  const spec = specOf(path);
  if (spec?.type === 'size' || last === 'keepDuration') return 'Cache beyond that limit is then deleted.';
  if (last === 'gc') return 'Old cache is then deleted, or no longer deleted, by itself.';
  return null;
}

const isAllowed = (path: readonly string[], value: Json | undefined): boolean => {
  const values = specOf(path)?.values?.map((item) => (typeof item === 'string' ? item : item.value));
  if (values === undefined || value === undefined) return true;
  return Array.isArray(value)
    ? value.every((item: Json) => typeof item === 'string' && values.includes(item))
    : typeof value === 'string' && values.includes(value);
};

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

/**
 * How a problem can be mended by itself for a release, beside the keys that are set; null where a person has to say what
 * is meant. Whether the text takes it is not tried.
 */
export function mendOf(problem: ConfigProblem, set: ReadonlySet<string>, release: Release): Mend | null {
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
