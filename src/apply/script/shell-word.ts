import { isVisible } from '../../text/visible.ts';

/** What a shell script cannot do as safely as bk-doctor itself, or cannot hold: a call of `bk-doctor fix` stands there instead. */
export class BeyondShell extends Error {}

/** A text of several lines, as a word. */
export interface Text {
  readonly text: string;
}
export type Word = string | number | Text;

/**
 * One word for sh, always in single quotes: nothing in it is ever read as anything but itself. Root reads it before
 * running it: what could not be seen there is not written. Only a text may have line ends and tabs. Throws BeyondShell.
 */
export function word(given: Word): string {
  const raw = typeof given === 'object' ? given.text : String(given);
  if (!isVisible(typeof given === 'object' ? raw.replace(/[\n\t]/g, '') : raw))
    throw new BeyondShell('a text has characters that cannot be seen');
  return `'${raw.replaceAll("'", "'\\''")}'`;
}

/** A command of words. */
export function command(name: string, ...args: readonly Word[]): string {
  return [name, ...args.map(word)].join(' ');
}
