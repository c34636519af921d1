import { looksSecret, MASK, maskAddress, type OnSecret, SECRET_WORDS } from '../text/secret-words.ts';

const nobody: OnSecret = () => {};

const KEYS = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY)-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z0-9 ]{0,40}-----)?/g;
const TOKENS =
  /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|A(?:KIA|SIA)[A-Z0-9]{16}|dckr_pat_[\w-]{20,}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{10,500}\.[\w-]{10,}\.[\w-]{5,}|npm_[A-Za-z0-9]{30,}|sk-[\w-]{20,})/g;
const SCHEMES = /\b(bearer|basic)([ \t]{1,4})([A-Za-z0-9+/_=.~-]{5,})/gi;
/** A name, what joins it with its value, and the value: the name may go on, within bounds, so that no text is slow. */
const ASSIGNED = new RegExp(
  `((?:${SECRET_WORDS}|api[_-]?auth|auth[_-]?token|(?<![A-Za-z])pass)[\\w.-]{0,40}\\\\?["']?[ \\t]{0,8}(?:=|:(?!//))[ \\t]{0,8}(?:\\\\?(?=["']))?(?:(?:bearer|basic|token)[ \\t]{1,8})?)("[^"\\n]*"?|'[^'\\n]*'?|[^\\s"',;)}\\]]+)`,
  'gi',
);
const FLAGGED = new RegExp(`(--?[\\w-]{0,40}(?:${SECRET_WORDS})[\\w-]{0,40}[ \\t]{1,8})(?!-)([^\\s"',;]+)`, 'gi');

/** What can be told in any text without knowing what it is: user information of URLs, private keys, tokens of known form. */
export function maskKnownForms(text: string, found: OnSecret = nobody): string {
  let shown = text;
  if (shown.includes('@')) shown = shown.replace(/[^\s"'`<>]+/g, (word) => maskUrl(word, found));
  if (shown.includes('PRIVATE KEY')) shown = shown.replace(KEYS, '(private key)');
  return shown.replace(TOKENS, MASK);
}

function maskUrl(word: string, found: OnSecret): string {
  return word.includes('://') && word.includes('@') ? maskAddress(word, found) : word;
}

/** Running text: also what follows the name of a secret, and addresses without a scheme that have a password. */
export function maskText(text: string, found: OnSecret = nobody): string {
  let shown = maskKnownForms(text, found);
  if (shown.includes('@')) shown = shown.replace(/[^\s"'`<>(),;]+/g, (word) => maskBare(word, found));
  return shown
    .replace(SCHEMES, (whole, scheme: string, gap: string, token: string) =>
      token.length >= 16 || looksSecret(token) ? `${scheme}${gap}${MASK}` : whole,
    )
    .replace(ASSIGNED, (whole, name: string, value: string) => {
      const quote = /^["']/.exec(value)?.[0] ?? '';
      const bare = value.slice(
        quote.length,
        quote !== '' && value.endsWith(quote) && value.length > 1 ? -1 : undefined,
      );
      if (bare === '' || /^(?:\*{3}|bearer$|basic$|…$|\[$)/i.test(bare)) return whole;
      found(bare);
      return `${name}${quote}${MASK}${quote}`;
    })
    .replace(FLAGGED, (whole, flag: string, value: string) => (value === MASK ? whole : `${flag}${MASK}`));
}

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
