import { keyOf, type NameKind } from './book.ts';
import { isCommon } from './common.ts';

export interface Known {
  readonly kind: NameKind;
  readonly name: string;
}
export interface Found extends Known {
  readonly from: number;
  readonly to: number;
}
/** Where a name counts: wherever it stands, as a word, as a word of its own, or only where a name is to be expected. */
type Rule = 'anywhere' | 'word' | 'alone' | 'digits' | 'placed';
interface Candidate extends Known {
  readonly rule: Rule;
  /** As it is compared. */
  readonly key: string;
  readonly folded: boolean;
}

/** Finds many names in a text, longest first, in one pass. */
export interface Finder {
  has(kind: NameKind, name: string): boolean;
  add(kind: NameKind, name: string): void;
  find(text: string): readonly Found[];
}

function ruleOf(kind: NameKind, name: string): Rule {
  if (kind === 'word') return name.length > 2 ? 'anywhere' : 'word';
  if (kind === 'id') return 'digits';
  if (kind === 'address' || kind === 'mac') return 'alone';
  if (name.startsWith('/')) return 'alone';
  return isCommon(name) || name.length < 2 ? 'placed' : 'word';
}

export function finderOfNames(): Finder {
  const all = new Map<string, Candidate>();
  /** By their first two characters. */
  const index = new Map<string, Candidate[]>();
  return {
    has: (kind, name) => all.has(keyOf(kind, name)),
    add(kind, name) {
      const key = keyOf(kind, name);
      if (all.has(key)) return;
      const candidate: Candidate = {
        kind,
        name,
        key,
        rule: ruleOf(kind, name),
        folded: key !== name || keyOf(kind, 'A') === 'a',
      };
      all.set(key, candidate);
      const start = key.slice(0, 2).toLowerCase();
      const list = index.get(start) ?? [];
      list.push(candidate);
      list.sort((a, b) => b.key.length - a.key.length);
      index.set(start, list);
    },
    find(text) {
      if (all.size === 0) return [];
      const lower = text.toLowerCase();
      // Letters whose small form is longer would shift everything behind them.
      const same = lower.length === text.length ? lower : text;
      const found: Found[] = [];
      for (let at = 0; at < text.length; ) {
        const candidate = index.get(same.slice(at, at + 2))?.find((one) => isAt(one, text, same, at));
        if (candidate === undefined) {
          at++;
          continue;
        }
        const to = at + candidate.key.length;
        found.push({ kind: candidate.kind, name: candidate.name, from: at, to });
        at = to;
      }
      return found;
    },
  };
}

function isAt({ key, rule, folded }: Candidate, text: string, lower: string, at: number): boolean {
  if (!(folded ? lower : text).startsWith(key, at)) return false;
  const end = at + key.length;
  switch (rule) {
    case 'anywhere':
      return true;
    case 'word':
      return isOpen(text, at) && !isLetter(text[end] ?? '') && !isOther(text, at, end);
    case 'alone':
      return (
        isOpen(text, at) &&
        !(key.includes(':') ? /[\w.:-]/ : /[\w.-]/).test(beforeOf(text, at)) &&
        !/^(?:[\w-]|[.:][\w:])/.test(afterAlone(text, end, key))
      );
    case 'digits':
      return isWholeId(text, at, end);
    case 'placed':
      return isPlaced(text, at, end);
  }
}

/** No part of a longer one; the kubelet writes "pod" before it. */
function isWholeId(text: string, at: number, end: number): boolean {
  const before = text.slice(Math.max(0, at - 5), at);
  const starts = isOpen(text, at) || /(?:^|[^\dA-Za-z])pod$/.test(before);
  return (
    starts && !/[\da-f]{4}[-_]$/i.test(before) && !/^(?:[\dA-Za-z]|[-_][\da-f]{4})/i.test(text.slice(end, end + 5))
  );
}

const isLetter = (char: string): boolean => /[\p{L}\p{N}]/u.test(char);

/** A port may follow an address of four numbers; more of an address follows one with colons. */
const afterAlone = (text: string, end: number, key: string): string => {
  const after = text.slice(end, end + 2);
  return key.includes(':') && !/^:\d/.test(after) ? after : after.replace(/^:\d?/, '');
};

/** What stands before, where it is no end of an escape: "\nalice" begins a line, and "%2Falice" a part of a path. */
function beforeOf(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - 3), at);
  return /\\[nrt]$|%[\dA-Fa-f]{2}$/.test(before) ? '' : (before.at(-1) ?? '');
}
const isOpen = (text: string, at: number): boolean => !isLetter(beforeOf(text, at)) || !isLetter(text[at] ?? '');

/** Within the name of a flag, of a setting of the kernel or of a variable it is another word. */
function isOther(text: string, at: number, end: number): boolean {
  if (end - at > 4) return false;
  const before = text.slice(Math.max(0, at - 40), at);
  const after = text.slice(end, end + 40);
  if (/(?:^|[\s"'=])--?[\w-]*-$/.test(before) || /(?:^|[\s"'=])--?$/.test(before)) return true;
  const token = /[\w.]{0,40}$/.exec(before)?.[0] ?? '';
  return /^(?:user|kernel|fs|net|vm|debug|dev)\./.test(token) && /^[_.\w]/.test(after);
}

const ACCOUNT =
  /(?:\b(?:user|account|owner|owned by|belongs to|login|logname|group|sudo_user|user=|--user|-u|su|su -|node|pod|namespace|hostname|host|nodename|machine|for user|passwd|by)["']?[ =:]{1,3}["'(]?|\/home\/|\/Users\/|\/run\/user\/|:\/\/(?:[^\s/@]{0,80}@)?|\bUSER=|\bLOGNAME=)$/i;

/** A word that is also a name is one where accounts and machines are named: in a path, an address, a list of accounts. */
function isPlaced(text: string, at: number, end: number): boolean {
  if (at === 0 && end === text.length) return true;
  const before = text.slice(Math.max(0, at - 120), at);
  const after = text.slice(end, end + 40);
  if (isLetter(before.at(-1) ?? '') || /^[\p{L}\p{N}_-]/u.test(after)) return false;
  // A value of JSON that is no text.
  if (/^(?:null|true|false)$/.test(text.slice(at, end)) && /": ?$/.test(before)) return false;
  if (/(?:^|\n)$/.test(before) && /^:(?:[x*!]?:)?\d/.test(after)) return true;
  if (/^:\d{3,}:\d{2,}/.test(after) || /^@[\w.-]/.test(after)) return true;
  if (/(?:^|\n)[^:\n]{1,40}:[x*!]?:\d+:(?:[^:\n]{0,80},)?$/.test(before) && /^(?:,|\n|$)/.test(after)) return true;
  return ACCOUNT.test(before) && !/^ (?:name|id|namespace|session|manager|service)/.test(after);
}
