import { isHidden, type Values } from './unit-words.ts';

/** What a shell script starts in the end, with what it did to the surroundings before. */
export interface ShellStart {
  readonly argv: readonly string[];
  /** Variables that it sets; null: takes away. */
  readonly environment: { readonly [name: string]: string | null };
  /** Where it goes with cd; null when it does not. */
  readonly directory: string | null;
}

/** Commands before the start that leave the daemon's surroundings as they are. */
const HARMLESS =
  /^(?:set|:|true|echo|printf|logger|sleep|test|\[|mkdir|chmod|chown|install|rm|touch|ln|umask|trap|wait)$/;

/**
 * Reads a script as far as it is a plain list of commands, up to the first that is not one of those that only prepare.
 * Null: it has a construct (a pipe, a condition, a substitution, a file that it sources) that is not read.
 */
export function shellStart(text: string, args: readonly string[], given: Values): ShellStart | null {
  const values: { [name: string]: string } = { ...given };
  const environment: { [name: string]: string | null } = {};
  let directory: string | null = null;
  for (const statement of statementsOf(text, args, values)) {
    if (statement === null) return null;
    let words = statement;
    const inline: { [name: string]: string } = {};
    while (words[0] !== undefined && /^[A-Za-z_]\w*=/.test(words[0])) {
      assign(inline, words[0]);
      words = words.slice(1);
    }
    const [name, ...rest] = words;
    if (name === undefined) {
      for (const [variable, value] of Object.entries(inline)) {
        values[variable] = value;
        if (variable in given || variable in environment) environment[variable] = value;
      }
    } else if (name === 'export') {
      for (const word of rest.filter((one) => !one.startsWith('-'))) {
        assign(values, word);
        const variable = word.replace(/=[\s\S]*$/, '');
        environment[variable] = values[variable] ?? '';
      }
    } else if (name === 'unset') {
      for (const variable of rest.filter((one) => !one.startsWith('-'))) {
        delete values[variable];
        environment[variable] = null;
      }
    } else if (name === 'umask' && !/^0{0,2}[0-7]{0,2}$/.test(rest[0] ?? '')) return null;
    else if (name === 'cd') directory = rest[0] ?? values.HOME ?? '/';
    else if (!HARMLESS.test(name.slice(name.lastIndexOf('/') + 1)))
      return {
        argv: name === 'exec' ? withoutOptions(rest) : words,
        environment: { ...environment, ...inline },
        directory,
      };
  }
  return null;
}

function assign(values: { [name: string]: string }, word: string): void {
  const at = word.indexOf('=');
  if (at > 0) values[word.slice(0, at)] = word.slice(at + 1);
}

const withoutOptions = (words: readonly string[]): readonly string[] => {
  const first = words.findIndex((word) => !word.startsWith('-'));
  return first < 0 ? [] : words.slice(first);
};

/** Statement by statement, variables replaced as they are then; null for one that is not read. */
export function* statementsOf(
  text: string,
  args: readonly string[],
  values: { readonly [name: string]: string },
): Generator<readonly string[] | null> {
  let words: string[] = [];
  let word: string | null = null;
  const end = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const skip = /^(?:\\\r?\n|[ \t\r]+|#.*)/.exec(rest)?.[0];
    if (skip !== undefined && (word === null || !skip.startsWith('#'))) {
      if (!skip.startsWith('\\')) end();
      at += skip.length;
      continue;
    }
    const separator = /^(?:\n|;|&&)/.exec(rest)?.[0];
    if (separator !== undefined) {
      end();
      if (words.length > 0) yield words;
      words = [];
      at += separator.length;
      continue;
    }
    const redirection = word === null ? /^\d?>{1,2}(?:&\d|[ \t]*[\w./-]+)/.exec(rest)?.[0] : undefined;
    if (redirection !== undefined) {
      at += redirection.length;
      continue;
    }
    const part = partOf(rest, args, values);
    if (part === null) {
      yield null;
      return;
    }
    at += part.length;
    const [first, ...more] = part.words;
    if (first === undefined) continue;
    word = (word ?? '') + first;
    for (const next of more) {
      end();
      word = next;
    }
  }
  end();
  if (words.length > 0) yield words;
}

interface Part {
  /** Of the text. */
  readonly length: number;
  /** The first goes on with the word that is open; none: nothing stands there. */
  readonly words: readonly string[];
}

function partOf(rest: string, args: readonly string[], values: Values): Part | null {
  const all = /^(?:"\$@"|\$@|\$\*)/.exec(rest)?.[0];
  if (all !== undefined) return { length: all.length, words: args.slice(1) };
  const single = /^'([^']*)'/.exec(rest);
  if (single?.[1] !== undefined) return { length: single[0].length, words: [single[1]] };
  const double = /^"((?:[^"\\`]|\\[\s\S])*)"/.exec(rest);
  if (double?.[1] !== undefined) {
    const value = replaced(
      double[1].replace(/\\([$"\\`])/g, (_, char: string) => (char === '$' ? '\0' : char)),
      args,
      values,
    );
    return value === null ? null : { length: double[0].length, words: [value] };
  }
  const escaped = /^\\([\s\S])/.exec(rest);
  if (escaped?.[1] !== undefined) return { length: 2, words: [escaped[1]] };
  const variable = /^\$(?:\w+|\{[^}]*\})/.exec(rest)?.[0];
  if (variable !== undefined) {
    const value = replaced(variable, args, values);
    return value === null ? null : { length: variable.length, words: value.split(/\s+/).filter((one) => one !== '') };
  }
  const home = /^~(?=[/\s]|$)/.test(rest) ? values.HOME : undefined;
  if (home !== undefined) return { length: 1, words: [home] };
  const plain = /^[^\s;&|<>()$`"'\\*?[{]+|^\[(?=\s)|^\{(?!\s)/.exec(rest)?.[0];
  return plain === undefined || KEYWORD.test(plain) ? null : { length: plain.length, words: [plain] };
}

const KEYWORD = /^(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function|source|\.|eval|ulimit|\})$/;

/** The text with its variables replaced; null where one is not known or is more than a plain name. */
function replaced(text: string, args: readonly string[], values: Values): string | null {
  let unread = /\$\(|`/.test(text);
  const value = text.replace(
    /\$(?:(\w+)|\{(\w+)(?:(:?[-=])([^}]*))?\}|\{[^}]*\})/g,
    (whole, plain, braced, how, other) => {
      const name: string | undefined = plain ?? braced;
      if (name === undefined) {
        unread = true;
        return whole;
      }
      const found = /^\d+$/.test(name) ? args[Number(name)] : values[name];
      const used = found === undefined || (found === '' && how?.startsWith(':')) ? (other ?? '') : found;
      if (isHidden(used)) unread = true;
      return used;
    },
  );
  return unread ? null : value.replaceAll('\0', '$');
}
