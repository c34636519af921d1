/** Is a value what it must be? For what comes from a process that another account may have made say anything. */
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
