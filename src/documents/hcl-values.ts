import { type HclValue, isList, isMap } from './hcl-functions.ts';
import type { Span, Value } from './tree.ts';

/** A tree with what its texts have in `${…}` put in; what is not known stays as it is written. */
export function withValues(value: Value, put: (template: string) => HclValue | undefined): Value {
  switch (value.kind) {
    case 'scalar': {
      if (typeof value.value !== 'string' || !value.value.includes('$')) return value;
      const found = put(value.value);
      return found === undefined ? value : valueAt(found, value.span);
    }
    case 'list':
      return { ...value, items: value.items.map((item) => withValues(item, put)) };
    case 'fields':
      return {
        ...value,
        entries: value.entries.map((entry) => ({ ...entry, value: withValues(entry.value, put) })),
      };
  }
}

/** A value as if it were written at a place. */
function valueAt(value: HclValue, span: Span): Value {
  if (isList(value)) return { kind: 'list', items: value.map((item) => valueAt(item, span)), span };
  if (isMap(value))
    return {
      kind: 'fields',
      entries: Object.entries(value).map(([key, inner]) => ({
        key,
        keySpan: span,
        value: valueAt(inner, span),
        span,
      })),
      span,
    };
  return { kind: 'scalar', value, text: `${value}`, plain: true, span };
}

/** What is written, as a value; undefined where a part of it is not known. */
export function hclValue(value: Value): HclValue | undefined {
  switch (value.kind) {
    case 'scalar':
      return typeof value.value === 'string' && value.value.includes('${') ? undefined : value.value;
    case 'list': {
      const items = value.items.map(hclValue);
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'fields': {
      const entries = value.entries.map(({ key, value: inner }) => [key, hclValue(inner)] as const);
      return entries.every((entry): entry is readonly [string, HclValue] => entry[1] !== undefined)
        ? Object.fromEntries(entries)
        : undefined;
    }
  }
}
