import type { Container } from '../../documents/container.ts';
import type { Described } from '../../documents/subject.ts';
import type { Cursor, Entry, Fields, List, Span } from '../../documents/tree.ts';
import { exists, field, isList, isMap } from '../../documents/tree.ts';

/** One replacement in a text; everything outside stays as it is. */
export interface Change extends Span {
  readonly text: string;
}

/** The text with all replacements made. */
export function changed(text: string, changes: readonly Change[]): string {
  return changes
    .toSorted((a, b) => b.start - a.start)
    .reduce((now, { start, end, text: by }) => now.slice(0, start) + by + now.slice(end), text);
}

/** The blanks and dashes before an offset, as blanks: where the next line of the same block begins. */
function indentAt(text: string, at: number): string {
  const line = text.lastIndexOf('\n', at - 1) + 1;
  return text.slice(line, at).replace(/[^\s]/g, ' ');
}

export const isFlow = (text: string, { start }: Span): boolean => /[[{]/.test(text[start] ?? '');

export const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};

const own = (node: Fields): readonly Entry[] => node.entries.filter(({ foreign }) => foreign !== true);

/** A key more in a map: behind its first one. Null: it cannot be written there. */
export function withField(text: string, at: Cursor, key: string, value: string): readonly Change[] | null {
  const { node } = at;
  if (node?.kind !== 'fields' || text[node.span.start] === '*') return null;
  const [first, second] = own(node);
  if (isFlow(text, node.span)) {
    const start = node.span.start + 1;
    return [{ start, end: start, text: first === undefined ? `${key}: ${value}` : `${key}: ${value}, ` }];
  }
  if (first === undefined) return null;
  const indent = indentAt(text, first.keySpan.start);
  if (second !== undefined && second.keySpan.start > first.span.end) {
    const start = second.keySpan.start;
    return [{ start, end: start, text: `${key}: ${value}\n${indent}` }];
  }
  const end = lineEnd(text, first.span.end);
  return [{ start: end, end, text: `\n${indent}${key}: ${value}` }];
}

/** Sets a field of a map that may not be there yet. */
export function withNested(
  text: string,
  at: Cursor,
  outer: string,
  key: string,
  value: string,
): readonly Change[] | null {
  const inner = field(at, outer);
  if (isMap(inner) && (inner.node as Fields).entries.length > 0) {
    const there = field(inner, key);
    return exists(there) ? replaced(there, value) : withField(text, inner, key, value);
  }
  if (exists(inner)) return replaced(inner, `{${key}: ${value}}`);
  return withField(text, at, outer, `{${key}: ${value}}`);
}

export const replaced = ({ span }: { readonly span: Span }, text: string): readonly Change[] => [{ ...span, text }];

/** A map without one of its keys. */
export function withoutField(at: Cursor, key: string): readonly Change[] | null {
  const { node } = at;
  if (node?.kind !== 'fields') return null;
  const entries = own(node);
  const index = entries.findIndex((entry) => entry.key === key);
  const entry = entries[index];
  if (entry === undefined) return null;
  const next = entries[index + 1];
  if (next !== undefined) return [{ start: entry.keySpan.start, end: next.keySpan.start, text: '' }];
  const before = entries[index - 1];
  if (before === undefined) return [{ ...node.span, text: '{}' }];
  return [{ start: before.span.end, end: entry.span.end, text: '' }];
}

/** A list with elements more behind its last. */
export function withItems(text: string, at: Cursor, values: readonly string[]): readonly Change[] | null {
  if (!isList(at)) return null;
  const { items, span } = at.node as List;
  const last = items.at(-1);
  if (isFlow(text, span)) {
    const start = text.lastIndexOf(']', span.end);
    return start < span.start
      ? null
      : [{ start, end: start, text: `${last === undefined ? '' : ', '}${values.join(', ')}` }];
  }
  if (last === undefined) return null;
  const dash = text.lastIndexOf('-', last.span.start - 1);
  if (dash < 0 || text.slice(dash + 1, last.span.start).trim() !== '') return null;
  const indent = indentAt(text, dash);
  const end = lineEnd(text, last.span.end);
  return [{ start: end, end, text: values.map((value) => `\n${indent}- ${value}`).join('') }];
}

/** A list without some of its elements. */
export function withoutItems(text: string, at: Cursor, indexes: readonly number[]): readonly Change[] | null {
  if (!isList(at)) return null;
  const { items, span } = at.node as List;
  if (indexes.length === 0) return null;
  if (indexes.length >= items.length) return [{ ...span, text: isFlow(text, span) ? '[]' : '[]' }];
  const changes: Change[] = [];
  for (const index of indexes) {
    const item = items[index];
    if (item === undefined) return null;
    const next = items[index + 1];
    const before = items[index - 1];
    if (next !== undefined) {
      const start = isFlow(text, span) ? item.span.start : text.lastIndexOf('-', item.span.start - 1);
      const end = isFlow(text, span) ? next.span.start : text.lastIndexOf('-', next.span.start - 1);
      changes.push({ start, end, text: '' });
    } else if (before !== undefined) changes.push({ start: before.span.end, end: item.span.end, text: '' });
  }
  return changes;
}

/** Is it described by the words of a command? */
export const isCommand = ({ path }: Container): boolean => /\b(?:run|create)#\d+$/.test(path);

/** Options more for `docker run`: behind its last option, before the image. */
export function withOptions(container: Container, options: string): readonly Change[] | null {
  const { image } = container;
  if (image === null || !isCommand(container)) return null;
  return [{ start: image.span.start, end: image.span.start, text: `${options} ` }];
}

/** Lines more for a quadlet, behind the line of its image. */
export function withLines(
  document: Described,
  container: Container,
  lines: readonly string[],
): readonly Change[] | null {
  if (container.image === null) return null;
  const end = lineEnd(document.text, container.image.span.end);
  return [{ start: end, end, text: lines.map((line) => `\n${line}`).join('') }];
}

/** Without the whole line that something stands on. */
export function withoutLine(text: string, { start, end }: Span): readonly Change[] {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  return [{ start: from, end: Math.min(text.length, lineEnd(text, end) + 1), text: '' }];
}
