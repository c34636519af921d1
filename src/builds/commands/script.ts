import type { Lines } from '../../documents/lines.ts';
import { expanded, readShell } from '../../documents/shell.ts';
import type { Word } from '../model/request.ts';

/** A simple command of a script: its words, and the variables set for it alone. */
export interface ShellCommand {
  readonly environment: ReadonlyMap<string, Word>;
  readonly words: readonly Word[];
}

const BEFORE = /^(?:if|then|else|elif|do|while|until|!|\{|time|exec|command|sudo|env|nohup|@|-|\$)$/;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;

/** Whether a word may become any number of words: one variable alone, all of a list, or a value with blanks in it. */
function isOpen(written: string, value: string, quoted: boolean, known: boolean): boolean {
  if (/^\$(?:[@*]|\{[@*\w]+\[[@*]\]|\{[@*])/.test(written)) return true;
  if (quoted || !written.includes('$')) return false;
  return known ? value === '' || /\s/.test(value) : /^\$[^=/:,]*$/.test(written);
}

/** The simple commands of shell text that begins `base` characters into its file. */
export function commandsOf(text: string, base: number, lines: Lines): readonly ShellCommand[] {
  const { commands, variables } = readShell(text, base);
  return commands.flatMap(({ words }) => {
    const read = words.map(({ text: written, quoted, span }): Word => {
      const value = expanded(written, variables);
      const { line, column } = lines.position('', span);
      const known = !/\$[\w({]/.test(value);
      return { text: value, known, open: isOpen(written, value, quoted, known), line, column, span };
    });
    const environment = new Map<string, Word>();
    let from = 0;
    for (const word of read) {
      const name = ASSIGNMENT.exec(word.text)?.[1];
      if (name !== undefined) environment.set(name, { ...word, text: word.text.slice(name.length + 1) });
      else if (!BEFORE.test(word.text) && !(from > 0 && /^-[EHnikS]$/.test(word.text))) break;
      from++;
    }
    const rest = read
      .slice(from)
      .map((word, index) => (index === 0 ? { ...word, text: word.text.replace(/^[@+-]+/, '') } : word));
    return rest.length === 0 ? [] : [{ environment, words: rest }];
  });
}
