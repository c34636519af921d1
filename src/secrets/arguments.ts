import { isSecretName, MASK, maskAddress, type OnSecret, tellParts } from '../text/secret-words.ts';
import { maskCommands } from './commands.ts';
import { isBuildSecret, maskText } from './text.ts';
import { maskVariable } from './variables.ts';

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/;
const ENVIRONMENT_FLAGS = new Set(['-e', '--env', '--setenv']);

/** A command line without the values of secret flags and of variables, and without the passwords of addresses. */
export function maskArguments(words: readonly string[], found: OnSecret): readonly string[] {
  let before = '';
  const told = words.map((word) => {
    const shown = maskWord(word, before, found);
    before = word;
    return shown;
  });
  if (words.some((word) => OURS.test(word))) return told;
  const shown = maskCommands(told.join('\0'), (secret) => {
    found(secret);
    return MASK;
  });
  return shown.split('\0').map((word) => (isMade(word) ? hidden(word, found) : word));
}

/** What is a word of a command line of BuildKit's is known by its flag. */
const OURS = /(?:^|\/)(?:buildkitd|rootlesskit)(?:$|[.\s-])/;

/** A word that nobody would give a program but as a secret. */
const isMade = (word: string): boolean =>
  word.length >= 8 && /^[\w+=~!#%^*-]+$/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);

function hidden(word: string, found: OnSecret): string {
  found(word);
  return MASK;
}

function maskWord(word: string, before: string, found: OnSecret): string {
  const flag = /^(-[\w.-]+)=([\s\S]*)$/.exec(word);
  if (flag?.[1] !== undefined) return `${flag[1]}=${maskValue(flag[1], flag[2] ?? '', found)}`;
  if (word.startsWith('-')) return word;
  return before.startsWith('-') && !before.includes('=') ? maskValue(before, word, found) : maskPlain(word, found);
}

function maskValue(flag: string, value: string, found: OnSecret): string {
  if (ENVIRONMENT_FLAGS.has(flag)) return maskPlain(value, found);
  if (value !== '' && isSecretFlag(flag, value)) {
    tellParts(value, found);
    return MASK;
  }
  return maskPlain(value, found);
}

/** Flags of this kind that name a file or an account hold no secret. */
function isSecretFlag(flag: string, value: string): boolean {
  if (flag === '-u') return value.includes(':');
  if (isBuildSecret(flag, value)) return false;
  const name = flag.replace(/^-+/, '');
  return name.length > 2 && isSecretName(name) && !/^tls-?(?:ca-?)?(?:key|cert)$/.test(name);
}

function maskPlain(word: string, found: OnSecret): string {
  const [, name, value] = ASSIGNMENT.exec(word) ?? [];
  if (name !== undefined && value !== undefined && !/\s/.test(name))
    return `${name}=${maskVariable(name, value, found)}`;
  if (!/\s/.test(word)) return maskAddress(word, found);
  const assigned = word.replace(
    /(?<![\w-])([A-Za-z_]\w{0,80})=("[^"]*"|'[^']*'|[^\s;"']+)/g,
    (_, name: string, value: string) => `${name}=${maskVariable(name, value.replace(/^["']|["']$/g, ''), found)}`,
  );
  return maskText(assigned, found);
}
