import { compareReleases, type Release } from '../version.ts';

/** What a reader of TOML takes for valid: how it differs from the standard and from other readers; nearly all are leniencies. */
export interface Grammar {
  /** A byte order mark at the start is skipped. */
  readonly byteOrderMark: boolean;
  /** Control characters pass inside comments and literal strings. */
  readonly controlCharacters: boolean;
  /** A carriage return alone ends a line. */
  readonly bareCarriageReturn: boolean;
  /** 'One-line literal strings' may hold line ends. */
  readonly literalLineEnds: boolean;
  /** Letters that may follow a backslash. */
  readonly escapes: string;
  /** A backslash before white space swallows it, in one-line strings too. */
  readonly escapedSpace: boolean;
  /** \u escapes may name halves of surrogate pairs and what lies beyond Unicode. */
  readonly anyCodePoint: boolean;
  /** Two quotes may stand before the three that end a string over several lines. */
  readonly quotesBeforeEnd: boolean;

  /** [table] and a key may share a line. */
  readonly keyAfterHeader: boolean;
  /** Inside [ ], a quoted part may hold square brackets, and escapes mean something in it. */
  readonly bracketsInHeaders: boolean;
  /** A key may begin with a dot, and quoted parts may follow each other without one. */
  readonly looseDots: boolean;
  /** A dot with a space only behind it still joins a key. */
  readonly spaceAfterDot: boolean;
  /** The equals sign may stand on a later line than a key with a space behind it. */
  readonly equalsBelow: boolean;

  /** Inline tables may have line ends (not before a comma). */
  readonly inlineLineEnds: boolean;
  /** Inline tables may have them before a comma too, and a comma behind the last pair. */
  readonly inlineTrailingComma: boolean;
  /** `01` to `09` are numbers; longer ones with a leading zero are not. */
  readonly shortLeadingZero: boolean;
  /** Integers up to 2^64 - 1 pass; above 2^63 - 1 they turn negative. */
  readonly unsigned: boolean;
  /** A date without time must be followed by a space or the end of the file. */
  readonly spaceAfterDate: boolean;
  /** Numbers and dates are not looked at closely; what wants them does that. */
  readonly ignoredNumbers: boolean;
}

/** A BuildKit's TOML library: its grammar, and what it makes of a text that it can read. */
export interface Dialect extends Grammar {
  readonly library: 'go-toml 1.9' | 'go-toml 2.2' | 'go-toml 2.3';
  /** The first BuildKit release with it. */
  readonly since: Release;
  /** The form of its complaints: "(line, column): …" or "toml: …". */
  readonly complaint: 'position' | 'prefix';
  /** Bytes that are not UTF-8 pass inside strings and comments. */
  readonly anyBytes: boolean;
  /** Sizes and durations are read from the number's own spelling (so that 0x10 and 1_000 are not numbers). */
  readonly spelledNumbers: boolean;

  /** The later of two equal keys in an inline table wins. */
  readonly inlineDuplicates: boolean;
  /** [a] may follow a.b = 1, and a.b = 1 may add to a table that has a header. */
  readonly reopenedTables: boolean;
  /** Keys may repeat inside tables that nothing reads. */
  readonly ignoredDuplicates: boolean;
  /** A table without keys may stand where a switch, number or text belongs. */
  readonly emptyTableForValue: boolean;
  /** `gcpolicy = []` is a list of no tables. */
  readonly emptyListOfTables: boolean;
  /** A list or an inline table may stand for a size or duration, and means nothing. */
  readonly listForSize: boolean;
  /** Letter case of keys: any, or only four spellings (as named, lower, UPPER, first letter lower). */
  readonly letterCase: 'any' | 'four spellings';
  /** [worker.X.gcconfig] and [worker.X.networkconfig], Go's own names, are read. */
  readonly embeddedNames: boolean;
}

const GO_TOML_2_GRAMMAR: Grammar = {
  byteOrderMark: false,
  controlCharacters: false,
  bareCarriageReturn: false,
  literalLineEnds: false,
  escapes: '"\\bfnrteuU',
  escapedSpace: false,
  anyCodePoint: false,
  quotesBeforeEnd: true,
  keyAfterHeader: false,
  bracketsInHeaders: true,
  looseDots: false,
  spaceAfterDot: true,
  equalsBelow: false,
  inlineLineEnds: false,
  inlineTrailingComma: false,
  shortLeadingZero: false,
  unsigned: false,
  spaceAfterDate: false,
  ignoredNumbers: true,
};

/** The standard, for an edit: numbers and dates are the business of the proof that it meant what it should. */
export const TOML_1_1: Grammar = {
  ...GO_TOML_2_GRAMMAR,
  escapes: '"\\bfnrtexuU',
  inlineLineEnds: true,
  inlineTrailingComma: true,
};

const GO_TOML_2: Omit<Dialect, 'library' | 'since' | 'listForSize'> = {
  ...GO_TOML_2_GRAMMAR,
  complaint: 'prefix',
  anyBytes: false,
  spelledNumbers: true,
  inlineDuplicates: false,
  reopenedTables: false,
  ignoredDuplicates: true,
  emptyTableForValue: true,
  emptyListOfTables: true,
  letterCase: 'any',
  embeddedNames: false,
};

/** Oldest first. What came before v0.10.0 is taken for the first. */
export const DIALECTS: readonly Dialect[] = [
  {
    library: 'go-toml 1.9',
    since: [0, 3, 0],
    complaint: 'position',
    byteOrderMark: true,
    anyBytes: true,
    controlCharacters: true,
    bareCarriageReturn: true,
    literalLineEnds: true,
    escapes: '"nbf/tr\\uU',
    escapedSpace: true,
    anyCodePoint: true,
    quotesBeforeEnd: false,
    keyAfterHeader: true,
    bracketsInHeaders: false,
    looseDots: true,
    spaceAfterDot: false,
    equalsBelow: true,
    inlineLineEnds: true,
    inlineTrailingComma: false,
    inlineDuplicates: true,
    shortLeadingZero: true,
    unsigned: true,
    spaceAfterDate: true,
    ignoredNumbers: false,
    spelledNumbers: false,
    reopenedTables: true,
    ignoredDuplicates: false,
    emptyTableForValue: false,
    emptyListOfTables: false,
    listForSize: false,
    letterCase: 'four spellings',
    embeddedNames: true,
  },
  { library: 'go-toml 2.2', since: [0, 28, 0], listForSize: true, ...GO_TOML_2 },
  { library: 'go-toml 2.3', since: [0, 31, 0], listForSize: false, ...GO_TOML_2 },
];

/** The dialect of one release. */
export function dialectOf(release: Release): Dialect {
  const found = DIALECTS.findLast(({ since }) => compareReleases(since, release) <= 0) ?? DIALECTS[0];
  if (found === undefined) throw new Error('no dialect');
  return found;
}
