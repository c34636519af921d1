import { dialectOf } from '../buildkit/toml/dialect.ts';
import { readToml } from '../buildkit/toml/read.ts';
import { buildTree, type TableNode, type TreeNode } from '../buildkit/toml/tree.ts';
import { NEWEST } from '../buildkit/version.ts';
import type { Entry, Span, Value } from './tree.ts';

/** What a text of TOML holds, as data with places, up to its first mistake. */
export function tomlTree(
  text: string,
  base: number,
): {
  readonly root: Value;
  readonly error: { readonly message: string; readonly at: number } | null;
} {
  const dialect = dialectOf(NEWEST);
  const { statements, error } = readToml(text, { ...dialect, inlineLineEnds: true, inlineTrailingComma: true });
  const { root } = buildTree(statements, dialect, () => true);
  const reader = new TomlReader(base);
  return { root: reader.table(root), error: error === null ? null : { ...error, at: base + error.at } };
}

class TomlReader {
  private readonly base: number;

  constructor(base: number) {
    this.base = base;
  }

  private span({ at, end }: { readonly at: number; readonly end: number }): Span {
    return { start: this.base + at, end: this.base + end };
  }

  table({ entries, at }: TableNode): Value {
    const all = [...entries.values()].map(({ key, node }): Entry => {
      const value = this.value(node);
      const keySpan = this.span(key);
      return {
        key: key.name,
        keySpan,
        value,
        span: { start: keySpan.start, end: Math.max(keySpan.end, value.span.end) },
      };
    });
    return { kind: 'fields', entries: all, span: this.span({ at, end: at }) };
  }

  private value(node: TreeNode): Value {
    switch (node.kind) {
      case 'table':
        return this.table(node);
      case 'tables':
        return {
          kind: 'list',
          items: node.items.map((item) => this.table(item)),
          span: this.span({ at: node.at, end: node.at }),
        };
      case 'array':
        return { kind: 'list', items: node.items.map((item) => this.value(item)), span: this.span(node) };
      case 'inline':
        return {
          kind: 'fields',
          entries: node.pairs.map(({ keys, value, at, end }) => ({
            key: keys.map(({ name }) => name).join('.'),
            keySpan: this.span({ at, end: value.at }),
            value: this.value(value),
            span: this.span({ at, end }),
          })),
          span: this.span(node),
        };
      case 'string':
        return { kind: 'scalar', value: node.text, text: node.text, plain: false, span: this.span(node) };
      case 'boolean':
        return { kind: 'scalar', value: node.raw === 'true', text: node.raw, plain: true, span: this.span(node) };
      case 'integer':
      case 'float':
      case 'date': {
        const number = Number(node.raw.replaceAll('_', ''));
        const value = Number.isNaN(number) ? node.raw : number;
        return { kind: 'scalar', value, text: node.raw, plain: true, span: this.span(node) };
      }
    }
  }
}
