import { createInterface } from 'node:readline';
import { Interrupted, type Session } from './session.ts';

/** Asks one line on stderr, without moving the cursor. Throws Interrupted at the end of input or of the session. */
export function answerLine({ streams: { stdin, stderr }, signal }: Session, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdin, terminal: false });
    stderr.write(question);
    const broken = (): void => {
      stderr.write('\n');
      reject(new Interrupted());
    };
    const abort = (): void => lines.close();
    signal.addEventListener('abort', abort, { once: true });
    lines.once('close', broken);
    lines.once('line', (line) => {
      lines.off('close', broken);
      signal.removeEventListener('abort', abort);
      lines.close();
      resolve(line);
    });
  });
}

/** Numbers and ranges, such as 1,3 or 2-4, of so many things; counted from 0. Null where the text is none. */
export function numbersOf(text: string, most: number): readonly number[] | null {
  const numbers = new Set<number>();
  for (const part of text.split(/[\s,]+/).filter((word) => word !== '')) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (found === null) return null;
    const from = Number(found[1]);
    const to = Number(found[2] ?? found[1]);
    if (from < 1 || to > most || from > to) return null;
    for (let number = from; number <= to; number++) numbers.add(number - 1);
  }
  return numbers.size === 0 ? null : [...numbers].toSorted((a, b) => a - b);
}
