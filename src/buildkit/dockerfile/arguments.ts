import { Mistake } from './refused.ts';
import { cutAtBlanks, isSpace, splitAtBlanks, trimStart } from './space.ts';
import { wordsOf } from './words.ts';

export interface Arguments {
  readonly args: readonly string[];
  readonly json: boolean;
}

/** The arguments of one instruction, by its own rule. Throws `Mistake`. */
export function argumentsOf(command: string, text: string, token: string): Arguments {
  switch (command.toLowerCase()) {
    case 'add':
    case 'copy':
    case 'volume':
      return jsonOr(text, splitAtBlanks);
    case 'cmd':
    case 'entrypoint':
    case 'run':
    case 'shell':
      return jsonOr(text, oneOrNone);
    case 'arg':
      return plain(wordsOf(text, token));
    case 'env':
    case 'label':
      return plain(pairsOf(command.toUpperCase(), text, token));
    case 'expose':
    case 'from':
      return plain(splitAtBlanks(text));
    case 'healthcheck':
      return healthcheck(text);
    case 'maintainer':
    case 'stopsignal':
    case 'user':
    case 'workdir':
      return plain(oneOrNone(text));
    default:
      return plain(['']);
  }
}

const plain = (args: readonly string[]): Arguments => ({ args, json: false });
const oneOrNone = (text: string): readonly string[] => (text === '' ? [] : [text]);

function jsonOr(text: string, otherwise: (text: string) => readonly string[]): Arguments {
  const list = jsonArray(text);
  if (list === null) return plain(otherwise(text));
  const args = list.filter((item) => typeof item === 'string');
  if (args.length < list.length)
    throw new Mistake('when using JSON array syntax, arrays must be comprised of strings only');
  return { args, json: true };
}

function jsonArray(text: string): readonly unknown[] | null {
  const bare = trimStart(text);
  if (!bare.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(bare);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Name, value and sign of each pair; the old form `ENV NAME VALUE` has no sign. */
function pairsOf(command: string, text: string, token: string): readonly string[] {
  const words = wordsOf(text, token);
  const [first] = words;
  if (first === undefined) return [];
  if (!first.includes('=')) {
    const [name, value] = cutAtBlanks(text);
    if (value === null) throw new Mistake(`${command} must have two arguments`);
    return [name, value, ''];
  }
  return words.flatMap((word) => {
    const sign = word.indexOf('=');
    if (sign < 0)
      throw new Mistake(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    return [word.slice(0, sign), word.slice(sign + 1), '='];
  });
}

function healthcheck(text: string): Arguments {
  let end = 0;
  while (end < text.length && !isSpace(text[end])) end++;
  if (end === 0) return plain([]);
  const { args, json } = jsonOr(trimStart(text.slice(end)), oneOrNone);
  return { args: [text.slice(0, end), ...args], json };
}
