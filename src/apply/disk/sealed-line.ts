import { digestOf } from './digest.ts';

/** What of a digest is enough to find damage; nobody but the owner can write a journal, so that it need not stop forgery. */
const LENGTH = 16;
const SEAL = /^,"sum":"([0-9a-f]{16})"\}$/;
const SEAL_LENGTH = ',"sum":""}'.length + LENGTH;

/** A line of JSON that shows whether it, or what stood before it, was damaged. `previous` is the sum of the line before. */
export function seal(value: object, previous = ''): { readonly line: string; readonly sum: string } {
  const text = JSON.stringify(value);
  const sum = sumOf(text, previous);
  return { line: `${text.slice(0, -1)},"sum":"${sum}"}\n`, sum };
}

/** What a line says; null when it is damaged. Lines of old journals have no sum. */
export function unseal(line: string, previous = ''): { readonly value: unknown; readonly sum: string } | null {
  const sum = SEAL.exec(line.slice(-SEAL_LENGTH))?.[1];
  if (sum !== undefined && sumOf(`${line.slice(0, -SEAL_LENGTH)}}`, previous) !== sum) return null;
  try {
    return { value: JSON.parse(line), sum: sum ?? '' };
  } catch {
    return null;
  }
}

function sumOf(text: string, previous: string): string {
  return digestOf(previous + text).slice(0, LENGTH);
}
