import { isSecretName, looksSecret, MASK, maskAddress, type OnSecret, SECRET_WORDS } from '../text/secret-words.ts';
import { maskCommands } from './commands.ts';
import { replaceEncoded } from './encoded.ts';
import { HOOKS, looksRandom, TOKENS } from './tokens.ts';

const nobody: OnSecret = () => {};

const KEYS =
  /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z0-9 ]{0,40}-----)?/g;
const SCHEMES =
  /\b(bearer|basic|digest|negotiate|token)([ \t]{1,4}(?:\\{0,7}["'])?)([A-Za-z0-9+/_=.~][A-Za-z0-9+/_=.~-]{4,})/gi;
/** A value: escaped quotes, quotes, or what ends with a blank or with a comma before the next thing. */
const VALUE = String.raw`\\{1,7}"(?:(?!\\{1,7}"|\n)[\s\S])*|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|(?:(?![,;](?:\s|[\w.-]{1,40}[=:]|$))[^\s"'])+`;
/** What is sent to prove who somebody is: all that follows the scheme, and every value of a cookie. */
const PROOFS =
  /(\bauthori[sz]ation\\{0,7}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,7}["']?(?:AWS4-[\w-]{4,30}|Digest|OAuth|Hawk)[ \t]{1,4})([^\n]{8,4000})/gi;
const KEYED =
  /(\bauthori[sz]ation\\{0,7}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,7}["']?[A-Z][A-Za-z-]{2,20}[ \t]{1,4})([^\s"'\\]{8,4000})/g;
const COOKIES = /\bcookie2?["']?:[ \t]{0,4}[^\n"']{4,4000}/gi;
/** A password in a sentence: of letters, capitals and digits, or between quotes. */
const SAID =
  /(\b(?:pass(?:word|wd|phrase|code)|pwd|token|secret|api[ _-]?key|credential)s?(?:[ \t]{1,4}(?:is|was))?:?[ \t]{1,4}["']?)([^\s"',;]{6,200})/gi;
const QUOTED =
  /(\bpass(?:word|wd|phrase|code)(?:[ \t]{1,4}(?:is|was))?:?[ \t]{1,4})(?:"([^"\n]{3,200})"|'([^'\n]{3,200})')/gi;
/** A name, what joins it with its value, and the value: the name may go on, within bounds, so that no text is slow. */
const ASSIGNED = new RegExp(
  String.raw`((?:${SECRET_WORDS}|api[_-]?auth|auth[_-]?token|identity[_-]?token|(?<![A-Za-z])_?auth(?=\\{0,7}["']?\s{0,4}[=:])|(?<![A-Za-z])(?:pass|pw)|(?<=[?&][\w.-]{0,40})(?:key|sig|signature|code|sas|auth|pw))[\w.-]{0,40}\\{0,7}["']?[ \t]{0,8}(?:=|:(?!//))[ \t]{0,8})((?:(?:bearer|basic|token|digest)[ \t]{1,8})?)(${VALUE})`,
  'gi',
);
/** Variables of the kind that people name in capitals. */
const CAPITALS = new RegExp(
  String.raw`(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]{0,60}_(?:KEY|PASS|PAT|PIN|OTP|SALT|SEED|SIG|DSN|PW|AUTH|CREDS?)["']?[ \t]{0,4}[=:][ \t]{0,4})()(${VALUE})`,
  'g',
);
const FLAGGED = new RegExp(
  String.raw`(?<![\w-])(--?[\w-]{0,40}(?:${SECRET_WORDS})[\w-]{0,40}(?:[ \t]{1,8}|["'][ \t]{0,4},\s{0,40}["']|["']?[ \t]{0,4}\n[ \t]{1,40}-[ \t]{1,8}["']?))(?!-)("[^"\n]*"?|'[^'\n]*'?|[^\s"',;]+)`,
  'gi',
);
/** Names that mean a secret now and then: only with a value that nobody would write but as one. */
const WEAK = new RegExp(
  String.raw`((?<![A-Za-z])(?:--?)?(?:key|tok|creds?|sig|signature|sign|sas|hmac|seed|salt|otp|code|sid|[a-z]{0,12}sess(?:ion)?(?:id)?|hash)\\{0,7}["']?[ \t]{0,4}[=:][ \t]{0,4})()(${VALUE})`,
  'gi',
);
/** netrc(5), curl, and what is piped into a login. */
const LOGINS =
  /(\blogin[ \t\n]{1,8}\S{1,200}[ \t\n]{1,8}(?:account[ \t\n]{1,8}\S{1,200}[ \t\n]{1,8})?password[ \t\n]{1,8})(\S+)/g;
const CURL =
  /(\bcurl\b[^\n|;]{0,200}?[ \t"'](?:-u|--user|--proxy-user|-U)(?:["'][ \t]{0,4},[ \t]{0,4}["']|[ \t=]{0,4}["']?))([^\s:"'-][^\s:"']{0,100}:[^\s"']+)/g;
const PIPED = /(\becho[ \t]{1,4}(?:-n[ \t]{1,4})?["']?)([^\s"'|$]{3,})(["']?[ \t]{0,4}\|[^\n|]{0,80}\blogin\b)/g;
/** A list of names and values, as pods and Dockerfiles have it. */
const NAMED = new RegExp(
  String.raw`(\bname\\{0,7}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,7}["']?)([\w.-]{1,80})(\\{0,7}["']?[ \t]{0,8},?\s{0,80}(?:[+-]\s{0,40})?\\{0,7}["']?value\\{0,7}["']?[ \t]{0,4}[:=][ \t]{0,4})(${VALUE})`,
  'gi',
);
const SPACED = /(\b(?:ENV|ARG|LABEL)[ \t]{1,8})([\w.-]{1,80})([ \t]{1,8})(?!=)([^\s=][^\n]*)/g;
/** Words that stand after the name of a secret in a sentence, what only refers to one, and what was masked before. */
const NO_SECRET =
  /^(?:(?:\*{3}|x{3,}|bearer|basic|…|\[|none|null|nil|true|false|yes|no|on|off|required?|optional|missing|invalid|unset|empty|denied|expired|failed|unknown|string|default|is|was|are|not|the|an?|in|of|to|for|from|and|or|by|with|it|must|can(?:not)?)[.,:;]?|\d{1,3}|\(private key\)|\$[A-Za-z_({].*|%[({\w].{0,80}|\{\{.*|<[^>]{0,80}>?|(?:type|id|src|source|env|target|mode)=.*)$/is;
/** Names whose value says where a secret is. */
const WHERE =
  /(?:file|path|dir|directory|stdin|helper|store|pwd|env|mount|name|type|url|source|src)["'\\]{0,8}\s*[=:]?\s*$/i;

/** What can be told in any text without knowing what it is: user information of URLs, private keys, tokens of known form. */
export function maskKnownForms(
  text: string,
  found: OnSecret = nobody,
  lines: 'as they come' | 'each line in its place' = 'as they come',
): string {
  let shown = text;
  shown = shown.replace(HOOKS, (_whole, place: string, secret: string) => {
    found(secret);
    return `${place}${MASK}`;
  });
  if (shown.includes('@')) shown = shown.replace(/[^\s"'`<>]+/g, (word) => maskUrl(word, found));
  if (shown.includes('PRIVATE KEY'))
    shown = shown.replace(KEYS, (key) => {
      const ends = lines === 'as they come' ? '' : '\n'.repeat(key.split('\n').length - 1);
      return `${masking(key, found)}${ends}`;
    });
  return shown.replace(TOKENS, (token) => {
    found(token);
    return MASK;
  });
}

/** Each line of it may be met alone. */
function masking(key: string, found: OnSecret): string {
  const lines = key.split(/\n|\\n/);
  for (const line of lines) {
    const word = line.replace(/^[\s"'+|-]{1,80}|[\s"'\\r,]{1,20}$/g, '');
    if (word.length >= 12 && !word.includes('PRIVATE KEY')) found(word);
  }
  return '(private key)';
}

function maskUrl(word: string, found: OnSecret): string {
  return word.includes('://') && word.includes('@') ? maskAddress(word, found) : word;
}

/** Running text: also what follows the name of a secret, addresses without a scheme that have a password, and all of it in disguise. */
export function maskText(text: string, found: OnSecret = nobody): string {
  return maskTo(text, found, 2);
}

function maskTo(text: string, found: OnSecret, depth: number): string {
  let shown = maskKnownForms(text, found);
  if (shown.includes('@')) shown = shown.replace(/[^\s"'`<>(),;]+/g, (word) => maskBare(word, found));
  const hide = (secret: string): string => {
    found(secret);
    return MASK;
  };
  shown = maskProofs(shown, hide)
    .replace(SCHEMES, (whole, scheme: string, gap: string, token: string) =>
      (token.length >= 16 && scheme.toLowerCase() !== 'token') || looksSecret(token) || isPair(token)
        ? `${scheme}${gap}${hide(token)}`
        : whole,
    )
    .replace(ASSIGNED, (whole, name: string, kind: string, value: string, at: number, all: string) =>
      assigned(whole, name, kind, value, { at, all, found }),
    )
    .replace(CAPITALS, (whole, name: string, kind: string, value: string, at: number, all: string) =>
      assigned(whole, name, kind, value, { at, all, found }),
    )
    .replace(WEAK, (whole, name: string, kind: string, value: string, at: number, all: string) =>
      isMade(unquoted(value)[1]) ? assigned(whole, name, kind, value, { at, all, found }) : whole,
    )
    .replace(FLAGGED, (whole, flag: string, value: string) => {
      const bare = value.replace(/^["']|["']$/g, '');
      return NO_SECRET.test(bare) || WHERE.test(flag) || isPath(bare) || isBuildSecret(flag, bare)
        ? whole
        : `${flag}${hide(bare)}`;
    });
  return maskEncoded(maskLists(shown, hide), found, depth);
}

function maskProofs(text: string, hide: (secret: string) => string): string {
  let shown = text;
  if (/authori[sz]ation/i.test(shown))
    shown = shown
      .replace(PROOFS, (_whole, before: string, secret: string) => `${before}${hide(secret)}`)
      .replace(KEYED, (whole, before: string, secret: string) =>
        looksSecret(secret.replace(/[^\w+/=~-]/g, '')) ? `${before}${hide(secret)}` : whole,
      );
  if (/cookie/i.test(shown))
    shown = shown.replace(COOKIES, (cookies) =>
      cookies.replace(/=([^;\s,=]{4,}={0,2})/g, (_whole, secret: string) => `=${isMask(secret) ? MASK : hide(secret)}`),
    );
  return shown
    .replace(SAID, (whole, before: string, secret: string) => (isMixed(secret) ? `${before}${hide(secret)}` : whole))
    .replace(QUOTED, (whole, before: string, double?: string, single?: string) => {
      const secret = double ?? single ?? '';
      return NO_SECRET.test(secret) || isMask(secret) ? whole : `${before}"${hide(secret)}"`;
    });
}

const isMask = (text: string): boolean => text.startsWith(MASK);
const isMixed = (word: string): boolean => /\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);

function maskLists(text: string, hide: (secret: string) => string): string {
  let shown = maskCommands(text, hide);
  if (/login/.test(shown))
    shown = shown
      .replace(LOGINS, (_whole, before: string, secret: string) => `${before}${hide(secret)}`)
      .replace(PIPED, (_whole, before: string, secret: string, after: string) => `${before}${hide(secret)}${after}`);
  if (shown.includes('curl'))
    shown = shown.replace(CURL, (_whole, before: string, secret: string) => {
      hide(secret.slice(secret.indexOf(':') + 1));
      return `${before}${hide(secret)}`;
    });
  if (/value/i.test(shown))
    shown = shown.replace(NAMED, (whole, before: string, name: string, between: string, value: string) => {
      const [open, bare, close] = unquoted(value);
      if (!isSecretName(name) || NO_SECRET.test(bare) || bare === '') return whole;
      return `${before}${name}${between}${open}${hide(bare)}${close}`;
    });
  if (/ENV|ARG|LABEL/.test(shown))
    shown = shown.replace(SPACED, (whole, before: string, name: string, gap: string, value: string) =>
      isSecretName(name) && !NO_SECRET.test(value.trim()) ? `${before}${name}${gap}${hide(value.trim())}` : whole,
    );
  return shown;
}

/** Letters and digits without a word in them; a digest says what it is. */
function isMade(value: string): boolean {
  const bare = value.replace(/[)}\],;:.]{1,20}$/, '');
  if (bare.length < 12 || !/^[\w+/=%~-]+$/.test(bare) || bare.startsWith('/')) return false;
  return /\d/.test(bare) && /[A-Za-z]/.test(bare) && !/[a-z]{6,}|[A-Z]{6,}/.test(bare);
}

interface Place {
  readonly at: number;
  readonly all: string;
  readonly found: OnSecret;
}

function assigned(whole: string, name: string, kind: string, value: string, { at, all, found }: Place): string {
  const [open, inner, close] = unquoted(value);
  // The next parameter of a URL is another thing.
  const end = /[?&]/.test(all[at - 1] ?? '') || /^[^&]*&[\w.-]+=/.test(inner) ? inner.search(/[&#]/) : -1;
  const body = end >= 0 ? inner.slice(0, end) : inner;
  const tail = open === '' ? (/[)}\],;:]{0,20}$/.exec(body)?.[0] ?? '') : '';
  const bare = body.slice(0, body.length - tail.length);
  if (bare === '' || NO_SECRET.test(bare)) return whole;
  if (isPath(bare) && WHERE.test(name)) return whole;
  if (open === '' && (!/[\p{L}\p{N}]/u.test(bare) || (kind === '' && isSentence(name, bare, all, at + whole.length))))
    return whole;
  found(bare);
  return `${name}${kind}${open}${MASK}${tail}${end >= 0 ? inner.slice(end) : ''}${close}`;
}

const isPath = (value: string): boolean => /^(?:~|\.{1,2})?\/[\w./@%+-]*$/.test(value);

/** "fetching the token: unexpected status" is about one, and has none. */
function isSentence(name: string, value: string, all: string, end: number): boolean {
  return (
    /(?:token|(?<![A-Za-z])pass|authori[sz]ation|secret|credentials?|cookie|webhook)["']?: +$/i.test(name) &&
    /^[A-Z]?[a-z]{1,14}$/.test(value) &&
    /^[ :]+\S/.test(all.slice(end, end + 3))
  );
}

/** The quotes around a value, with their backslashes, and what is between them. */
function unquoted(value: string): readonly [open: string, inner: string, close: string] {
  const [, open = '', rest = ''] = /^(\\*["']?)([\s\S]*)$/.exec(value) ?? [];
  const quote = open.slice(-1);
  if (quote !== '"' && quote !== "'") return ['', value, ''];
  if (open.length > 1) return [open, rest, ''];
  return rest.endsWith(quote) ? [open, rest.slice(0, -1), quote] : [open, rest, open];
}

/** A name and a password, as they are sent. */
function isPair(word: string): boolean {
  if (word.length < 8) return false;
  const held = decodedPair(word);
  return held !== null;
}

function decodedPair(word: string): string | null {
  let held: string | null = null;
  replaceEncoded(word, (inner) => {
    if (/^[\w.@+-]{1,64}:[!-~]{1,256}$/.test(inner)) held = inner;
    return null;
  });
  return held;
}

function maskEncoded(text: string, found: OnSecret, depth: number): string {
  const shown = replaceEncoded(text, (held) => {
    if (
      /^[\w.@+-]{2,64}:[!-~]{3,256}$/.test(held) &&
      !/^[\w.-]+:\/\//.test(held) &&
      !/^[a-z]+:\d+(?::\d+)?$/.test(held)
    ) {
      found(held);
      found(held.slice(held.indexOf(':') + 1));
      return MASK;
    }
    return depth > 0 && maskTo(held, found, depth - 1) !== held ? MASK : null;
  });
  return shown.replace(/(?<![\w+/-])[\w+/-]{32,}={0,2}/g, (word) => {
    if (!looksRandom(word)) return word;
    found(word);
    return MASK;
  });
}

/** `--secret id=NAME,src=FILE` of a build says where a secret is, and not the secret. */
export const isBuildSecret = (flag: string, value: string): boolean =>
  flag.trim() === '--secret' && /^(?:id|src|source|env|type)=/.test(value);

/** "u:p@host": a colon before the last "@", and no path before it. */
function maskBare(word: string, found: OnSecret): string {
  const at = word.lastIndexOf('@');
  if (at < 0 || word.includes('://')) return word;
  const colon = word.indexOf(':');
  if (colon <= 0 || colon > at || /(?:^|[:=])\//.test(word.slice(0, at))) return word;
  let end = word.length;
  while (end > at && /[:.]/.test(word[end - 1] ?? '')) end--;
  return maskAddress(word.slice(0, end), found) + word.slice(end);
}
