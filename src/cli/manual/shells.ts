import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import type { Outline } from './outline.ts';
import { zshCompletion } from './zsh.ts';

/** The completion for one of three shells. */
export function completion(shell: 'bash' | 'zsh' | 'fish', outline: Outline): string {
  return { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell](outline);
}
