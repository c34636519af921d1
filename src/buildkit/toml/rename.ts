import { add } from './add.ts';
import { meaningAt, meaningOf } from './meaning.ts';
import { TomlEditRefused } from './refused.ts';
import { removePair } from './remove.ts';
import { type PairSite, type Sites, samePath, sitesOf, startsWith, withoutIndexes } from './sites.ts';
import { commentEndBehind, type Splice, spliced } from './splice.ts';
import type { KeyPart } from './syntax.ts';
import { renderKeys } from './text.ts';

type Path = readonly string[];

/** Gives what stands at a path another one: in its place where that can be, else elsewhere with its comment. */
export function rename(text: string, path: Path, to: Path): string {
  if (samePath(path, to)) return text;
  const sites = sitesOf(text);
  const pair = sites.pairs.find((site) => samePath(site.path, path));
  if (pair !== undefined) return renamePair(text, pair, to);
  const common = commonLength(path, to);

  // Keys whose tables would have to change with them move one by one.
  const moving = sites.pairs.find(
    (site) => startsWith(site.path, path) && !startsWith(site.container, path) && site.container.length > common,
  );
  if (moving !== undefined) {
    const moved = renamePair(text, moving, [...to, ...moving.path.slice(path.length)]);
    return meaningAt(meaningOf(moved), path) === undefined ? moved : rename(moved, path, to);
  }
  return spliced(text, renamedKeys(sites, path, to, common));
}

function commonLength(a: Path, b: Path): number {
  let common = 0;
  while (common < a.length && common < b.length && a[common] === b[common]) common++;
  return common;
}

/** New names for a table in every header and dotted key that names it. */
function renamedKeys(sites: Sites, path: Path, to: Path, common: number): readonly Splice[] {
  const retoken = (keys: readonly KeyPart[], from: number, until: number): Splice => {
    const first = keys[from];
    const last = keys[until - 1];
    if (first === undefined || last === undefined)
      throw new TomlEditRefused(`${renderKeys(path)} cannot become ${renderKeys(to)}`);
    return { at: first.at, to: last.end, text: renderKeys(to.slice(common)) };
  };
  const written = (length: number): number => withoutIndexes(sites, path.slice(0, length)).length;
  const from = written(common);
  const until = written(path.length);
  const headers = sites.headers.filter((site) => startsWith(site.path, path));
  const dotted = sites.pairs.filter((site) => startsWith(site.path, path) && !startsWith(site.container, path));
  return [
    ...headers.map(({ node }) => retoken(node.keys, from, until)),
    ...dotted.map(({ node, container }) =>
      retoken(node.keys, common - container.length, path.length - container.length),
    ),
  ];
}

function renamePair(text: string, pair: PairSite, to: Path): string {
  const after = renamedInPlace(text, pair, to);
  if (after !== null) return after;
  const { node, inline } = pair;
  const comment = inline === null ? commentEndBehind(text, node.end) : null;
  return add(removePair(text, pair), to, {
    raw: text.slice(node.value.at, node.value.end),
    comment: comment === null ? '' : text.slice(node.end, comment),
  });
}

/** The text with another key where this one stands; null where that would not be valid. */
function renamedInPlace(text: string, { node, path, container }: PairSite, to: Path): string | null {
  const { keys } = node;
  const isHere =
    startsWith(to, container) &&
    to.length > container.length &&
    (keys.length > 1 || to.length === container.length + 1);
  if (!isHere) return null;
  const names = to.slice(container.length);
  const same = Math.min(commonLength(path.slice(container.length), names), names.length - 1, keys.length - 1);
  const first = keys[same];
  const last = keys.at(-1);
  if (first === undefined || last === undefined) return null;
  const after = spliced(text, [{ at: first.at, to: last.end, text: renderKeys(names.slice(same)) }]);
  return isValid(after) ? after : null;
}

function isValid(text: string): boolean {
  try {
    meaningOf(text);
    return true;
  } catch {
    return false;
  }
}
