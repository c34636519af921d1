import { type Lookup, templateValue } from '../../documents/hcl-expression.ts';
import { type HclMap, type HclValue, isList, isMap } from '../../documents/hcl-functions.ts';
import { hclValue, withValues } from '../../documents/hcl-values.ts';
import { type Cursor, field, fields, rootOf, textOf } from '../../documents/tree.ts';
import type { Definition, Target, TargetFile } from './target-file.ts';

/** What sets a variable from outside of the files: a text, nothing, or something that is not known. */
export type Setting = (name: string) => { readonly value: string } | 'nothing' | 'unknown';

/** The targets of bake files, with their variables put in and each of a matrix by itself. */
export interface BakeTargets {
  readonly targets: ReadonlyMap<string, Target>;
  /** Members of each group, and of each target that a matrix made several of. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** False where there may be targets whose names are not known. */
  readonly complete: boolean;
}

const BLOCKS = /^(?:target|group|variable|function)$/;
/** As many targets as one matrix may make. */
const MOST = 1000;

export function bakeTargets(files: readonly TargetFile[], setting: Setting): BakeTargets {
  const lookup = variablesOf(files, setting);
  const targets = new Map<string, Definition[]>();
  const groups = new Map<string, readonly string[]>();
  let complete = true;
  for (const file of files) {
    for (const group of fields(field(file.root, 'group'))) {
      const members = fields(put(group, lookup)).find(({ key }) => key === 'targets');
      const names = members?.node?.kind === 'list' ? members.node.items.map((node) => textOf(rootOf(node)) ?? '') : [];
      complete &&= members === undefined || members.node?.kind === 'list';
      groups.set(group.key, [...(groups.get(group.key) ?? []), ...names]);
    }
    for (const block of fields(field(file.root, 'target'))) {
      const made = oneByOne(block, lookup);
      complete &&= made !== null;
      for (const { name, at } of made ?? []) {
        if (name !== block.key) groups.set(block.key, [...(groups.get(block.key) ?? []), name]);
        targets.set(name, [{ file, at }, ...(targets.get(name) ?? [])]);
      }
    }
  }
  return {
    targets: new Map([...targets].map(([name, definitions]) => [name, { name, definitions }])),
    groups,
    complete,
  };
}

const put = (at: Cursor, lookup: Lookup): Cursor =>
  at.node === null ? at : { ...at, node: withValues(at.node, (template) => templateValue(template, lookup)) };

/** The targets that a block stands for; null where their names are not known. */
function oneByOne(
  block: Cursor & { readonly key: string },
  lookup: Lookup,
): readonly { readonly name: string; readonly at: Cursor }[] | null {
  const matrix = field(block, 'matrix');
  if (matrix.node === null) return [{ name: block.key, at: put(block, lookup) }];
  const known = put(matrix, lookup).node;
  const choices = known === null ? undefined : hclValue(known);
  if (!isMap(choices)) return null;
  let rows: readonly HclMap[] = [{}];
  for (const [key, values] of Object.entries(choices)) {
    if (!isList(values) || rows.length * values.length > MOST) return null;
    rows = values.flatMap((value) => rows.map((row) => ({ ...row, [key]: value })));
  }
  const made = rows.map((row) => {
    const at = put(block, (name) => (Object.hasOwn(row, name) ? row[name] : lookup(name)));
    const name = textOf(field(at, 'name'));
    return name === null || name.includes('${') ? null : { name, at };
  });
  return made.every((one) => one !== null) ? made : null;
}

/** Values of variables: what sets them from outside wins over their defaults. */
function variablesOf(files: readonly TargetFile[], setting: Setting): Lookup {
  const written = new Map<string, Cursor>();
  for (const { root } of files) {
    for (const entry of fields(root)) if (!BLOCKS.test(entry.key)) written.set(entry.key, entry);
    for (const variable of fields(field(root, 'variable'))) written.set(variable.key, field(variable, 'default'));
  }
  const found = new Map<string, HclValue | undefined>();
  const lookup: Lookup = (name) => {
    if (name === 'target') return targetsByName(files, lookup, found);
    if (found.has(name)) return found.get(name);
    found.set(name, undefined);
    const at = written.get(name);
    const set = at === undefined ? 'unknown' : setting(name);
    const node = set === 'nothing' && at !== undefined ? put(at, lookup).node : null;
    found.set(name, typeof set === 'object' ? set.value : node === null ? undefined : hclValue(node));
    return found.get(name);
  };
  return lookup;
}

/** What other targets say, for `target.NAME.attribute`. */
function targetsByName(
  files: readonly TargetFile[],
  lookup: Lookup,
  found: Map<string, HclValue | undefined>,
): HclValue | undefined {
  if (found.has('target')) return found.get('target');
  // One that speaks of others is not looked through.
  found.set('target', undefined);
  const all: { [name: string]: { [key: string]: HclValue } } = {};
  for (const { root } of files)
    for (const block of fields(field(root, 'target')))
      for (const attribute of fields(block)) {
        const node = put(attribute, lookup).node;
        const value = node === null ? undefined : hclValue(node);
        if (value !== undefined) all[block.key] = { ...all[block.key], [attribute.key]: value };
      }
  found.set('target', all);
  return all;
}
