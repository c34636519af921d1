/** What stands in the place of a secret. */
export const MASK = '***';

/** Is told every secret that is masked, so that it can be found again in what programs print; `likely`: it only looks like one. */
export type OnSecret = (secret: string, likely?: true) => void;

const SECRET_WORD =
  'pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authori[sz]ation|bearer|cookie|api[._-]?key|access[._-]?key|private[._-]?key|signing[._-]?key|encryption[._-]?key|account[._-]?key|master[._-]?key|secret[._-]?key|session[._-]?(?:id|key)|connection[._-]?string|webhook';
const SECRET_NAME = new RegExp(`${SECRET_WORD}|auth(?!or)|user[._-]?name|headers?$`, 'i');
/** Short words that are parts of others, and count only where they stand alone. */
const SHORT =
  /(?:^|[^a-z])(?:pass|pat|pin|otp|key|salt|seed|sig|signature|dsn|pw|sas)(?:$|[^a-z])|[a-z](?:Pass|Key|Pin|Salt|Signature)(?:$|[^a-z])/;

/** Does a key, a variable or a flag of this name hold a secret? What BuildKit itself defines is asked for elsewhere. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || SHORT.test(name) || SHORT.test(name.toLowerCase());
}

/** Pass phrases have words; keys and tokens are long, and no word of any language. */
export function looksSecret(word: string): boolean {
  if (word.length < 5 || !/^[\w+/=~-]+$/.test(word)) return false;
  if (/\d/.test(word) && /[A-Za-z]/.test(word)) return true;
  return word.length >= 16 && /[a-z][A-Z]/.test(word);
}

/** Tells of a secret, and of its parts that a program may print alone. */
export function tellParts(secret: string, found: OnSecret): void {
  found(secret);
  if (/^[a-z][a-z\d+.-]{1,30}:\/\//i.test(secret)) {
    // Of an address only who logs in is one.
    const at = userinfoAt(secret);
    if (at !== null) tellParts(secret.slice(at.from, at.to), found);
    return;
  }
  // What has a form has words of everybody's around its secrets.
  if (/[{}[\]"]/.test(secret)) {
    tellWords(secret, found);
    return;
  }
  const parts = secret.split(/[:\r\n]+/);
  // Before a password stands a name.
  for (const [at, part] of parts.entries()) at === 0 && parts.length === 2 ? found(part, true) : found(part);
}

/** Tells of the words of a text that nobody would write but as a secret. */
export function tellWords(text: string, found: OnSecret): void {
  for (const word of text.split(/[^\w+/=~-]+/)) if (looksSecret(word)) found(word, true);
}

const LOCAL = /(?:^|[^a-z])(?:unix|npipe|file|fd)$/i;
const HOST = /^(?:[\w.-]+|\[[\da-f:.%]+\])(?::\d+)?(?:[/?#,].*)?$/i;

/** Where the user information of an address stands, with a scheme or without; null: it has none. */
export function userinfoAt(word: string): { readonly from: number; readonly to: number } | null {
  const to = word.lastIndexOf('@');
  if (to < 0) return null;
  const scheme = word.indexOf('://');
  if (scheme >= 0 && scheme < to) {
    const from = scheme + 3;
    return from === to || LOCAL.test(word.slice(Math.max(0, scheme - 8), scheme)) ? null : { from, to };
  }
  if (to === 0 || /^(?:[/.~]|unix:)/.test(word) || !HOST.test(word.slice(to + 1))) return null;
  return { from: 0, to };
}

const PARAMETER = /([?&])([\w.-]{1,80})=([^&#\s"']+)/g;

/** An address without its user information and the secrets of its query; whether it had a password still shows. */
export function maskAddress(word: string, found: OnSecret): string {
  const named = maskUserinfo(word, found);
  if (!named.includes('?')) return named;
  return named.replace(PARAMETER, (whole, mark: string, name: string, value: string) => {
    if (value === MASK || !(isSecretName(name) || (value.length >= 16 && looksSecret(value)))) return whole;
    found(value);
    return `${mark}${name}=${MASK}`;
  });
}

function maskUserinfo(word: string, found: OnSecret): string {
  const at = userinfoAt(word);
  if (at === null) return word;
  const info = word.slice(at.from, at.to);
  if (isMask(info)) return word;
  tellParts(info, found);
  return `${word.slice(0, at.from)}${info.includes(':') ? `${MASK}:${MASK}` : MASK}${word.slice(at.to)}`;
}

const isMask = (info: string): boolean => info === MASK || info === `${MASK}:${MASK}`;

/** Is this text made of another one in which a secret was masked? Then it must not be written anywhere. */
export function isMasked(text: string): boolean {
  return text.includes(MASK);
}

/** A masked address with the user information of the one that it was made of; null where that cannot be told. */
export function unmasked(address: string, original: string): string | null {
  const at = userinfoAt(address);
  const from = userinfoAt(original);
  if (at === null || from === null || !isMask(address.slice(at.from, at.to))) return null;
  const whole = address.slice(0, at.from) + original.slice(from.from, from.to) + address.slice(at.to);
  return isMasked(address.slice(0, at.from) + address.slice(at.to)) ? null : whole;
}

/** Names of secrets, for patterns over running text. */
export const SECRET_WORDS = SECRET_WORD;
