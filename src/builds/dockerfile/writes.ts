import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import { rooted } from '../model/paths.ts';

/** The words of a step that a shell runs. */
export const commandText = (instruction: Instruction): string =>
  [...instruction.args, ...instruction.heredocs.map(({ content }) => content)].join(' ');

const MAKES = /^(?:touch|mkdir|tee|truncate|mktemp)$/;
const INTO = /^(?:cp|mv|install|ln)$/;

/**
 * Whether a step fails where it cannot write below a directory. True only for the plainest words, joined by `&&` alone: what else
 * a shell does is not guessed.
 */
export function surelyWrites(instruction: Instruction, directory: string, workdir: string | null | undefined): boolean {
  if (instruction.heredocs.length > 0) return false;
  const text = instruction.json ? instruction.args.join(' ') : commandText(instruction);
  if (/\|\||[;|\n`]|\$\(|&(?!&)|^\s*!|\bif\b/.test(text.replaceAll('&&', ' ')) || directory === '') return false;
  const inside = (word: string): boolean => {
    const bare = word.replace(/^["']|["']$/g, '');
    const path = bare.startsWith('/') ? bare : typeof workdir === 'string' ? rooted(workdir, bare) : '';
    return path === directory || path.startsWith(`${directory.replace(/\/$/, '')}/`);
  };
  return text.split('&&').some((part) => {
    const sent = /(?:^|\s)1?>{1,2}\s*(\S+)/.exec(part)?.[1];
    if (sent !== undefined) return inside(sent);
    const [program = '', ...words] = part.trim().split(/\s+/);
    const operands = words.filter((word) => !word.startsWith('-'));
    if (MAKES.test(program)) return operands.some((word) => inside(word) && !isItself(word, directory));
    return INTO.test(program) && inside(operands.at(-1) ?? '');
  });
}

const isItself = (word: string, directory: string): boolean => word.replace(/\/$/, '') === directory.replace(/\/$/, '');
