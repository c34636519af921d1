import { type Gathered, textInPlace } from './gathered.ts';
import { type Around, readPod } from './pods.ts';
import {
  type Cursor,
  type Entry,
  exists,
  field,
  fieldAt,
  isMap,
  items,
  rootOf,
  type Span,
  textAt,
  textOf,
  type Value,
} from './tree.ts';
import { readYaml } from './yaml.ts';

/** How the pods of a patch are read: never whole, and for what the patch names. */
type ReadPatch = (root: Cursor, patches: string) => void;

/** Does a list hold operations of a JSON6902 patch? */
export const isJsonPatch = (list: Cursor): boolean =>
  items(list).length > 0 &&
  items(list).every((one) => /^(?:add|remove|replace|move|copy|test)$/.test(textOf(field(one, 'op')) ?? '')) &&
  items(list).every((one) => (textOf(field(one, 'path')) ?? '').startsWith('/'));

/** Patches and images of a kustomization. */
export function readKustomization(into: Gathered, root: Cursor, read: ReadPatch): void {
  for (const image of items(field(root, 'images'))) readImage(into, image);
  const patches = [
    ...items(field(root, 'patches')),
    ...items(field(root, 'patchesJson6902')),
    ...items(field(root, 'patchesStrategicMerge')),
  ];
  for (const one of patches) {
    const text = one.node?.kind === 'scalar' ? one : field(one, 'patch');
    if (text.node?.kind !== 'scalar' || !text.node.text.includes('\n')) continue;
    const { text: inner, base } = textInPlace(text.node, into.text);
    const target = textOf(fieldAt(one, 'target', 'name')) ?? '';
    for (const document of readYaml(inner, base).documents)
      readPatch({ ...rootOf(document), path: text.path }, target, read);
  }
}

/** A patch in either form. */
export function readPatch(root: Cursor, target: string, read: ReadPatch): void {
  if (!isJsonPatch(root)) {
    read(root, target || (textOf(fieldAt(root, 'metadata', 'name')) ?? ''));
    return;
  }
  const made = patchedBy(root);
  if (made !== null) read({ ...rootOf(made), path: root.path }, target);
}

/** `images:` gives an image another name or tag wherever it is used. */
function readImage(into: Gathered, at: Cursor): void {
  const name = textAt(field(at, 'newName')) ?? textAt(field(at, 'name'));
  const tag = textAt(field(at, 'newTag'));
  if (name === null || exists(field(at, 'digest'))) return;
  const text = tag === null ? name.value : `${name.value}:${tag.value}`;
  const { span } = tag ?? name;
  const image: Value = { kind: 'scalar', value: text, text, plain: true, span };
  const only: Value = { kind: 'fields', span, entries: [{ key: 'image', keySpan: span, value: image, span }] };
  const around: Around = {
    object: null,
    metadata: null,
    replicas: null,
    ownClaims: new Set(),
    usedForBuilds: into.usedForBuilds,
    only: { ...rootOf(only), path: at.path },
  };
  const spec: Value = { kind: 'fields', span, entries: [] };
  into.pods.push(readPod({ ...rootOf(spec), path: at.path }, around));
}

/** What the operations of a JSON6902 patch write, as the part of an object that it is; null where they write nothing. */
function patchedBy(list: Cursor): Value | null {
  let made: Value | null = null;
  for (const one of items(list)) {
    const value = field(one, 'value');
    if (!/^(?:add|replace)$/.test(textOf(field(one, 'op')) ?? '') || value.node === null) continue;
    const keys = (textOf(field(one, 'path')) ?? '')
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (keys.length < 100) made = written(made, keys, value.node, value.span);
  }
  return made;
}

const isIndex = (key: string): boolean => /^(?:\d+|-)$/.test(key);

/** A value put where a path leads, among what other operations have put there. */
function written(into: Value | null, keys: readonly string[], value: Value, span: Span): Value {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (isIndex(key) && into?.kind !== 'fields') {
    const before = into?.kind === 'list' ? into.items : [];
    const index = key === '-' ? before.length : Math.min(Number(key), before.length);
    const inner = written(before[index] ?? null, rest, value, span);
    return { kind: 'list', span, items: before.toSpliced(index, 1, inner) };
  }
  const entries = into?.kind === 'fields' ? into.entries : [];
  const old = entries.find((entry) => entry.key === key);
  const entry: Entry = { key, keySpan: span, span, value: written(old?.value ?? null, rest, value, span) };
  return { kind: 'fields', span, entries: [...entries.filter((other) => other !== old), entry] };
}

export const isKustomization = (root: Cursor): boolean =>
  /^(?:Kustomization|Component)$/.test(textOf(field(root, 'kind')) ?? '') ||
  (isMap(root) &&
    exists(field(root, 'resources')) &&
    (exists(field(root, 'images')) || exists(field(root, 'patches'))));
