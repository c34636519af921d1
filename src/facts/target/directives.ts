import type { Position } from '../../model/decide.ts';

/** One assignment of a unit, with the place where it stands. */
export interface Directive {
  readonly value: string;
  readonly at: Position;
}
/**
 * What a unit and its drop-ins say, by section and key, in the order in which systemd reads them. An empty assignment drops
 * what came before it and stays itself, since for some keys (CapabilityBoundingSet=) it means "none".
 */
export interface Directives {
  readonly [section: string]: { readonly [key: string]: readonly Directive[] };
}
/** A unit's file, or one that is dropped in. */
export interface UnitText {
  readonly path: string;
  readonly text: string;
}

/** Every value of a key, with the empty one by which it was reset. */
export function rawOf(of: Directives, key: string, section = 'Service'): readonly Directive[] {
  return of[section]?.[key] ?? [];
}

/** The values of a key that holds a list. */
export function listOf(of: Directives, key: string, section = 'Service'): readonly Directive[] {
  return rawOf(of, key, section).filter(({ value }) => value !== '');
}

/** The one that counts of a key that holds one value; null when nothing sets it, or it was reset. */
export function lastOf(of: Directives, key: string, section = 'Service'): Directive | null {
  const last = rawOf(of, key, section).at(-1);
  return last === undefined || last.value === '' ? null : last;
}

/** The last value that systemd understands as a boolean (parse_boolean); null for every other. */
export function isOn(of: Directives, key: string, section = 'Service'): Directive | null {
  const last = rawOf(of, key, section).findLast(({ value }) => value === '' || boolean(value) !== null);
  return last !== undefined && boolean(last.value) === true ? last : null;
}

/** parse_boolean of systemd; null: it is none. */
export function boolean(text: string): boolean | null {
  if (/^(?:1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(?:0|no|n|false|f|off)$/i.test(text) ? false : null;
}

/** Merges a unit and its drop-ins, in the order in which they are given; specifiers stay as they are. */
export function parseUnit(texts: readonly UnitText[]): Directives {
  const sections: { [section: string]: { [key: string]: Directive[] } } = Object.create(null);
  for (const file of texts) {
    let section = '';
    for (const { text, line, column } of logicalLines(file.text)) {
      const header = /^\[(.+)\]$/.exec(text)?.[1];
      if (header !== undefined) {
        section = header;
        continue;
      }
      const equals = text.indexOf('=');
      if (section === '' || equals <= 0) continue;
      const key = text.slice(0, equals).trim();
      const value = text.slice(equals + 1).trim();
      const directive = { value, at: { path: file.path, line, column } };
      assign(sections, section, key, directive);
    }
  }
  return sections;
}

function assign(
  sections: { [section: string]: { [key: string]: Directive[] } },
  section: string,
  key: string,
  directive: Directive,
): void {
  const keys = sections[section] ?? Object.create(null);
  sections[section] = keys;
  keys[key] = directive.value === '' ? [directive] : [...(keys[key] ?? []), directive];
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Lines as config_parse() joins them: a backslash at the end continues one, and comments in between do not end it. */
function logicalLines(text: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let open: LogicalLine | null = null;
  for (const [index, row] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const bare = row.replace(/\r$/, '');
    const trimmed = bare.trimStart();
    if (/^[#;]/.test(trimmed)) continue;
    const continues = backslashesBehind(bare) % 2 === 1;
    const part = continues ? `${trimmed.slice(0, -1)} ` : trimmed;
    const joined: LogicalLine =
      open === null
        ? { text: part, line: index + 1, column: bare.length - trimmed.length + 1 }
        : { ...open, text: open.text + part };
    if (continues) {
      open = joined;
      continue;
    }
    open = null;
    if (joined.text.trim() !== '') lines.push({ ...joined, text: joined.text.trim() });
  }
  if (open !== null && open.text.trim() !== '') lines.push({ ...open, text: open.text.trim() });
  return lines;
}

function backslashesBehind(line: string): number {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count;
}
