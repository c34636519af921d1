import { isSecretName, MASK, type OnSecret, tellWords } from '../text/secret-words.ts';
import { unitWords } from '../text/unit-words.ts';
import { maskArguments } from './arguments.ts';
import { maskComment } from './garble.ts';
import { isPlainSetting } from './unit-settings.ts';
import { isListed, maskVariable } from './variables.ts';

const PLAIN = /^(?:yes|no|true|false|on|off|\d{1,3}(?:s|min|ms|h|d)?)$/i;

/** The text of a unit or a drop-in as it may be kept: no value of a variable that is not on the list, no secret of a command line. */
export function maskUnit(text: string, found: OnSecret): string {
  const out: string[] = [];
  let open: string[] = [];
  const rows = text.split('\n');
  for (const [index, row] of rows.entries()) {
    open.push(row);
    if (/\\\r?$/.test(row) && index < rows.length - 1) continue;
    out.push(maskLine(open.join('\n'), found));
    open = [];
  }
  return out.join('\n');
}

function maskLine(lines: string, found: OnSecret): string {
  const carriage = /\r?$/.exec(lines)?.[0] ?? '';
  const line = lines.replace(/\\\r?\n/g, ' ').trim();
  if (line === '' || /^\[[\w@ -]{1,40}\]$/.test(line)) return lines;
  if (/^[#;]/.test(line)) {
    const shown = maskComment(line.slice(1), found);
    return shown === line.slice(1) ? lines : `${line[0]}${shown}${carriage}`;
  }
  const at = line.indexOf('=');
  if (at < 0) return `# ${MASK}${carriage}`;
  const key = line.slice(0, at).trim();
  const value = line.slice(at + 1).trim();
  const shown = maskSetting(key, value, found);
  // Every line stays where it stood.
  const rest = ' \\\n'.repeat(lines.split('\n').length - 1);
  return shown === value ? lines : `${key}=${shown}${carriage}${rest}`;
}

function maskSetting(key: string, value: string, found: OnSecret): string {
  if (value === '') return value;
  if (key === 'Environment') return rejoined(value, '', (words) => words.map((word) => maskAssignment(word, found)));
  if (/^Exec[A-Z]\w*$/.test(key)) {
    const prefix = /^[-@:+!|]*/.exec(value)?.[0] ?? '';
    return rejoined(value.slice(prefix.length), prefix, (words) => maskArguments(words, found));
  }
  if (isPlainSetting(key) || PLAIN.test(value)) return value;
  tellWords(value, found);
  if (isSecretName(key)) found(value);
  return MASK;
}

function maskAssignment(word: string, found: OnSecret): string {
  const at = word.indexOf('=');
  if (at <= 0) return MASK;
  const name = word.slice(0, at);
  return `${name}=${maskOwnVariable(name, word.slice(at + 1), found)}`;
}

/** A start line may be made of variables of the unit's own: flags, paths and local addresses are kept, as in the line itself. */
function maskOwnVariable(name: string, value: string, found: OnSecret): string {
  if (isListed(name) || isSecretName(name)) return maskVariable(name, value, found);
  if (/^--?[a-z]/.test(value)) {
    const words = unitWords(value).words;
    const shown = maskArguments(words, found);
    return shown.every((word, index) => word === words[index]) ? value : shown.join(' ');
  }
  if (/^(?:unix:\/\/|fd:\/\/)?(?:\/[\w.@-]{1,40})*\/?$/.test(value) && value.length < 256) return value;
  return maskVariable(name, value, found);
}

/** The same text where nothing was masked: only then does its spelling not matter. */
function rejoined(value: string, prefix: string, mask: (words: readonly string[]) => readonly string[]): string {
  const words = unitWords(value).words;
  const shown = mask(words);
  if (shown.every((word, index) => word === words[index])) return prefix + value;
  return prefix + shown.map(quotedWord).join(' ');
}

/** As systemd reads it back, on one line. */
function quotedWord(word: string): string {
  if (/^[^\s"'\\\p{Cc}]+$/u.test(word)) return word;
  const escaped = word
    .replace(/["\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/** The text of an EnvironmentFile=. */
export function maskEnvironmentFile(text: string, found: OnSecret): string {
  return text
    .split('\n')
    .map((row) => {
      const [, before = '', name, value = ''] = /^(\s*)([A-Za-z_]\w*)=(.*?)\r?$/.exec(row) ?? [];
      if (name === undefined) {
        tellWords(row, found);
        return /^\s*$/.test(row) ? row : `# ${MASK}`;
      }
      const word = unitWords(value).words.join(' ');
      const shown = maskOwnVariable(name, word, found);
      return shown === word ? row : `${before}${name}=${quotedWord(shown)}`;
    })
    .join('\n');
}

/** /proc/PID/environ. What says that this is a container is kept. */
export function maskEnviron(text: string, found: OnSecret): string {
  return text
    .split('\0')
    .map((word) => (word === '' || word.startsWith('container=') ? word : maskAssignment(word, found)))
    .join('\0');
}

/** /proc/PID/cmdline. */
export function maskCommandLine(text: string, found: OnSecret): string {
  return maskArguments(text.split('\0'), found).join('\0');
}
