import { MASK, type OnSecret } from '../text/secret-words.ts';
import { finderOf } from './find-words.ts';

/** Shorter ones, and words of everybody's, would be found everywhere; a pattern has to find those. */
const SHORTEST = 5;
const LONGEST = 4096;
/** Of all spellings together: more than any host has, and what one can make up costs no memory. */
const MOST_CHARACTERS = 200_000;

/** Secrets that were met on a host, to find them again in what its programs print. */
export interface KnownSecrets {
  /** `likely`: it looks like one, and may be a word of something else. */
  readonly add: OnSecret;
  /** These are names of accounts and of paths, whatever else they are used for. */
  spare(words: readonly string[]): void;
  /** A text that somebody said without any of them, as they are or encoded for a URL, for JSON, in hexadecimal or in base64. */
  hide(text: string): string;
  /** Any text without those that are secrets beyond doubt. */
  hideCertain(text: string): string;
  /** Is one that is beyond doubt in the text still? */
  isIn(text: string): boolean;
}

/** Knows nothing. */
export const NO_SECRETS: KnownSecrets = {
  add: () => {},
  spare: () => {},
  hide: (text) => text,
  hideCertain: (text) => text,
  isIn: () => false,
};

export function knownSecrets(): KnownSecrets {
  const [all, certain] = [spellings(), spellings()];
  const spared = new Set<string>();
  const isSpared = (spelling: string): boolean => spared.has(spelling);
  return {
    add(secret, likely) {
      if (secret.length < SHORTEST || secret.length > LONGEST) return;
      // A path or a plain word is no secret, and to hide it would hide what a report is about.
      if (/^(?:\/|\*{3}|x+$)/.test(secret) || WORDS.test(secret)) return;
      const forms = spellingsOf(secret);
      all.add(forms);
      if (likely === undefined && isStrong(secret)) certain.add(forms);
    },
    spare(words) {
      for (const word of words) spared.add(word);
    },
    hide: (text) => all.hide(text, () => false),
    hideCertain: (text) => certain.hide(text, isSpared),
    isIn: (text) => certain.places(text, isSpared).length > 0,
  };
}

/** No word, number or version that stands for other things as well. */
function isStrong(secret: string): boolean {
  if (secret.length < 6 || secret.includes('***') || /^[vV]?\d+(?:[._-]\d+)*$/.test(secret)) return false;
  return secret.length >= 16 || /[^a-z]/.test(secret.slice(1));
}

type Places = readonly (readonly [from: number, to: number])[];

function spellings(): {
  add(forms: readonly string[]): void;
  places(text: string, isSpared: (spelling: string) => boolean): Places;
  hide(text: string, isSpared: (spelling: string) => boolean): string;
} {
  const known = new Set<string>();
  let size = 0;
  let find: ReturnType<typeof finderOf> | null = null;
  const places = (text: string, isSpared: (spelling: string) => boolean): Places => {
    if (size === 0) return [];
    find ??= finderOf(known);
    return find(text).filter(([from, to]) => !isSpared(text.slice(from, to)));
  };
  return {
    add(forms) {
      for (const form of forms) {
        if (known.has(form) || size + form.length > MOST_CHARACTERS) continue;
        known.add(form);
        size += form.length;
        find = null;
      }
    },
    places,
    hide(text, isSpared) {
      const parts: string[] = [];
      let end = text.length;
      for (const [from, to] of places(text, isSpared)) {
        parts.push(text.slice(to, end), MASK);
        end = from;
      }
      return parts.length === 0 ? text : [...parts, text.slice(0, end)].reverse().join('');
    },
  };
}

/** The vocabulary of reports: no secret of a target's may take it away. */
const WORDS =
  /^(?:ready|degraded|not-ready|unknown|error|warning|buildkitd?|buildctl|rootlesskit|rootless|rootful|overlayfs|native|fuse-overlayfs|docker|registry|worker|config|address|false|debug|trace|newuidmap|newgidmap|kernel|userns|idmap|storage|network|bearer|basic)$/i;

/** As they are, and encoded for JSON, for a URL, in hexadecimal and in base64. */
function spellingsOf(secret: string): readonly string[] {
  const bytes = bytesOf(secret);
  const spellings = [secret, JSON.stringify(secret).slice(1, -1)];
  if (bytes !== null) {
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    spellings.push(encodeURIComponent(secret), hex, hex.toUpperCase());
    for (const before of [0, 1, 2]) {
      const inside = base64Inside(bytes, before);
      spellings.push(inside, inside.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  return [...new Set(spellings)].filter((one) => one.length >= SHORTEST);
}

/** Null: half of a surrogate pair has none. */
function bytesOf(text: string): readonly number[] | null {
  try {
    return [...encodeURIComponent(text).matchAll(/%([\dA-F]{2})|([\s\S])/g)].map(([, hex, char = '']) =>
      hex === undefined ? char.charCodeAt(0) : Number.parseInt(hex, 16),
    );
  } catch {
    return null;
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The letters that these bytes alone decide, where so many others (modulo 3) stand before them. */
function base64Inside(bytes: readonly number[], before: number): string {
  const all = [...Array.from({ length: before }, () => 0), ...bytes];
  let out = '';
  for (let at = 0; at + 2 < all.length; at += 3) {
    const group = ((all[at] ?? 0) << 16) | ((all[at + 1] ?? 0) << 8) | (all[at + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) out += LETTERS[(group >> shift) & 63];
  }
  // The first group holds bits of what stands before.
  return out.slice(before === 0 ? 0 : before + 1);
}
