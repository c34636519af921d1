import { meaningAt, meaningOf } from './meaning.ts';
import { TomlEditRefused } from './refused.ts';
import { type PairSite, samePath, sitesOf, startsWith } from './sites.ts';
import { commaBehind, lineEnd, lineStart, type Splice, spliced } from './splice.ts';
import type { Span } from './syntax.ts';
import { renderKeys } from './text.ts';

/** Takes what stands at a path away, with the comment on its line. */
export function remove(text: string, path: readonly string[]): string {
  const sites = sitesOf(text);
  const pair = sites.pairs.find((site) => samePath(site.path, path));
  if (pair !== undefined) return removePair(text, pair);
  const element = sites.elements.find((site) => samePath(site.path, path));
  if (element !== undefined) {
    const { array, node } = element;
    return spliced(text, [itemSplice(text, array, array.items, node, true)]);
  }
  const dotted = sites.pairs.find((site) => startsWith(site.path, path) && !startsWith(site.container, path));
  if (dotted !== undefined) {
    const less = removePair(text, dotted);
    return meaningAt(meaningOf(less), path) === undefined ? less : remove(less, path);
  }
  const headers = sites.headers.filter((site) => startsWith(site.path, path));
  if (headers.length === 0) throw new TomlEditRefused(`${renderKeys(path)} is not in the file`);
  return spliced(
    text,
    headers.map(({ node, end }) => ({ at: lineStart(text, node.at), to: lineEnd(text, end), text: '' })),
  );
}

/** Takes a key with its value away: its lines, or its place in an inline table. */
export function removePair(text: string, { node, inline }: Pick<PairSite, 'node' | 'inline'>): string {
  return inline === null
    ? spliced(text, [{ at: lineStart(text, node.at), to: lineEnd(text, node.end), text: '' }])
    : spliced(text, [itemSplice(text, inline, inline.pairs, node, false)]);
}

/** Takes one item out of a list with one comma; an item alone on its lines goes with them. */
function itemSplice(text: string, list: Span, items: readonly Span[], item: Span, mayEndWithComma: boolean): Splice {
  const { at, end } = item;
  const comma = commaBehind(text, end);
  const afterComma = comma === null ? end : comma + 1;
  const start = lineStart(text, at);
  const alone =
    text.slice(start, at).trim() === '' && /^[ \t]*(#[^\n]*)?\r?\n/.test(text.slice(afterComma)) && start > list.at;
  if (alone && (comma !== null || mayEndWithComma)) return { at: start, to: lineEnd(text, afterComma), text: '' };
  const index = items.indexOf(item);
  const previous = items[index - 1];
  const isLast = index === items.length - 1;
  if (previous !== undefined && isLast && comma === null) {
    const before = commaBehind(text, previous.end);
    const between = before === null ? '' : text.slice(before + 1, at);
    // A comment between the comma and the item is not ours to take.
    return between.includes('#') && mayEndWithComma
      ? { at, to: end, text: '' }
      : { at: previous.end, to: end, text: '' };
  }
  const space = /^[ \t]*/.exec(text.slice(afterComma))?.[0].length ?? 0;
  return { at, to: isLast ? afterComma : afterComma + space, text: '' };
}
