/** Tells whether a value that was read from somewhere has the form that the code relies on. More fields than those are allowed: a newer version may have added them. */
export type Shape = (value: unknown) => boolean;

export const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text: Shape = (value) => typeof value === 'string';
export const whole: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

export const matching =
  (pattern: RegExp): Shape =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

export const exactly =
  (...values: readonly unknown[]): Shape =>
  (value) =>
    values.includes(value);

export const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);

export const maybe =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);

export const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);

export const mapOf =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);

export const having =
  (fields: { readonly [name: string]: Shape }): Shape =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, shape]) => shape(value[name]));

/** One of several forms, told apart by the text in one field. */
export const byField =
  (field: string, forms: { readonly [word: string]: Shape }): Shape =>
  (value) => {
    if (!isObject(value)) return false;
    const word = value[field];
    return typeof word === 'string' && Object.hasOwn(forms, word) && (forms[word]?.(value) ?? false);
  };
