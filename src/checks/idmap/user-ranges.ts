import type { SubidKind, Subids } from '../../facts/start/subids.ts';
import type { SubidEntry, SubidLine } from '../../facts/target/subid-file.ts';
import { ENOUGH, FULL, LAST_ID } from '../../knowledge/id-ranges.ts';
import type { Condition, Position, Severity } from '../../model/decide.ts';
import type { IdRange, UnseenReason } from '../../model/look.ts';
import { type Asked, FATAL, fileOf, isDelegated } from './asked.ts';
import { contains, isWithin, overlaps, rangeText } from './id-ranges.ts';

/** What is wrong with the user's ranges of one kind. */
export interface RangeFinding {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly kind: SubidKind;
  /** Without its place. */
  readonly message: string;
  readonly at: Position | null;
  readonly ranges: readonly IdRange[];
  readonly total?: number;
}

/** Whose ranges they are, and where they may lie. */
export interface RangeOwner {
  readonly kind: SubidKind;
  readonly name: string;
  /** The id that is mapped to 0. */
  readonly own: number;
  /** What a line of the user begins with. */
  readonly owners: readonly string[];
  /** The ids that exist around this process; null: all. */
  readonly outer: readonly IdRange[] | null;
  readonly subids: Subids;
}

/** Lines of a map: one for the user itself (Linux 4.15; it was 5 before). */
const MOST_RANGES = 339;
/** A map is written at once, and the kernel refuses a page or more (user_namespaces(7)). */
const PAGE = 4096;
const WORD: { readonly [K in SubidKind]: string } = { uid: 'user', gid: 'group' };

/** The ids that could be mapped, beside the user's own, against what images need. */
export function judgeTotal(
  kind: SubidKind,
  name: string,
  total: number,
  ranges: readonly IdRange[],
): readonly RangeFinding[] {
  if (total >= FULL) return [];
  const enough = total >= ENOUGH;
  return [
    {
      condition: 'idmap.subid-too-few',
      severity: enough ? 'warning' : 'error',
      kind,
      total,
      at: null,
      ranges,
      message: enough
        ? `${name} has ${total} subordinate ${WORD[kind]} ids: ids above ${total} in an image cannot be given away (65536 are usual).`
        : `${name} has ${total} subordinate ${WORD[kind]} ids: a build that gives a file to nobody (65534) needs at least 65534.`,
    },
  ];
}

/** Would newuidmap and newgidmap map what they are asked for, and is it enough? */
export function judgeRanges(owner: RangeOwner, asked: Asked): readonly RangeFinding[] | UnseenReason {
  const { kind, name, subids } = owner;
  const { state } = subids[kind];
  const path = fileOf(kind);
  if (state === 'link')
    return [invalid(owner, `${path} is a symbolic link: newuidmap and newgidmap do not follow it.`)];
  if (state === 'other') return [invalid(owner, `${path} is not a regular file.`)];
  if ('failure' in asked) return judgeFailure(owner, asked);
  if (state === 'missing')
    return [
      missing(
        owner,
        `${path} does not exist, and newuidmap and newgidmap want it even where the ids come from elsewhere.`,
      ),
    ];
  const sane = asked.ranges.filter((range) => !isBeyond(range) && !isEmpty(range));
  const source: Source = { ...owner, from: asked.from };
  const found = [
    ...judgeBounds(source, asked.ranges),
    ...judgeDelegation(source, sane),
    ...judgeMap(owner, sane),
    ...judgeOverlap(source, sane),
    ...judgeOuter(source, sane),
  ];
  if (found.length > 0) return found;
  const total = sane.reduce((sum, { count }) => sum + count, 0);
  return judgeTotal(kind, name, total, sane);
}

interface Source extends RangeOwner {
  readonly from: Asked['from'];
}

function finding(
  { kind }: RangeOwner,
  condition: Condition,
  message: string,
  at: Position | null = null,
  ranges: readonly IdRange[] = [],
): RangeFinding {
  return { condition, severity: 'error', kind, message, at, ranges };
}

const missing = (owner: RangeOwner, message: string): RangeFinding => finding(owner, 'idmap.subid-missing', message);
const invalid = (
  owner: RangeOwner,
  message: string,
  at: Position | null = null,
  ranges: readonly IdRange[] = [],
): RangeFinding => finding(owner, 'idmap.subid-invalid', message, at, ranges);

const lineAt = (kind: SubidKind, line: number): Position => ({ path: fileOf(kind), line, column: 1 });

/** Where a range is written; null: by no line that is read, or nobody knows. */
function placeOf(source: Source, range: IdRange | undefined): Position | null {
  if (range === undefined) return null;
  // What is written twice is too much where it comes again.
  const line = entriesOf(source).findLast(({ start, count }) => start === range.start && count === range.count)?.line;
  return line === undefined ? null : lineAt(source.kind, line);
}

function entriesOf({ kind, owners, from, subids }: Source): readonly SubidEntry[] {
  const { shadow, rootlesskit } = subids[kind].content;
  if (from === 'file') return rootlesskit;
  return subids.source === 'files' ? shadow.filter(({ owner }) => owners.includes(owner)) : [];
}

/** For a message that has no place to stand before it. */
const inFile = (at: Position | null, kind: SubidKind): string => (at === null ? ` in ${fileOf(kind)}` : '');

/** A line that looks like the user's, which newuidmap does not take. */
function hiddenLine({ kind, owners, subids }: RangeOwner): SubidLine | undefined {
  const { ownLines, shadow } = subids[kind].content;
  return ownLines.find(({ line }) => !shadow.some((entry) => entry.line === line && owners.includes(entry.owner)));
}

const hiddenWords = ({ text }: SubidLine): string => `newuidmap and newgidmap ignore this line: ${shown(text)}.`;

function judgeFailure(
  owner: RangeOwner,
  asked: Extract<Asked, { readonly failure: unknown }>,
): readonly RangeFinding[] | UnseenReason {
  const { kind, name, subids } = owner;
  const path = fileOf(kind);
  switch (asked.failure) {
    case 'missing':
      return [missing(owner, `${path} does not exist.`)];
    case 'not-a-file':
      return [invalid(owner, `${path} is not a regular file.`)];
    case 'unreadable':
      return [
        invalid(owner, `${name} may not read ${path}, and rootlesskit reads it as that user (usual is mode 0644).`),
      ];
    case 'unknown':
      return { why: `${path} could not be read here`, command: `sudo grep -n '' ${path}` };
    case 'malformed': {
      const { line, by, text } = asked.at;
      return [invalid(owner, `rootlesskit gives up at this line: ${FATAL[by]}: ${shown(text)}.`, lineAt(kind, line))];
    }
    case 'none': {
      const hidden = hiddenLine(owner);
      return hidden === undefined
        ? [missing(owner, missingWords(name, path, subids.source))]
        : [invalid(owner, hiddenWords(hidden), lineAt(kind, hidden.line))];
    }
  }
}

const isBeyond = ({ start, count }: IdRange): boolean => start < 0 || start + count > LAST_ID + 1;
const isEmpty = ({ count }: IdRange): boolean => count <= 0;

function judgeBounds(source: Source, ranges: readonly IdRange[]): readonly RangeFinding[] {
  const { kind, name } = source;
  const found: RangeFinding[] = [];
  const beyond = ranges.filter(isBeyond);
  if (beyond.length > 0) {
    const at = placeOf(source, beyond[0]);
    const where = inFile(at, kind);
    const message = `${name}'s range ${listed(beyond)}${where} goes beyond the largest id, ${LAST_ID}.`;
    found.push(invalid(source, message, at, beyond));
  }
  const empty = ranges.filter(isEmpty);
  if (empty.length > 0) {
    const at = placeOf(source, empty[0]);
    const message = `A line of ${name}${inFile(at, kind)} has no ids (count ${empty[0]?.count}).`;
    found.push(invalid(source, message, at, empty));
  }
  return found;
}

/** Where the files count, newuidmap reads them itself, by rules of its own. */
function judgeDelegation(source: Source, sane: readonly IdRange[]): readonly RangeFinding[] {
  const { kind, name, owners, subids } = source;
  const file = subids[kind];
  if (subids.source !== 'files' || !file.known) return [];
  const refused = sane.filter((range) => !isDelegated(file.content.shadow, owners, range));
  if (refused.length === 0) return [];
  const hidden = hiddenLine(source);
  if (hidden !== undefined) return [invalid(source, hiddenWords(hidden), lineAt(kind, hidden.line), refused)];
  const at = placeOf(source, refused[0]);
  const what = at === null ? fileOf(kind) : 'this line';
  const message = `new${kind}map and rootlesskit read ${what} differently: new${kind}map refuses ${name} the range ${listed(refused)}.`;
  return [invalid(source, message, at, refused)];
}

/** Would the kernel take a map of so many lines? */
function judgeMap(owner: RangeOwner, sane: readonly IdRange[]): readonly RangeFinding[] {
  const { kind, name, own } = owner;
  const path = fileOf(kind);
  if (sane.length > MOST_RANGES)
    return [invalid(owner, `${name} has ${sane.length} ranges in ${path}; the kernel takes ${MOST_RANGES}.`)];
  const { length } = mapText(own, sane);
  if (length < PAGE) return [];
  return [
    invalid(
      owner,
      `${name}'s ${sane.length} ranges in ${path} make a map of ${length} bytes; the kernel takes less than ${PAGE}.`,
    ),
  ];
}

/** The kernel refuses to map an id twice. */
function judgeOverlap(source: Source, sane: readonly IdRange[]): readonly RangeFinding[] {
  const { kind, name, own } = source;
  const found: RangeFinding[] = [];
  const around = sane.filter((range) => contains(range, own));
  if (around.length > 0) {
    const at = placeOf(source, around[0]);
    const message = `${name}'s range ${listed(around)}${inFile(at, kind)} contains ${name}'s own ${WORD[kind]} id ${own}, which would then be mapped twice.`;
    found.push(finding(source, 'idmap.subid-overlap', message, at, around));
  }
  const twice = sane.filter((range, index) => sane.some((other, at) => at < index && overlaps(other, range)));
  if (twice.length > 0) {
    const at = placeOf(source, twice[0]);
    found.push(finding(source, 'idmap.subid-overlap', overlapWords(source, sane, twice, at), at, twice));
  }
  return found;
}

function overlapWords(
  { kind, name, owners, from, subids }: Source,
  ranges: readonly IdRange[],
  twice: readonly IdRange[],
  at: Position | null,
): string {
  const lines = subids[kind].content.shadow.filter(({ owner }) => owners.includes(owner));
  const same = twice.filter(
    (range) => ranges.filter(({ start, count }) => start === range.start && count === range.count).length > 1,
  );
  const [first] = same;
  if (first === undefined || same.length < twice.length)
    return `${name}'s ranges${inFile(at, kind)} overlap (${listed(ranges)}): the kernel refuses to map an id twice.`;
  if (from === 'getsubids' && lines.length < ranges.length)
    return `${at === null ? fileOf(kind) : 'This line'} names ${name} by number, and this rootlesskit (before 1.1.1) then takes the range ${rangeText(first)} twice.`;
  return `${name} has the range ${rangeText(first)} more than once${inFile(at, kind)}: the kernel refuses to map an id twice.`;
}

function judgeOuter(source: Source, sane: readonly IdRange[]): readonly RangeFinding[] {
  const { kind, name, outer } = source;
  if (outer === null) return [];
  const outside = sane.filter((range) => !outer.some((piece) => isWithin(range, piece)));
  if (outside.length === 0) return [];
  const at = placeOf(source, outside[0]);
  const message = `${name}'s range ${listed(outside)}${inFile(at, kind)} does not exist in this container or user namespace, whose ${WORD[kind]} ids are ${listed(outer)}.`;
  return [finding(source, 'idmap.nested-userns', message, at, outside)];
}

/** What newuidmap writes: its own id, then one range after the other. */
function mapText(own: number, ranges: readonly IdRange[]): string {
  let inside = 1;
  const lines = ranges.map(({ start, count }) => {
    inside += count;
    return `${inside - count} ${start} ${count}\n`;
  });
  return `0 ${own} 1\n${lines.join('')}`;
}

const missingWords = (name: string, path: string, source: string): string =>
  source === 'files'
    ? `${name} has no range in ${path}.`
    : `${name} has no range in "${source}", which nsswitch.conf names instead of ${path}.`;

const listed = (ranges: readonly IdRange[]): string =>
  `${ranges.slice(0, 4).map(rangeText).join(', ')}${ranges.length > 4 ? ' …' : ''}`;

const shown = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
