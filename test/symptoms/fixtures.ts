import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One log of a file of logs: what stands behind `===` is its answer. */
export interface Labelled {
  readonly answers: readonly string[];
  readonly name: string;
  readonly log: string;
}

/** The logs of a file of this folder: `=== answer,answer | name`, then the log up to the next such line. */
export function labelled(file: string): readonly Labelled[] {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      const [answers = '', name] = part.slice(0, end).split('|');
      const log = part.slice(end + 1);
      return { answers: answers.split(',').map((answer) => answer.trim()), name: (name ?? log).trim(), log };
    });
}
