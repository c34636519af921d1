import {
  isSecretName,
  looksSecret,
  MASK,
  maskAddress,
  type OnSecret,
  tellParts,
  tellWords,
} from '../text/secret-words.ts';
import { fromBase64 } from './encoded.ts';
import { garbled } from './garble.ts';

/** Texts that decide something for a client, a daemon or a network; all other texts of such files are masked. */
const KEPT = new Set(
  'currentContext credsStore credHelpers aliases builder cliPluginsExtraDirs features Name Driver type name cniVersion'.split(
    ' ',
  ),
);
const HELPERS = new Set(['credsStore', 'credHelpers']);
const ADDRESSES = new Set(['Host', 'Endpoint', 'Key']);
const MARK = /[{}[\]:,]|\s+/y;
const WORD = /[^\s"{}[\]:,]+/y;
const COLON = /\s*:/y;

/** JSON of Docker, buildx and CNI with its shape, its keys and the texts of known keys alone; broken JSON stays as broken. */
export function maskJson(text: string, found: OnSecret): string {
  const trail: string[] = [];
  let key = '';
  let out = '';
  const takes = (pattern: RegExp, at: number): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? '';
  };
  for (let at = 0; at < text.length; ) {
    const mark = takes(MARK, at);
    if (mark === '{' || mark === '[') {
      trail.push(key);
      if (mark === '{') key = '';
    } else if (mark === '}' || mark === ']') key = trail.pop() ?? '';
    if (mark !== '') {
      out += mark;
      at += mark.length;
    } else if (text[at] === '"') {
      const end = endOfString(text, at);
      if (end === null) return out + garbled(text.slice(at), found);
      const literal = text.slice(at, end);
      if (takes(COLON, end) !== '') {
        key = decoded(literal);
        out += recoded(literal, maskAddress(key, found));
      } else out += recoded(literal, maskedString(decoded(literal), [...trail.slice(-2), key], found));
      at = end;
    } else {
      const word = takes(WORD, at);
      out += maskedWord(word, key, found);
      at += word.length;
    }
  }
  return out;
}

/** After the closing quote; null: there is none. */
function endOfString(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return null;
}

function maskedWord(word: string, key: string, found: OnSecret): string {
  if (/^-?\d{4,}$/.test(word) && !KEPT.has(key)) return '1';
  return /^(?:true|false|null|-?\d[\d.eE+-]*|\ufeff)$/.test(word) ? word : garbled(word, found);
}

function maskedString(value: string, keys: readonly string[], found: OnSecret): string {
  const own = keys.at(-1) ?? '';
  if (ADDRESSES.has(own)) return maskAddress(value, found);
  // A helper is named in plain words; what is none was put there by mistake.
  const misplaced = keys.some((key) => HELPERS.has(key)) && looksSecret(value);
  if (keys.some((key) => KEPT.has(key)) && !isSecretName(own) && !misplaced) return value;
  if (keys.some(isSecretName)) {
    tellParts(value, found);
    // A name and a password, as Docker keeps them.
    const pair = fromBase64(value);
    if (pair !== null && /^[!-~]{1,200}:[!-~]{1,4000}$/.test(pair)) tellParts(pair, found);
  }
  maskAddress(value, found);
  tellWords(value, found);
  return value === '' ? '' : MASK;
}

function decoded(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal.slice(1, -1);
  }
}

/** The literal itself where nothing was masked: a spelling that JSON does not take must stay as it is. */
function recoded(literal: string, shown: string): string {
  return shown === decoded(literal) ? literal : JSON.stringify(shown);
}
