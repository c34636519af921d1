import {
  NEEDED_SYSTEM_CALLS,
  type OptionKind,
  SYSTEM_CALL_GROUPS,
  TAKEN_ALONG,
  TOLERATED_CALLS,
} from '../../knowledge/unit-options.ts';
import { unitWords } from '../../text/unit-words.ts';
import { boolean, type Directive, type Directives, isOn, lastOf, listOf, rawOf } from '../target/directives.ts';
import { type By, byOf } from './unit-mounts.ts';

/** The directive that sets an option of a table; null where it is unset, or set to nothing. */
export function setBy(unit: Directives, option: string, kind: OptionKind): Directive | null {
  switch (kind) {
    case 'switch':
      return isOn(unit, option);
    case 'choice': {
      const last = lastOf(unit, option);
      return last === null || boolean(last.value) === false ? null : last;
    }
    case 'list':
      return listOf(unit, option).at(-1) ?? null;
  }
}

/** The directive that decides an option of one value; null where it is unset. */
export function setTo(unit: Directives, option: string): By | null {
  const last = lastOf(unit, option);
  return last && byOf(option, last);
}

/** The directive that switches an option on. */
export function switchedOn(unit: Directives, option: string): By | null {
  const directive = isOn(unit, option);
  return directive && byOf(option, directive);
}

/** Every option of a table that a unit sets. */
export function allSet(unit: Directives, table: { readonly [option: string]: OptionKind }): readonly By[] {
  return Object.entries(table).flatMap(([option, kind]) => {
    const directive = setBy(unit, option, kind);
    return directive === null ? [] : [byOf(option, directive)];
  });
}

/** What of something a unit takes away, by which option. */
export interface Taken {
  readonly names: readonly string[];
  readonly by: By;
}

/** A set that is written as "A B" or "~A B", several times, as systemd adds them up: is a name in it? */
function contains(
  assigned: readonly Directive[],
  nameOf: (word: string) => string,
): ((name: string) => boolean) | null {
  let listed = new Set<string>();
  let inverted = false;
  let begun = false;
  for (const { value } of assigned) {
    const without = value.startsWith('~');
    const names = unitWords(value.replace(/^~/, '')).words.map(nameOf);
    if (!begun) {
      // Nothing, and everything, are where systemd begins.
      begun = names.length > 0;
      inverted = without;
      listed = new Set(names);
    } else for (const name of names) listed[without === inverted ? 'add' : 'delete'](name);
  }
  return begun || assigned.length > 0 ? (name) => listed.has(name) !== inverted : null;
}

/** Which of these capabilities no process of the unit can have. */
export function takenCapabilities(unit: Directives, needed: readonly string[]): readonly Taken[] {
  const assigned = rawOf(unit, 'CapabilityBoundingSet');
  const has = contains(assigned, (word) => word.toUpperCase());
  const last = assigned.at(-1);
  const lost = has === null ? [] : needed.filter((name) => !has(name));
  const along = Object.entries(TAKEN_ALONG).flatMap(([option, names]) => {
    const directive = isOn(unit, option);
    const also = names.filter((name) => needed.includes(name) && !lost.includes(name));
    return directive === null || also.length === 0 ? [] : [{ names: also, by: byOf(option, directive) }];
  });
  return last === undefined || lost.length === 0
    ? along
    : [{ names: lost, by: byOf('CapabilityBoundingSet', last) }, ...along];
}

/** Which of these kinds of namespaces may not be made. */
export function takenNamespaces(unit: Directives, needed: readonly string[]): Taken | null {
  const assigned = listOf(unit, 'RestrictNamespaces');
  const last = assigned.at(-1);
  if (last === undefined) return null;
  const by = byOf('RestrictNamespaces', last);
  const whole = boolean(last.value);
  if (whole !== null) return whole ? { names: needed, by } : null;
  const from = assigned.findLastIndex(({ value }) => boolean(value) !== null) + 1;
  const has = contains(assigned.slice(from), (word) => word);
  const names = needed.filter((name) => has?.(name) === false);
  return names.length === 0 ? null : { names, by };
}

/** System calls that a unit's filter refuses. */
export interface RefusedCalls extends Taken {
  /** The process is ended, instead of being told an error, by at least one of them. */
  readonly ends: boolean;
}

/** Which needed system calls a filter refuses; `untold` are its groups of which nothing is known. */
export function refusedCalls(unit: Directives): {
  readonly refused: RefusedCalls | null;
  readonly untold: Taken | null;
} {
  const assigned = listOf(unit, 'SystemCallFilter');
  const last = assigned.at(-1);
  if (last === undefined) return { refused: null, untold: null };
  const by = byOf('SystemCallFilter', last);
  const isAllowList = assigned[0]?.value.startsWith('~') === false;
  /** Listed calls, with the error that they have of their own. */
  const listed = new Map<string, string | undefined>();
  const unknown: string[] = [];
  for (const { value } of assigned) {
    const adds = value.startsWith('~') !== isAllowList;
    for (const word of unitWords(value.replace(/^~/, '')).words) {
      const [name = '', error] = word.split(':', 2);
      const calls = callsOf(name);
      if (calls === null) unknown.push(name);
      for (const call of calls ?? []) {
        if (adds) listed.set(call, error);
        else listed.delete(call);
      }
    }
  }
  const general = lastOf(unit, 'SystemCallErrorNumber')?.value;
  /** What a refused call is told; "kill": nothing any more. */
  const answerTo = (call: string): string => (isAllowList ? undefined : listed.get(call)) ?? general ?? 'kill';
  const names = ALL_CALLS.filter((call) => {
    if (listed.has(call) === isAllowList) return false;
    const error = TOLERATED_CALLS[call];
    return error === undefined || answerTo(call) === 'kill' || (error !== '' && error !== answerTo(call));
  });
  return {
    refused: names.length === 0 ? null : { names, by, ends: names.some((call) => answerTo(call) === 'kill') },
    untold: unknown.length === 0 ? null : { names: unknown, by },
  };
}

const ALL_CALLS: readonly string[] = Object.values(NEEDED_SYSTEM_CALLS).flat();

/** The needed calls of a name or a group; null for a group of which nothing is known. */
function callsOf(name: string): readonly string[] | null {
  if (!name.startsWith('@')) return ALL_CALLS.includes(name) ? [name] : [];
  if (name === '@known') return ALL_CALLS;
  const direct = NEEDED_SYSTEM_CALLS[name];
  if (direct !== undefined) return direct;
  const members = SYSTEM_CALL_GROUPS[name];
  return members === undefined ? null : members.flatMap((member) => callsOf(member) ?? []);
}
