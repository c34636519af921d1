import type { Json } from '../model.ts';
import { type Decoded, decode, type Leaf, type Stray } from './config-decode.ts';
import { type Advice, adviseOn } from './config-names.ts';
import { DIALECTS, type Dialect, dialectOf } from './dialect.ts';
import { KEYS } from './schema.ts';
import { isReadTable, joinKey, keyText, specOf } from './schema-tree.ts';
import { readToml } from './toml-read.ts';
import { buildTree } from './toml-tree.ts';
import { type Bracket, compareReleases, NEWEST, type Release, release, releaseRangeText } from './version.ts';

export type ConfigDocument = { readonly [key: string]: Json };

/** One thing about the text that buildkitd refuses, or does not do as written. Line and column count from 1. */
export interface ConfigProblem {
  readonly kind: 'syntax' | 'wrong-type' | Advice['kind'] | 'empty' | 'deprecated' | 'no-effect';
  /** Dotted, as BuildKit names it where it knows it; list indexes in square brackets. */
  readonly key: string;
  /** The same in parts, list indexes as decimal strings. */
  readonly path: readonly string[];
  /** Parts of the key as the file spells them, for an edit. */
  readonly written: readonly string[];
  readonly line: number;
  readonly column: number;
  /** One or two sentences, without the name of the file. */
  readonly message: string;
  /** buildkitd does not start with it, in every version of the bracket. */
  readonly fatal: boolean;
  /** Which versions it concerns, when not every one of the bracket: "versions from v0.28.0 on". */
  readonly versions: string | null;
  /** It stops those versions. */
  readonly stops: boolean;
  /** What buildkitd prints; "" where that is not known. */
  readonly prints: string;
  readonly to: readonly string[] | null;
  readonly value: Json | undefined;
  /** It stands in a table that is told of on its own. */
  readonly inner: boolean;
  /** For a table: what is in it, with paths from the table on. */
  readonly below: readonly { readonly path: readonly string[]; readonly value: Json | undefined }[];
}

/** What buildkitd makes of a configuration file's text. */
export interface ConfigReading {
  /** What it reads, under BuildKit's own names; null when the text cannot be parsed at all. */
  readonly document: ConfigDocument | null;
  /** Set when every version of the bracket refuses the text itself. */
  readonly syntax: { readonly message: string; readonly line: number; readonly column: number } | null;
  readonly problems: readonly ConfigProblem[];
  /** buildkitd does not start with this text, whichever version of the bracket it is. */
  readonly fatal: boolean;
  /** Values that the newest version of the bracket reads. */
  readonly values: readonly ConfigValue[];
  /** The releases that were judged: one for each way in which those of the bracket differ. */
  readonly releases: readonly Release[];
}
export interface ConfigValue {
  readonly path: readonly string[];
  readonly written: readonly string[];
  readonly value: Json;
  readonly raw: string;
  readonly line: number;
  readonly column: number;
  /** Lines of the elements of a list. */
  readonly itemLines: readonly number[];
}

export const NO_CONFIG: ConfigReading = {
  document: {},
  syntax: null,
  problems: [],
  fatal: false,
  values: [],
  releases: [],
};

/** Where buildkitd is absent, those of the last years are meant. */
const ASSUMED_MIN: Release = [0, 12, 0];
const OLDEST: Release = [0, 3, 0];
/** Releases from which on something is read differently. */
const TURNS: readonly Release[] = [
  ...DIALECTS.map(({ since }) => since),
  [0, 12, 0] as const,
  // What addresses, platforms and name servers may look like.
  [0, 15, 0] as const,
  [0, 19, 0] as const,
  [0, 24, 0] as const,
  ...KEYS.map(({ since }) => release(since)),
  ...KEYS.flatMap(({ deprecated }) => (deprecated === undefined ? [] : [release(deprecated.since)])),
].sort(compareReleases);

/** One release for each stretch of the bracket in which buildkitd reads alike, oldest first. */
export function releasesOf(by: Bracket): readonly Release[] {
  const min = by.min ?? (by.text === null ? ASSUMED_MIN : OLDEST);
  const max = by.max ?? (compareReleases(min, NEWEST) > 0 ? min : NEWEST);
  const out: Release[] = [min];
  for (const turn of TURNS)
    if (compareReleases(turn, out.at(-1) ?? min) > 0 && compareReleases(turn, max) <= 0) out.push(turn);
  return out;
}

interface Finding extends Omit<ConfigProblem, 'line' | 'column' | 'fatal' | 'versions'> {
  readonly at: number;
}
interface Judged {
  readonly release: Release;
  readonly findings: readonly Finding[];
  readonly decoded: Decoded | null;
  readonly syntax: { readonly message: string; readonly at: number } | null;
}

/**
 * Never throws: what cannot be parsed is reported with line and column, both from 1.
 * `utf8` false: the bytes were not UTF-8, and the text has replacement characters.
 */
export function readConfig(text: string, by: Bracket, utf8 = true): ConfigReading {
  const place = placer(text);
  const releases = releasesOf(by);
  const texts = new Map<Dialect, ReturnType<typeof readToml>>();
  const judged = releases.map((at): Judged => {
    const dialect = dialectOf(at);
    let read = texts.get(dialect);
    if (read === undefined) {
      read = readToml(text, dialect);
      texts.set(dialect, read);
    }
    return judge(text, read, at, dialect, utf8);
  });
  const problems = merge(judged, releases, place);
  const last = judged.findLast(({ decoded }) => decoded !== null)?.decoded ?? null;
  const newest = judged.at(-1);
  const everySyntax = judged.every(({ syntax }) => syntax !== null);
  return {
    document: everySyntax ? null : (last?.document ?? null),
    syntax:
      everySyntax && newest?.syntax != null ? { message: newest.syntax.message, ...place(newest.syntax.at) } : null,
    problems,
    fatal: judged.every(({ findings }) => findings.some(({ stops }) => stops)),
    values: (last?.leaves ?? []).map(({ at, items, ...leaf }) => ({
      ...leaf,
      ...place(at),
      itemLines: items.map((item) => place(item).line),
    })),
    releases,
  };
}

function placer(text: string): (at: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

function judge(text: string, read: ReturnType<typeof readToml>, at: Release, dialect: Dialect, utf8: boolean): Judged {
  const anyCase = dialect.letterCase === 'any';
  const { root, clashes } = buildTree(read.statements, dialect, (path) => isReadTable(path, at, anyCase));
  const decoded = decode(root, at, dialect);
  const findings: Finding[] = [];
  const error =
    read.error ??
    (!utf8 && !dialect.anyBytes
      ? { message: 'the file is not UTF-8', at: Math.max(0, text.indexOf('\ufffd')), under: [] }
      : null);
  const syntaxAt = error ?? clashes[0] ?? null;
  for (const { message, at: where, under } of [...(error === null ? [] : [error]), ...clashes]) {
    findings.push({
      kind: 'syntax',
      key: keyText(under),
      path: under,
      written: under,
      at: where,
      message: sentence(message),
      stops: true,
      prints: '',
      to: null,
      value: undefined,
      inner: false,
      below: [],
    });
  }
  for (const { path, written, at: where, wants, found, prints } of decoded.mistakes) {
    const spec = specOf(path);
    findings.push({
      kind: 'wrong-type',
      key: keyText(path),
      path,
      written,
      at: where,
      message: wrongType(keyText(path), wants, found, spec?.key === 'debug'),
      stops: true,
      prints,
      to: null,
      value: undefined,
      inner: false,
      below: [],
    });
  }
  for (const [index, stray] of decoded.strays.entries()) findings.push(...strayFindings(stray, at, index < ADVISED));
  const set = new Set(decoded.leaves.map(({ path }) => joinKey(path)));
  for (const leaf of decoded.leaves) findings.push(...deprecation(leaf, set, at));
  return { release: at, findings, decoded: read.error === null ? decoded : null, syntax: syntaxAt };
}

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};

function wrongType(key: string, wants: string, found: string, isDebug: boolean): string {
  const hint = isDebug && found === 'a table' ? ' The level of the log is [log] level.' : '';
  return `${key} must be ${wants}; here it is ${found}, and buildkitd does not start.${hint}`;
}

/** So many keys that do not exist are thought about; a file with more is no configuration. */
const ADVISED = 100;
const NO_ADVICE: Advice = { kind: 'unknown', to: null, says: null };

function strayFindings(stray: Stray, at: Release, advised: boolean): Finding[] {
  const advice = advised ? adviseOn(stray, at) : NO_ADVICE;
  const key = keyText(stray.path);
  const what = stray.table ? `The table [${key}]` : key;
  const parts = advice.parts ?? stray.written.length;
  const written =
    advice.parts === undefined ? stray.written : (stray.below[0]?.written ?? stray.written).slice(0, parts);
  const isEmpty = stray.table && stray.below.length === 0 && advice.to === null && IGNORED.has(advice.kind);
  const main: Finding = {
    kind: isEmpty ? 'empty' : advice.kind,
    key: advice.parts === undefined ? key : keyText(written),
    path: advice.parts === undefined ? stray.path : written,
    written,
    at: stray.at,
    message: strayMessage(what, advice, stray),
    stops: false,
    prints: '',
    to: advice.to,
    value: stray.value,
    inner: false,
    below: stray.below.map((entry) => ({ path: entry.path.slice(parts), value: entry.value })),
  };
  if (!advised || !stray.table || !['unknown', 'invented'].includes(advice.kind)) return [main];
  return [
    main,
    ...stray.below.slice(0, 20).map((inner): Finding => {
      const own = adviseOn(
        { ...stray, ...inner, table: false, list: false, known: null, letterCase: null, embedded: false, below: [] },
        at,
      );
      const name = keyText(inner.path);
      return {
        kind: own.kind === 'misspelt' ? 'unknown' : own.kind,
        key: name,
        path: inner.path,
        written: inner.written,
        at: inner.at,
        message: strayMessage(name, own, { ...stray, table: false }),
        stops: false,
        prints: '',
        to: own.to,
        value: inner.value,
        inner: own.to === null || own.kind === 'unknown',
        below: [],
      };
    }),
  ];
}

function strayMessage(name: string, { kind, to, says }: Advice, stray: Pick<Stray, 'known' | 'table'>): string {
  const real = to === null ? '' : stray.table && kind !== 'invented' ? `[${keyText(to)}]` : keyText(to);
  const ignored = 'buildkitd ignores it without a word';
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
      return `${name} is a name of BuildKit's own code, which versions from v0.28.0 on ignore; its keys belong into ${real}.`;
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

function deprecation(leaf: Leaf, set: ReadonlySet<string>, at: Release): Finding[] {
  const spec = specOf(leaf.path);
  const old = spec?.deprecated;
  if (spec === null || old === undefined || compareReleases(at, release(old.since)) < 0) return [];
  const key = keyText(leaf.path);
  const parent = leaf.path.slice(0, -1);
  const to = old.write === 'same' ? [...parent, old.successor] : old.successor.split('.');
  const rivals =
    leaf.path.at(-1) === 'gckeepstorage'
      ? ['reservedSpace', 'maxUsedSpace', 'minFreeSpace'].map((name) => [...parent, name])
      : [to];
  const rival = rivals.find((path) => set.has(joinKey(path)));
  const base = {
    key,
    path: leaf.path,
    written: leaf.written,
    at: leaf.at,
    stops: false,
    prints: '',
    value: leaf.value,
    inner: false,
    below: [],
  };
  if (old.write !== 'same' && leaf.value !== true)
    return [
      { ...base, kind: 'deprecated', to: null, message: `${key} is an old key; false is what it is without it.` },
    ];
  if (rival !== undefined)
    return [
      {
        ...base,
        kind: 'no-effect',
        to: null,
        message: `${key} has no effect: it is an old key, and ${keyText(rival)} is set.`,
      },
    ];
  const value = old.write === 'same' ? '' : ` = "${old.write}"`;
  return [
    {
      ...base,
      kind: 'deprecated',
      to,
      message: `${key} still works, but is an old key: since ${old.since} it is ${keyText(to)}${value}.`,
    },
  ];
}

/** Ways in which a key is no key: the advice may differ by version, the fact does not. */
const IGNORED: ReadonlySet<string> = new Set(['misspelt', 'misplaced', 'unquoted', 'invented', 'empty', 'unknown']);

function merge(
  judged: readonly Judged[],
  releases: readonly Release[],
  place: ReturnType<typeof placer>,
): ConfigProblem[] {
  const found = acrossReleases(
    releases,
    (_, index) => judged[index]?.findings ?? [],
    ({ kind, key, at, stops }) => [IGNORED.has(kind) ? 'ignored' : kind, key, at, stops].join('\0'),
  );
  return found
    .map(
      ({ item: { at, ...rest }, versions }): ConfigProblem => ({
        ...rest,
        ...place(at),
        fatal: rest.stops && versions === null,
        versions,
      }),
    )
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * What is found in each of some releases, told once. `versions` names those concerned when they are not all;
 * the words of the newest count.
 */
export function acrossReleases<T>(
  releases: readonly Release[],
  find: (release: Release, index: number) => readonly T[],
  id: (item: T) => string,
): readonly { readonly item: T; readonly versions: string | null }[] {
  const groups = new Map<string, { item: T; at: Set<number> }>();
  for (const [index, release] of releases.entries()) {
    for (const item of find(release, index)) {
      const group = groups.get(id(item));
      if (group === undefined) groups.set(id(item), { item, at: new Set([index]) });
      else {
        group.item = item;
        group.at.add(index);
      }
    }
  }
  return [...groups.values()].map(({ item, at }) => ({
    item,
    versions: at.size === releases.length ? null : ranges(at, releases),
  }));
}

/** Names the releases at some indexes of the judged ones. */
function ranges(at: ReadonlySet<number>, releases: readonly Release[]): string {
  const out: string[] = [];
  for (let from = 0; from < releases.length; from++) {
    if (!at.has(from)) continue;
    let to = from;
    while (at.has(to + 1)) to++;
    out.push(releaseRangeText(from === 0 ? null : (releases[from] ?? null), releases[to + 1] ?? null));
    from = to;
  }
  return out.join(' and ');
}

/** The value at a path of keys, when it is there. */
export function valueAt(document: ConfigDocument | null, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document ?? undefined;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || Array.isArray(at)) return undefined;
    at = Object.hasOwn(at, key) ? (at as ConfigDocument)[key] : undefined;
  }
  return at;
}

/** How the file spells a key that it sets; the key's own name when it does not. For edits. */
export function writtenPath(reading: ConfigReading, path: readonly string[]): readonly string[] {
  const wanted = joinKey(path);
  return reading.values.find((value) => joinKey(value.path) === wanted)?.written ?? path;
}
