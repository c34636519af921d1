/** Is a value what it must be? For what comes from a process that another account may have made say anything, and for files that may be damaged. More fields than those are allowed: a newer version may have added them. */
export type Shape = (value: unknown) => boolean;

export const bool: Shape = (value) => typeof value === 'boolean';
export const number: Shape = (value) => typeof value === 'number' && Number.isFinite(value);
export const text =
  (most: number): Shape =>
  (value) =>
    typeof value === 'string' && value.length <= most;
export const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);
export const orAbsent =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
export const listOf =
  (shape: Shape, most: number): Shape =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(shape);
export const oneOf =
  (...words: readonly string[]): Shape =>
  (value) =>
    typeof value === 'string' && words.includes(value);
export const record =
  (fields: { readonly [name: string]: Shape }): Shape =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const given = value as { readonly [name: string]: unknown };
    return Object.entries(fields).every(([name, shape]) => shape(given[name]));
  };

/** An id, a count, a mode. */
export const whole: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const matching =
  (pattern: RegExp): Shape =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
export const mapOf =
  (shape: Shape): Shape =>
  (value) =>
    record({})(value) && Object.values(value as object).every(shape);
/** One of several forms, told apart by the word in one field. */
export const byField =
  (field: string, forms: { readonly [word: string]: Shape }): Shape =>
  (value) => {
    if (!record({})(value)) return false;
    const word = (value as { readonly [name: string]: unknown })[field];
    return typeof word === 'string' && Object.hasOwn(forms, word) && (forms[word]?.(value) ?? false);
  };
/** A name in a directory, and not the way out of it. */
export const name: Shape = (value) =>
  text(1024)(value) && !/[/\0]/.test(value as string) && !['', '.', '..'].includes(value as string);
/** As in passwd; a user id beyond what the kernel has is none. */
export const account: Shape = record({
  uid: whole,
  gid: whole,
  groups: listOf(whole, 100_000),
  name: orNull(text(4096)),
  home: orNull(text(64 * 1024)),
  shell: orNull(text(64 * 1024)),
});
