import { dialectOf } from '../buildkit/toml/dialect.ts';
import { readToml } from '../buildkit/toml/read.ts';
import { buildTree, type TableNode, type TreeNode } from '../buildkit/toml/tree.ts';
import { NEWEST } from '../buildkit/version.ts';
import type { Entry, Span, Value } from './tree.ts';

/** What a text of TOML holds, as data with places, up to its first mistake. */
export function tomlTree(text: string): {
  readonly root: Value;
  readonly error: { readonly message: string; readonly at: number } | null;
} {
  const dialect = dialectOf(NEWEST);
  const { statements, error } = readToml(text, { ...dialect, inlineLineEnds: true, inlineTrailingComma: true });
  const { root } = buildTree(statements, dialect, () => true);
  return { root: tableValue(root), error };
}

const spanOf = ({ at, end }: { readonly at: number; readonly end: number }): Span => ({ start: at, end });

function tableValue({ entries, at }: TableNode): Value {
  const all = [...entries.values()].map(({ key, node }): Entry => {
    const value = made(node);
    const keySpan = spanOf(key);
    return {
      key: key.name,
      keySpan,
      value,
      span: { start: keySpan.start, end: Math.max(keySpan.end, value.span.end) },
    };
  });
  return { kind: 'fields', entries: all, span: { start: at, end: at } };
}

function made(node: TreeNode): Value {
  switch (node.kind) {
    case 'table':
      return tableValue(node);
    case 'tables':
      return { kind: 'list', items: node.items.map(tableValue), span: { start: node.at, end: node.at } };
    case 'array':
      return { kind: 'list', items: node.items.map(made), span: spanOf(node) };
    case 'inline':
      return {
        kind: 'fields',
        entries: node.pairs.map(({ keys, value, at, end }) => ({
          key: keys.map(({ name }) => name).join('.'),
          keySpan: { start: at, end: value.at },
          value: made(value),
          span: { start: at, end },
        })),
        span: spanOf(node),
      };
    case 'string':
      return { kind: 'scalar', value: node.text, text: node.text, plain: false, span: spanOf(node) };
    case 'boolean':
      return { kind: 'scalar', value: node.raw === 'true', text: node.raw, plain: true, span: spanOf(node) };
    case 'integer':
    case 'float':
    case 'date': {
      const number = Number(node.raw.replaceAll('_', ''));
      const value = Number.isNaN(number) ? node.raw : number;
      return { kind: 'scalar', value, text: node.raw, plain: true, span: spanOf(node) };
    }
  }
}
