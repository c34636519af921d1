/** A value of HCL; `undefined` stands for one that is only known where bake runs. */
export type HclValue = string | number | boolean | null | readonly HclValue[] | HclMap;
export interface HclMap {
  readonly [key: string]: HclValue;
}
type Given = readonly HclValue[];

export const isList = (value: HclValue | undefined): value is readonly HclValue[] => Array.isArray(value);
export const isMap = (value: HclValue | undefined): value is HclMap =>
  typeof value === 'object' && value !== null && !isList(value);

/** A value in a text, as HCL writes it there; undefined where it has no text. */
export function textOfValue(value: HclValue | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'object' || value === undefined ? undefined : `${value}`;
}

const text = (value: HclValue | undefined): string => {
  const found = textOfValue(value);
  if (found === undefined) throw new NotKnown();
  return found;
};
const list = (value: HclValue | undefined): readonly HclValue[] => {
  if (!isList(value)) throw new NotKnown();
  return value;
};
const truth = (value: HclValue | undefined): boolean => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new NotKnown();
};

/** What has no value here: a function of the machine, of the time, or one that this table lacks. */
export class NotKnown extends Error {}

export const isSame = (left: HclValue, right: HclValue): boolean => JSON.stringify(left) === JSON.stringify(right);

const FUNCTIONS: { readonly [name: string]: (given: Given) => HclValue } = {
  and: ([left, right]) => truth(left) && truth(right),
  or: ([left, right]) => truth(left) || truth(right),
  not: ([value]) => !truth(value),
  equal: ([left = null, right = null]) => isSame(left, right),
  notequal: ([left = null, right = null]) => !isSame(left, right),
  lower: ([value]) => text(value).toLowerCase(),
  upper: ([value]) => text(value).toUpperCase(),
  trimspace: ([value]) => text(value).trim(),
  trimprefix: ([value, start]) =>
    text(value).startsWith(text(start)) ? text(value).slice(text(start).length) : text(value),
  trimsuffix: ([value, end]) =>
    text(end) !== '' && text(value).endsWith(text(end)) ? text(value).slice(0, -text(end).length) : text(value),
  replace: ([value, from, to]) => {
    if (/^\/.*\/$/s.test(text(from))) throw new NotKnown();
    return text(value).replaceAll(text(from), () => text(to));
  },
  sanitize: ([value]) => text(value).replace(/[^a-zA-Z0-9_-]/g, '_'),
  join: ([between, ...lists]) => lists.flatMap((one) => list(one).map(text)).join(text(between)),
  split: ([between, value]) => text(value).split(text(between)),
  concat: (lists) => lists.flatMap(list),
  compact: ([values]) => list(values).filter((value) => value !== '' && value !== null),
  distinct: ([values]) =>
    list(values).filter((value, index, all) => all.findIndex((other) => isSame(other, value)) === index),
  flatten: ([values]) => flat(list(values)),
  contains: ([values, wanted = null]) => list(values).some((value) => isSame(value, wanted)),
  coalesce: (values) => {
    const found = values.find((value) => value !== null && value !== '');
    if (found === undefined) throw new NotKnown();
    return found;
  },
  coalescelist: (lists) => {
    const found = lists.find((one) => list(one).length > 0);
    if (found === undefined) throw new NotKnown();
    return found;
  },
  format: ([pattern, ...values]) => {
    let next = 0;
    return text(pattern).replace(/%(.)/g, (_, kind: string) => {
      if (kind === '%') return '%';
      if (!/[sdv]/.test(kind)) throw new NotKnown();
      return text(values[next++]);
    });
  },
  merge: (maps) => {
    if (!maps.every(isMap)) throw new NotKnown();
    return Object.assign({}, ...maps) as HclMap;
  },
  keys: ([value]) => {
    if (!isMap(value)) throw new NotKnown();
    return Object.keys(value).toSorted();
  },
  length: ([value]) => (isMap(value) ? Object.keys(value).length : list(value).length),
};

const flat = (values: readonly HclValue[]): readonly HclValue[] =>
  values.flatMap((value) => (isList(value) ? flat(value) : [value]));

/** The value of a call. Throws `NotKnown` where only bake itself could tell. */
export function called(name: string, given: Given): HclValue {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (found === undefined) throw new NotKnown();
  return found(given);
}
