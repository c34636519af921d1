/** /etc/subuid and /etc/subgid as their three readers see them: shadow (newuidmap, getsubids) and RootlessKit's own parser. */

/** A range that a reader accepts. */
export interface SubidEntry {
  /** From 1. */
  readonly line: number;
  readonly owner: string;
  readonly start: number;
  readonly count: number;
}
/** A line as written. */
export interface SubidLine {
  readonly line: number;
  readonly text: string;
}
/** A line that ends RootlessKit's own reading, and by what. */
export interface FatalLine extends SubidLine {
  readonly by: 'length' | 'form' | 'number';
}
export interface SubidText {
  /** What shadow accepts, of every owner. */
  readonly shadow: readonly SubidEntry[];
  /** Lines that are neither empty nor a comment and that shadow passes over; the first hundred. */
  readonly ignored: readonly SubidLine[];
  /** The first line that ends RootlessKit's own reading, whoever it belongs to; null: none. */
  readonly fatal: FatalLine | null;
  /** The named owners' ranges as RootlessKit's own parser reads them, up to the fatal line. */
  readonly rootlesskit: readonly SubidEntry[];
  /** Every line that somebody could take for the owners', as written. */
  readonly ownLines: readonly SubidLine[];
}

/** shadow copies a line into a buffer of this size, its terminator included. */
const SHADOW_LINE = 1024;
/** Go's bufio.Scanner gives up on longer lines. */
const GO_LINE = 64 * 1024;
const IGNORED_KEPT = 100;
/** What strings.TrimSpace takes off either end; a byte order mark is not among it. */
const GO_SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/**
 * strtoul(3) with base 0 on the whole text: decimal, 0x…, 0…, a sign and leading space; null for anything else.
 * Negative numbers wrap, as they do there, to something beyond every id.
 */
export function readUnsigned(text: string): number | null {
  const found = /^[\t-\r ]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9]\d*))$/.exec(text);
  if (found === null) return null;
  const [, sign, hex, octal, decimal] = found;
  const digits = hex !== undefined ? `0x${hex}` : octal !== undefined ? `0o${octal.slice(1) || '0'}` : (decimal ?? '0');
  const value = BigInt(digits);
  if (value >= 1n << 64n) return null;
  return Number(sign === '-' && value > 0n ? (1n << 64n) - value : value);
}

/** strconv.Atoi: decimal with an optional sign, 64 bits; null for anything else. */
export function readDecimal(text: string): number | null {
  if (!/^[+-]?\d{1,25}$/.test(text)) return null;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= 1n << 63n || value < -(1n << 63n) ? null : Number(value);
}

/** Never throws. `owners` are the names that RootlessKit looks for: the user's name and uid. */
export function parseSubids(text: string, owners: readonly string[]): SubidText {
  const ignored: SubidLine[] = [];
  const shadow = shadowEntries(text, ignored);
  const rootlesskit: SubidEntry[] = [];
  const ownLines: SubidLine[] = [];
  for (const line of linesOf(text)) {
    const owner = line.text.slice(0, 300).trimStart().split(':', 1)[0] ?? '';
    if (owners.includes(owner.trim())) ownLines.push({ line: line.line, text: line.text.slice(0, 2000) });
  }
  let fatal: SubidText['fatal'] = null;
  for (const { line, text: raw } of linesOf(text)) {
    const kept = { line, text: raw.slice(0, 200) };
    if (raw.length >= GO_LINE) {
      fatal = { ...kept, by: 'length' };
      break;
    }
    const trimmed = trimmedAsGo(raw);
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const parts = trimmed.split(':');
    if (parts.length !== 3) {
      fatal = { ...kept, by: 'form' };
      break;
    }
    const [owner = '', first = '', second = ''] = parts;
    if (!owners.includes(owner)) continue;
    const [start, count] = [readDecimal(first), readDecimal(second)];
    if (start === null || count === null) {
      fatal = { ...kept, by: 'number' };
      break;
    }
    rootlesskit.push({ line, owner, start, count });
  }
  return { shadow, ignored, fatal, rootlesskit, ownLines };
}

function* linesOf(text: string): Generator<SubidLine> {
  let from = 0;
  for (let line = 1; from < text.length; line++) {
    const end = text.indexOf('\n', from);
    yield { line, text: text.slice(from, end < 0 ? text.length : end) };
    if (end < 0) return;
    from = end + 1;
  }
}

function shadowEntries(text: string, ignored: SubidLine[]): readonly SubidEntry[] {
  const entries: SubidEntry[] = [];
  let pending = '';
  for (const { line, text: raw } of linesOf(text)) {
    // A NUL ends the C string, so its line end is not seen and the next line is taken as its continuation.
    const nul = raw.indexOf('\0');
    if (nul >= 0) {
      pending += raw.slice(0, nul);
      ignored.push({ line, text: raw.slice(0, 200) });
      continue;
    }
    const whole = pending + raw;
    pending = '';
    const entry = shadowEntry(whole);
    if (entry !== null) entries.push({ line, ...entry });
    else if (ignored.length < IGNORED_KEPT && whole.trim() !== '' && !whole.trimStart().startsWith('#'))
      ignored.push({ line, text: raw.slice(0, 200) });
  }
  return entries;
}

/** Fields after the third are not looked at (they are refused since shadow 4.18). */
function shadowEntry(line: string): Omit<SubidEntry, 'line'> | null {
  if (byteLength(line) >= SHADOW_LINE) return null;
  const [owner, first, second] = line.split(':', 3);
  if (!owner || !first || !second) return null;
  const [start, count] = [readUnsigned(first), readUnsigned(second)];
  return start === null || count === null ? null : { owner, start, count };
}

/** Bytes of the text in UTF-8. */
function byteLength(text: string): number {
  if (text.length * 3 < SHADOW_LINE) return text.length;
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function trimmedAsGo(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && GO_SPACE.test(text[from] ?? '')) from++;
  while (to > from && GO_SPACE.test(text[to - 1] ?? '')) to--;
  return text.slice(from, to);
}
