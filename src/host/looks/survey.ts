import type { Allowed, FileKind, ForeignEntry, IdRange, Survey } from '../../model/look.ts';

/** How many foreign entries are named; the rest is counted. */
const MOST_NAMED = 20;
/** So many owners are counted each on its own. */
const MOST_OWNERS = 1000;
/** Longer than any path with what stands before it. */
const MOST_RECORD = 64 * 1024;

/** find(1) tests that hold for ids inside any of the ranges. "-uid +N" means greater, "-uid -N" less. */
function inside(test: '-uid' | '-gid', ranges: readonly IdRange[]): string[] {
  const alternatives = ranges
    .filter(({ count }) => count > 0)
    .map(({ start, count }) => {
      if (count === 1) return [test, String(start)];
      const lower = start === 0 ? [] : [test, `+${start - 1}`];
      return [...lower, test, `-${start + count}`];
    });
  if (alternatives.length === 0) return ['-false'];
  return alternatives.flatMap((words, index) => (index === 0 ? words : ['-o', ...words]));
}

/**
 * Arguments of find(1) that name only what belongs to nobody allowed, NUL-separated: kind, uid, gid, links, path.
 * Links are not followed and other mounts not entered.
 */
export function surveyArguments(tree: string, allowed: Allowed): string[] {
  return [
    tree,
    '-xdev',
    '!',
    '(',
    '(',
    ...inside('-uid', allowed.uids),
    ')',
    '(',
    ...inside('-gid', allowed.gids),
    ')',
    ')',
    '-printf',
    '%y\\t%U\\t%G\\t%n\\t%p\\0',
  ];
}

const KINDS: { readonly [letter: string]: FileKind } = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  s: 'socket',
  p: 'fifo',
  c: 'character',
  b: 'block',
};

/**
 * Counts what find prints as it comes, in memory that does not grow with the tree. `outside` translates an id seen there
 * into ours (null: hidden by the user namespace), `named` a path.
 */
export function surveyReader({
  outside = (id) => id,
  named = (path) => path,
}: {
  readonly outside?: (id: number, of: 'uid' | 'gid') => number | null;
  readonly named?: (path: string) => string;
} = {}): {
  take(chunk: Buffer): void;
  finish(stderr: string): Survey;
} {
  let rest = '';
  let foreign = 0;
  let known = 0;
  const owners: { [owner: string]: number } = {};
  const first: ForeignEntry[] = [];
  const decoder = new TextDecoder();
  const record = (line: string): void => {
    const [letter = '', uid = '', gid = '', nlink = '', ...path] = line.split('\t');
    if (path.length === 0) return;
    foreign++;
    const ids = { uid: outside(Number(uid), 'uid'), gid: outside(Number(gid), 'gid') };
    const owner = `${ids.uid ?? '?'}:${ids.gid ?? '?'}`;
    if (owners[owner] === undefined && ++known > MOST_OWNERS) owners['?:?'] = (owners['?:?'] ?? 0) + 1;
    else owners[owner] = (owners[owner] ?? 0) + 1;
    if (first.length < MOST_NAMED)
      first.push({
        path: named(path.join('\t')),
        kind: KINDS[letter] ?? 'file',
        ...ids,
        nlink: Number(nlink),
      });
  };
  return {
    take(chunk) {
      const records = (rest + decoder.decode(chunk, { stream: true })).split('\0');
      rest = records.pop() ?? '';
      if (rest.length > MOST_RECORD) rest = '';
      for (const line of records) record(line);
    },
    finish(stderr) {
      const unentered = [
        ...stderr.matchAll(/^find: [‘'"`]?(.*?)[’'"]?: (?:Permission denied|Operation not permitted)$/gm),
      ].map((found) => named(found[1] ?? ''));
      return { entries: null, foreign, owners, first, unentered: unentered.slice(0, MOST_NAMED) };
    },
  };
}
