import type { Finding } from '../model/finding.ts';
import { type Asked, placeOf } from '../model/request.ts';
import type { BakeCommand } from './bake-command.ts';

/** The first part of what `--set TARGET.KEY=VALUE` may change. */
const KEYS = new Set(
  'context dockerfile args contexts labels tags policy cache-from cache-to target call secret secrets ssh platform output entitlements annotations attest no-cache no-cache-filter shm-size ulimits resources network pull push load extra-hosts'.split(
    ' ',
  ),
);

/** One `--set`, taken apart. */
interface Set_ {
  readonly pattern: string;
  readonly key: string;
  readonly name: string;
  readonly value: Asked;
  readonly appends: boolean;
}

function setOf(asked: Asked): Set_ | null {
  const sign = asked.value.indexOf('=');
  const written = sign < 0 ? asked.value : asked.value.slice(0, sign);
  const appends = written.endsWith('+');
  const [pattern = '', key = '', ...name] = (appends ? written.slice(0, -1) : written).split('.');
  if (key === '' || (sign < 0 && key !== 'args')) return null;
  return {
    pattern,
    key,
    name: name.join('.'),
    value: { ...asked, value: sign < 0 ? '' : asked.value.slice(sign + 1), known: asked.known && sign >= 0 },
    appends,
  };
}

/** What the command line sets of one target. */
export interface TargetSets {
  /** The values of a key; null where nothing sets it. */
  all(key: string): { readonly values: readonly Asked[]; readonly appends: boolean } | null;
  /** `name=value` of what is set by name: args, contexts, labels. */
  named(key: string): readonly Asked[];
}

export function setsFor(target: string, command: BakeCommand | null): TargetSets {
  const sets = (command?.sets ?? []).flatMap((asked) => setOf(asked) ?? []);
  const ours = sets.filter(({ pattern }) => isCovered(pattern, target));
  return {
    all(key) {
      const found = ours.filter((set) => set.key === key && set.name === '');
      const last = found.at(-1);
      return last === undefined ? null : { values: found.map(({ value }) => value), appends: last.appends };
    },
    named: (key) =>
      ours
        .filter((set) => set.key === key && set.name !== '')
        .map(({ name, value }) => ({ ...value, value: `${name}=${value.value}` })),
  };
}

/** What bake refuses of `--set`. */
export function setFindings(command: BakeCommand, targets: Iterable<string>, complete: boolean): readonly Finding[] {
  const names = [...targets];
  return command.sets.flatMap((asked): readonly Finding[] => {
    const refused = (message: string, remedy: string): readonly Finding[] => [
      { ...placeOf(asked), condition: 'build.opt-invalid', severity: 'error', message, needs: {}, remedy: [remedy] },
    ];
    if (!asked.known) return [];
    const set = setOf(asked);
    if (set === null)
      return refused(
        `--set ${asked.value} is refused: bake ends with "invalid override".`,
        'Write --set TARGET.KEY=VALUE, with * for all targets.',
      );
    if (!KEYS.has(set.key))
      return refused(
        `--set ${asked.value} is refused: bake ends with "unknown key: ${set.key}".`,
        set.key === 'platforms' ? 'Write platform in its place.' : 'Name an attribute of a target.',
      );
    if (complete && !names.some((name) => isCovered(set.pattern, name)))
      return refused(
        `--set ${asked.value} is refused: bake ends with "could not find any target matching '${set.pattern}'".`,
        'Name a target of the file, or write * for all of them.',
      );
    return [];
  });
}

/** Whether a name is one of a pattern with stars: its parts stand in it in their order. */
export function isCovered(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
