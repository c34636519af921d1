import type { Edit, TomlEdit } from '../../model/plan.ts';
import { visible } from '../../text/visible.ts';
import { Refused } from './refused.ts';

export type EditToml = (text: string, changes: readonly TomlEdit[]) => string;

/**
 * The text that an edit makes of a file's text (null: no file). An edit whose goal already holds gives the same text
 * back. `replace-line` changes every line that is exactly `line`; where there is none it must find `by` (or, when
 * removing, nothing). Throws Refused.
 */
export function applyEdit(text: string | null, edit: Edit, editToml: EditToml): string {
  switch (edit.edit) {
    case 'whole':
      return edit.text;
    case 'append': {
      oneLine(edit.line);
      const before = text ?? '';
      const { lines, end } = split(before);
      if (lines.includes(edit.line)) return before;
      return `${before}${before === '' || before.endsWith('\n') ? '' : end}${edit.line}${end}`;
    }
    case 'replace-line': {
      oneLine(edit.line);
      if (edit.by !== null) oneLine(edit.by);
      const { lines, ends } = split(text ?? '');
      if (!lines.includes(edit.line)) {
        if (edit.by === null || lines.includes(edit.by)) return text ?? '';
        throw new Refused(`the line "${visible(edit.line)}" is no longer there`);
      }
      return lines
        .map((line, index) => ({ line: line === edit.line ? edit.by : line, end: ends[index] ?? '' }))
        .map(({ line, end }) => (line === null ? '' : line + end))
        .join('');
    }
    case 'toml':
      return editToml(text ?? '', edit.changes);
  }
}

function oneLine(line: string): void {
  if (/[\n\r\0]/.test(line)) throw new Refused(`"${visible(line)}" is not one line`);
}

/** Lines with their ends kept apart; `end` is the one that this file uses. */
function split(text: string): { lines: string[]; ends: string[]; end: string } {
  const lines: string[] = [];
  const ends: string[] = [];
  for (const [, line = '', end = ''] of text.matchAll(/([^\n]*?)(\r?\n|$)/g)) {
    if (line === '' && end === '') continue;
    lines.push(line);
    ends.push(end);
  }
  return { lines, ends, end: ends[0] === '\r\n' ? '\r\n' : '\n' };
}

/** The bytes that an edit makes of a file's bytes. What is not UTF-8 keeps every byte outside the edited line. Throws Refused. */
export function applyEditToBytes(bytes: Buffer | null, edit: Edit, editToml: EditToml): Buffer {
  if (bytes === null || edit.edit === 'whole') return Buffer.from(applyEdit(null, edit, editToml), 'utf8');
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return Buffer.from(applyEdit(text, edit, editToml), 'utf8');
  if (edit.edit === 'toml') throw new Refused('the file is not valid UTF-8, so its TOML is not edited');
  const latin = (line: string): string => Buffer.from(line, 'utf8').toString('latin1');
  const bytewise: Edit =
    edit.edit === 'append'
      ? { edit: 'append', line: latin(edit.line) }
      : { edit: 'replace-line', line: latin(edit.line), by: edit.by === null ? null : latin(edit.by) };
  return Buffer.from(applyEdit(bytes.toString('latin1'), bytewise, editToml), 'latin1');
}
