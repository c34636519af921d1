import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import type { Context } from '../model/context.ts';
import { rooted } from '../model/paths.ts';
import type { Known } from './stages.ts';

/** What can be in an image that began empty: nothing stands anywhere else. */
export interface Contents {
  /** Files and directories that steps make, with the directories above them. */
  readonly made: readonly string[];
  /** Directories below which anything may be. */
  readonly open: readonly string[];
}

export const EMPTY: Contents = { made: [], open: [] };

const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === '/' ? '/' : `${directory}/`);

/** Whether a path is surely not there; never where an image is not known, which is null. */
export function lacks(contents: Contents | null, path: string): boolean {
  if (contents === null || path === '/') return false;
  const { made, open } = contents;
  return (
    ![...made, ...open].some((there) => there === path || isBelow(there, path)) && !open.some((at) => isBelow(path, at))
  );
}

export const isEmpty = (contents: Contents | null): boolean =>
  contents !== null && contents.made.length + contents.open.length === 0;

/** What is there behind an instruction; null where that can be anything. */
export function contentsAfter(
  before: Contents | null,
  instruction: Instruction,
  { expand, workdir, context }: { expand: (text: string) => Known; workdir: string; context: Context | null },
): Contents | null {
  if (before === null) return null;
  const command = instruction.command.toUpperCase();
  if (command === 'RUN') return null;
  if (command !== 'COPY' && command !== 'ADD' && command !== 'WORKDIR') return before;
  const { text, known } = expand(instruction.args.at(-1) ?? '');
  if (!known || text === '') return null;
  const place = rooted(text.startsWith('/') ? '/' : workdir, text);
  if (command === 'WORKDIR') return place === '/' ? before : { ...before, made: [...before.made, place] };
  // A link in there may lead elsewhere.
  if (before.open.some((at) => isBelow(place, at) && at !== '/')) return null;
  const names = fileNames(instruction, expand, context);
  if (names === null) return { ...before, open: [...before.open, place] };
  const below = names.map((name) => rooted(place, name));
  return { ...before, made: [...before.made, ...(place === '/' || text.endsWith('/') ? below : [place, ...below])] };
}

/** The names of what is copied, where it is surely plain files. */
function fileNames(
  instruction: Instruction,
  expand: (text: string) => Known,
  context: Context | null,
): readonly string[] | null {
  const names: string[] = instruction.heredocs.map(({ name }) => name);
  if (instruction.flags.some((flag) => /^--(?:from|parents)\b/.test(flag))) return null;
  for (const source of instruction.args.slice(0, -1)) {
    if (/^\d*<</.test(source)) continue;
    const { text, known } = expand(source);
    if (instruction.command.toUpperCase() === 'ADD' || !known || context?.isFile(text) !== true) return null;
    names.push(text.replace(/^.*\//, ''));
  }
  return names;
}
