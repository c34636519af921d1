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
  /** The text without any of them, as they are or encoded for a URL, for JSON or in base64. */
  hide(text: string): string;
}

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
  };
}

/** The vocabulary of reports: no secret of a target's may take it away. */
const WORDS =
  /^(?:ready|degraded|not-ready|unknown|error|warning|buildkitd?|buildctl|rootlesskit|rootless|rootful|overlayfs|native|fuse-overlayfs|docker|registry|worker|config|address|false|debug|trace|newuidmap|newgidmap|kernel|userns|idmap|storage|network|bearer|basic)$/i;

/** As they are, and encoded for JSON, for a URL and in base64. */
function spellingsOf(secret: string): readonly string[] {
  const spellings = [secret, JSON.stringify(secret).slice(1, -1), base64(secret)];
  try {
    spellings.push(encodeURIComponent(secret));
  } catch {
    // Half of a surrogate pair has no such form.
  }
  return spellings.filter((one) => one.length >= SHORTEST);
}

/** Without padding, so that it is found in a longer one too when it begins there. */
function base64(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes = [...text].map((char) => char.charCodeAt(0));
  if (bytes.some((byte) => byte > 127)) return '';
  let out = '';
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) out += letters[(group >> shift) & 63];
  }
  return out;
}
