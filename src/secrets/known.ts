import { MASK } from '../text/secret-words.ts';
import { finderOf } from './find-words.ts';

/** Shorter ones, and words of everybody's, would be found everywhere; a pattern has to find those. */
const SHORTEST = 5;
const LONGEST = 4096;
/** Of all spellings together: more than any host has, and what one can make up costs no memory. */
const MOST_CHARACTERS = 200_000;

/** Secrets that were met on a host, to find them again in what its programs print. */
export interface KnownSecrets {
  add(secret: string): void;
  /** The text without any of them, as they are or encoded for a URL, for JSON, in hexadecimal or in base64. */
  hide(text: string): string;
  /** Is one of them in the text still? */
  isIn(text: string): boolean;
}

/** Knows nothing. */
export const NO_SECRETS: KnownSecrets = { add: () => {}, hide: (text) => text, isIn: () => false };

export function knownSecrets(): KnownSecrets {
  const spellings = new Set<string>();
  let size = 0;
  let find: ReturnType<typeof finderOf> | null = null;
  return {
    add(secret) {
      if (secret.length < SHORTEST || secret.length > LONGEST) return;
      // A path or a plain word is no secret, and to hide it would hide what a report is about.
      if (/^(?:\/|\*{3}|x+$)/.test(secret) || WORDS.test(secret)) return;
      for (const spelling of spellingsOf(secret)) {
        if (spellings.has(spelling) || size + spelling.length > MOST_CHARACTERS) continue;
        spellings.add(spelling);
        size += spelling.length;
        find = null;
      }
    },
    hide(text) {
      if (size === 0) return text;
      find ??= finderOf(spellings);
      const parts: string[] = [];
      let end = text.length;
      for (const [from, to] of find(text)) {
        parts.push(text.slice(to, end), MASK);
        end = from;
      }
      return [...parts, text.slice(0, end)].reverse().join('');
    },
    isIn(text) {
      if (size === 0) return false;
      find ??= finderOf(spellings);
      return find(text).length > 0;
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
