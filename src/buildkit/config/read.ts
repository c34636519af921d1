import type { Position } from '../../model/decide.ts';
import type { Json } from '../../model/look.ts';
import { type Dialect, dialectOf } from '../toml/dialect.ts';
import { readToml } from '../toml/read.ts';
import type { TomlText } from '../toml/syntax.ts';
import { buildTree, type Clash } from '../toml/tree.ts';
import type { Bracket, Release } from '../version.ts';
import { type Decoded, decode } from './decode.ts';
import { deprecations } from './deprecated.ts';
import type { KeyPath, TypeMistake } from './found.ts';
import { type ConfigProblem, type ReleaseProblem, releaseProblem } from './problem.ts';
import { acrossReleases, releasesOf } from './releases.ts';
import { isReadTable, keyText, specOf } from './schema-tree.ts';
import { IGNORED, strayProblems } from './stray.ts';

/** What a file sets, under BuildKit's own names. */
export type ConfigDocument = { readonly [key: string]: Json };

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
/** Where in a text something stands; both count from 1. */
export type TextPosition = Pick<Position, 'line' | 'column'>;
/** A value of the file that buildkitd reads. Line and column count from 1. */
export interface ConfigValue extends KeyPath {
  readonly value: Json;
  readonly raw: string;
  readonly line: number;
  readonly column: number;
  /** Where the elements of a list stand. */
  readonly items: readonly TextPosition[];
}

/** Where there is no file. */
export const NO_CONFIG: ConfigReading = {
  document: {},
  syntax: null,
  problems: [],
  fatal: false,
  values: [],
  releases: [],
};

interface JudgedText {
  readonly problems: readonly ReleaseProblem[];
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
  const texts = new Map<Dialect, TomlText>();
  const judged = releases.map((at): JudgedText => {
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
    fatal: judged.every((one) => one.problems.some(({ stops }) => stops)),
    values: (last?.leaves ?? []).map(({ at, items, ...leaf }) => ({
      ...leaf,
      ...place(at),
      items: items.map(place),
    })),
    releases,
  };
}

function placer(text: string): (at: number) => TextPosition {
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

function judge(text: string, read: TomlText, at: Release, dialect: Dialect, utf8: boolean): JudgedText {
  const anyCase = dialect.letterCase === 'any';
  const { root, clashes } = buildTree(read.statements, dialect, (path) => isReadTable(path, at, anyCase));
  const decoded = decode(root, at, dialect);
  const error = read.error ?? (utf8 || dialect.anyBytes ? null : noUtf8(text));
  const syntax = error === null ? clashes : [error, ...clashes];
  const problems = [
    ...syntax.map(syntaxProblem),
    ...decoded.mistakes.map(typeProblem),
    ...strayProblems(decoded.strays, at),
    ...deprecations(decoded.leaves, at),
  ];
  return { problems, decoded: read.error === null ? decoded : null, syntax: syntax[0] ?? null };
}

const noUtf8 = (text: string): Clash => ({
  message: 'the file is not UTF-8',
  at: Math.max(0, text.indexOf('\ufffd')),
  under: [],
});

const syntaxProblem = ({ message, at, under }: Clash): ReleaseProblem =>
  releaseProblem('syntax', { path: under, written: under, at }, sentence(message), { stops: true });

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};

function typeProblem(mistake: TypeMistake): ReleaseProblem {
  const { path, wants, found, prints } = mistake;
  const hint = found === 'a table' && specOf(path)?.key === 'debug' ? ' The level of the log is [log] level.' : '';
  const message = `${keyText(path)} must be ${wants}; here it is ${found}, and buildkitd does not start.${hint}`;
  return releaseProblem('wrong-type', mistake, message, { stops: true, prints });
}

function merge(
  judged: readonly JudgedText[],
  releases: readonly Release[],
  place: ReturnType<typeof placer>,
): ConfigProblem[] {
  const found = acrossReleases(
    releases,
    (_, index) => judged[index]?.problems ?? [],
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

/** The value at a path of keys, when it is there. */
export function valueAt(document: ConfigDocument | null, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document ?? undefined;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || Array.isArray(at)) return undefined;
    at = Object.hasOwn(at, key) ? (at as ConfigDocument)[key] : undefined;
  }
  return at;
}
