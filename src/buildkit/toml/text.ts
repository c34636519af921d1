import type { Json } from '../../model/look.ts';

/** Thrown for a text that is no TOML, or a value without a form in it (null, a number that is not finite, half a surrogate pair). */
export class NotToml extends Error {}

function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) throw new NotToml('text with half a surrogate pair cannot be written');
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (code < 0x20 || code === 0x7f) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

/** A string as TOML; literal (single quotes) where that was the style and is possible. */
export function renderString(text: string, literal = false): string {
  return literal && !/['\u0000-\u0008\u000a-\u001f\u007f\ud800-\udfff]/.test(text) ? `'${text}'` : quote(text);
}

/** One part of a key, quoted only where it must be. */
export function renderKey(part: string): string {
  return /^[A-Za-z0-9_-]+$/.test(part) ? part : quote(part);
}

/** A dotted key. */
export const renderKeys = (parts: readonly string[]): string => parts.map(renderKey).join('.');

/** A value on one line; tables are written inline. Throws NotToml. */
export function renderValue(value: Json, literal = false): string {
  if (typeof value === 'string') return renderString(value, literal);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotToml(`${value} cannot be written`);
    if (Number.isInteger(value)) {
      if (!Number.isSafeInteger(value)) throw new NotToml(`${value} is too large to be written exactly`);
      return String(value + 0);
    }
    const text = String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  if (value === null) throw new NotToml('TOML has no null');
  if (Array.isArray(value)) return `[${value.map((item: Json) => renderValue(item, literal)).join(', ')}]`;
  const pairs = Object.entries(value).filter((pair): pair is [string, Json] => pair[1] !== undefined);
  return pairs.length === 0
    ? '{}'
    : `{ ${pairs.map(([key, item]) => `${renderKey(key)} = ${renderValue(item, literal)}`).join(', ')} }`;
}
