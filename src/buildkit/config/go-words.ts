import { goFloatText } from '../sizes.ts';
import type { Dialect } from '../toml/dialect.ts';
import { integerOf } from '../toml/numbers.ts';
import type { TreeNode } from '../toml/tree.ts';
import type { SchemaKey } from './schema-tree.ts';

const GO_TYPE: { readonly [type: string]: string } = {
  bool: 'bool',
  int: 'int',
  string: 'string',
  'string[]': '[]string',
  size: 'config.DiskSpace',
  duration: 'config.Duration',
  'text-table': 'map[string]string',
  'free-table': 'map[string]interface {}',
};
const GO_KIND: { readonly [type: string]: string } = {
  bool: 'bool',
  int: 'int',
  string: 'string',
  'string[]': 'slice',
  size: 'struct',
  duration: 'struct',
  'text-table': 'map',
  'free-table': 'map',
  table: 'struct',
  tables: 'slice',
};

/** What buildkitd prints for a size or duration that it cannot read. */
export function refusedSize(type: 'size' | 'duration', text: string, by: Dialect): string {
  const bare = text.replace(/^"([\s\S]*)"$/, '$1');
  const what =
    type === 'duration'
      ? `invalid duration ${bare}`
      : bare.endsWith('%')
        ? `strconv.ParseInt: parsing ${JSON.stringify(bare.slice(0, -1))}: invalid syntax`
        : `invalid disk space ${bare}`;
  return by.complaint === 'prefix' ? `toml: ${what}` : `unmarshal text: ${what}`;
}

/** A place for a value: its type in the schema of a release, the key of it (null: a table), and another owner's Go type. */
interface Wanted {
  readonly type: string;
  readonly schema: SchemaKey | null;
  readonly owner?: string;
}

/** What buildkitd prints for a value of the wrong type; "" where its words are not known. */
export const complaint = (node: TreeNode, wanted: Wanted, by: Dialect): string =>
  by.complaint === 'position' ? conversion(node, wanted) : assignment(node, wanted);

const goTypeOf = ({ type, schema }: Wanted): string =>
  type === 'int' && schema?.spec.go === 'config.HistoryConfig.MaxEntries' ? 'int64' : (GO_TYPE[type] ?? '');

/** The older library's words. */
function conversion(node: TreeNode, wanted: Wanted): string {
  const { type, schema } = wanted;
  const target = schema?.spec.type !== type && type === 'int' ? 'int64' : goTypeOf(wanted);
  const show = (text: string, go: string): string =>
    type === 'string[]' || schema === null || GO_KIND[type] === 'map'
      ? "Can't convert"
      : `Can't convert ${text}(${go}) to ${target}`;
  switch (node.kind) {
    case 'string':
      if (type === 'string[]') return `Can't convert ${node.text}(string) to []string(slice)`;
      return show(node.text, 'string');
    case 'integer':
      return show(String(integerOf(node.raw) ?? node.raw), 'int64');
    case 'boolean':
      return show(node.raw, 'bool');
    case 'float':
      return show(goFloatText(Number(node.raw.replaceAll('_', ''))), 'float64');
    case 'table':
      return ' to a tree';
    case 'tables':
      return ' to trees';
    case 'array':
      return ' to a slice';
    case 'date':
    case 'inline':
      return "Can't convert";
  }
}

/** The newer library's words. */
function assignment(node: TreeNode, wanted: Wanted): string {
  const { type, schema, owner } = wanted;
  const goType = owner ?? `${schema?.spec.nullable ? '*' : ''}${goTypeOf(wanted)}`;
  const decoding = (what: string): string =>
    schema === null ? '' : `toml: cannot decode TOML ${what} into struct field ${schema.spec.go} of type ${goType}`;
  switch (node.kind) {
    case 'string':
    case 'integer':
    case 'array':
      return decoding(node.kind);
    case 'boolean':
      return `toml: cannot assign boolean to a ${node.raw}`;
    case 'float':
      return `toml: float cannot be assigned to ${GO_KIND[type === 'string[]' ? 'string' : type] ?? ''}`;
    case 'inline':
    case 'table':
      if (node.kind === 'inline' || node.inline)
        return `toml: cannot store inline table in Go type ${GO_KIND[type] ?? ''}`;
      if (GO_KIND[type] === 'slice') return 'toml: cannot store a table in a slice';
      return `unhandled kv part: ${GO_KIND[type] ?? ''}`;
    case 'date':
    case 'tables':
      return '';
  }
}
