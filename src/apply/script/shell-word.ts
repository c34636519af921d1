import { Refused } from '../refused.ts';

/** One word for sh, always in single quotes: nothing in it is ever read as anything but itself. */
export function word(text: string | number): string {
  const raw = String(text);
  if (raw.includes('\0')) throw new Refused('a text with a NUL byte cannot stand in a shell script');
  return `'${raw.replaceAll("'", "'\\''")}'`;
}

/** A command of words. */
export function command(name: string, ...args: readonly (string | number)[]): string {
  return [name, ...args.map(word)].join(' ');
}
