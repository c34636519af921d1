import type { Json } from '../../model/look.ts';
import { integerOf } from './numbers.ts';
import type { ValueNode } from './syntax.ts';
import type { TableNode } from './tree.ts';

/** A number's value as JSON has it, near enough where it has none. */
export function numberJson(raw: string): Json {
  const big = /^[+-]?(?:0[xob])?[0-9a-fA-F_]+$/.test(raw) ? integerOf(raw) : null;
  return big === null ? Number(raw.replaceAll('_', '')) : Number(big);
}

/** A value as JSON; undefined for what JSON cannot hold. */
export function plainValue(node: ValueNode): Json | undefined {
  switch (node.kind) {
    case 'string':
      return node.text;
    case 'boolean':
      return node.raw === 'true';
    case 'integer':
    case 'float': {
      const value = numberJson(node.raw);
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    }
    case 'date':
      return node.raw;
    case 'array': {
      const items = node.items.map(plainValue);
      return items.every((item) => item !== undefined) ? (items as Json[]) : undefined;
    }
    case 'inline':
      return undefined;
  }
}

/** A table as JSON, without the values that it cannot hold. */
export function plainTable(table: TableNode): { readonly [key: string]: Json } {
  const out: { [key: string]: Json } = Object.create(null);
  for (const [name, { node }] of table.entries) {
    const value =
      node.kind === 'table' ? plainTable(node) : node.kind === 'tables' ? node.items.map(plainTable) : plainValue(node);
    if (value !== undefined) out[name] = value;
  }
  return out;
}
