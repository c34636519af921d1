import type { Entry } from './book.ts';

/** An answer of somebody who saw only stand-ins, with the names of this host again. */
export function translated(
  text: string,
  entries: readonly Entry[],
): { readonly text: string; readonly replaced: number } {
  const inJson = (one: string): string => JSON.stringify(one).slice(1, -1);
  // An account of a domain has a backslash, which JSON doubles.
  const byStandIn = new Map(
    entries.flatMap(({ name, standIn }): [string, string][] => [
      [inJson(standIn).toLowerCase(), inJson(name)],
      [standIn.toLowerCase(), name],
    ]),
  );
  if (byStandIn.size === 0) return { text, replaced: 0 };
  const longestFirst = [...byStandIn.keys()].sort((a, b) => b.length - a.length);
  const any = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${longestFirst.map(escaped).join('|')})(?![\\p{L}\\p{N}])(?!\\.\\d)`,
    'giu',
  );
  let replaced = 0;
  const shown = text.replace(any, (standIn) => {
    replaced++;
    return byStandIn.get(standIn.toLowerCase()) ?? standIn;
  });
  return { text: shown, replaced };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
