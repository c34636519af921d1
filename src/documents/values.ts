import type { Gathered } from './gathered.ts';
import { readPod } from './pods.ts';
import { type Cursor, field, fieldAt, has, textOf, type Value } from './tree.ts';

/** Values of a chart, and other data with an image and what belongs to a container beside it. */
export function readValues(into: Gathered, at: Cursor): void {
  const repository = textOf(fieldAt(at, 'image', 'repository')) ?? textOf(field(at, 'image'));
  if (repository === null || !/buildkit/.test(repository)) return;
  const image = imageOf(at);
  if (image === null) return;
  const { span } = at;
  // Where nothing says that a container is described, the image alone is told.
  const described = has(at, 'securityContext') || has(at, 'podSecurityContext');
  const entry = (key: string, value: Value | null) =>
    value === null ? [] : [{ key, keySpan: value.span, value, span: value.span }];
  const container: Value = {
    kind: 'fields',
    span,
    entries: [
      ...(described && at.node?.kind === 'fields' ? at.node.entries.filter(({ key }) => key !== 'image') : []),
      ...entry('image', image),
      ...(described ? entry('args', field(at, 'extraArgs').node) : []),
    ],
  };
  const spec: Value = {
    kind: 'fields',
    span,
    entries: entry('securityContext', field(at, 'podSecurityContext').node),
  };
  into.pods.push(
    readPod(
      { node: spec, path: at.path, span, whole: span },
      {
        object: null,
        metadata: null,
        replicas: null,
        ownClaims: new Set(),
        usedForBuilds: into.usedForBuilds,
        only: { node: container, path: at.path, span, whole: span },
      },
    ),
  );
}

/** The tag stands beside the repository. */
function imageOf(at: Cursor): Value | null {
  const image = field(at, 'image');
  if (image.node?.kind === 'scalar') return image.node;
  const tag = textOf(field(image, 'tag'));
  const registry = textOf(field(image, 'registry'));
  const repository = textOf(field(image, 'repository'));
  if (repository === null) return null;
  const text = `${registry === null ? '' : `${registry}/`}${repository}${tag === null || tag === '' ? '' : `:${tag}`}`;
  const { span } = tag === null ? field(image, 'repository') : field(image, 'tag');
  return { kind: 'scalar', value: text, text, plain: true, span };
}
