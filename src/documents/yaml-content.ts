import { actionSteps, isPipeline, jobContainers, pipelineSteps } from './ci.ts';
import { composeServices } from './compose.ts';
import type { KubeObject } from './container.ts';
import { type Gathered, gatherCommands, textInPlace } from './gathered.ts';
import { looksLikeToml } from './kinds.ts';
import { isJsonPatch, isKustomization, readKustomization, readPatch } from './kustomize.ts';
import { type Around, readPod, replicasOf } from './pods.ts';
import { gatherRunner } from './runner.ts';
import {
  type Cursor,
  exists,
  field,
  fieldAt,
  fields,
  has,
  isList,
  isMap,
  items,
  rootOf,
  textOf,
  textsAt,
  type Value,
} from './tree.ts';
import { readValues } from './values.ts';
import { readYaml } from './yaml.ts';

/** What the documents of a YAML text describe; answers what kind of file they are. */
export function gatherYaml(into: Gathered, documents: readonly Value[], path = ''): string {
  const kinds = documents.map((value) => {
    const root = { ...rootOf(value), path };
    const found = kindOf(root);
    readRoot(into, root, found);
    return found;
  });
  return kinds.find((kind) => kind !== 'yaml') ?? 'yaml';
}

function kindOf(root: Cursor): string {
  if (isJsonPatch(root) || isKustomization(root)) return 'kustomize';
  if (has(root, 'apiVersion') && has(root, 'kind')) return 'kubernetes';
  if (isMap(field(root, 'services')) && fields(field(root, 'services')).every(isMap) && !has(root, 'jobs'))
    return 'compose';
  if (isMap(field(root, 'jobs')) && (has(root, 'on') || fields(field(root, 'jobs')).some((job) => has(job, 'steps'))))
    return 'github-actions';
  if (isList(field(root, 'steps')) && items(field(root, 'steps')).some((step) => has(step, 'plugins')))
    return 'buildkite';
  if (exists(fieldAt(root, 'runs', 'steps'))) return 'github-actions';
  if (isPipeline(root)) return 'pipeline';
  if (
    fields(root).some(
      (job) => has(job, 'script') && (isList(field(job, 'script')) || textOf(field(job, 'script')) !== null),
    )
  )
    return 'gitlab';
  return 'yaml';
}

function readRoot(into: Gathered, root: Cursor, kind: string): void {
  if (kind === 'compose') composeServices(into, root);
  if (kind === 'github-actions') actionSteps(into, root);
  if (kind === 'gitlab') jobContainers(into, root);
  if (kind === 'pipeline') pipelineSteps(into, root);
  const around: Around = {
    object: null,
    metadata: null,
    replicas: null,
    ownClaims: new Set(),
    usedForBuilds: into.usedForBuilds,
  };
  if (kind !== 'kustomize') {
    walk(into, root, around, kind);
    return;
  }
  const patch = (part: Cursor, patches: string): void => walk(into, part, { ...around, patches }, kind);
  if (isJsonPatch(root)) readPatch(root, 'buildkitd', patch);
  else readKustomization(into, root, patch);
}

const PODS = ['containers', 'initContainers', 'sidecarContainers'];
const STEPS = ['steps', 'buildSteps'];
const SINGLE = ['container', 'script'];

function isPod(at: Cursor): boolean {
  const holds = (name: string, wanted: (item: Cursor) => boolean): boolean =>
    has(at, name) && items(field(at, name)).some(wanted);
  return (
    PODS.some((name) => holds(name, isMap)) ||
    (!has(at, 'jobs') && STEPS.some((name) => holds(name, (step) => isMap(step) && has(step, 'image')))) ||
    SINGLE.some((name) => has(at, name) && textOf(fieldAt(at, name, 'image')) !== null)
  );
}

/** Looks for pods and texts in whatever data; `around` is what the nearest object above says. */
function walk(into: Gathered, at: Cursor, around: Around, kind: string): void {
  const { node } = at;
  if (node === null) return;
  if (node.kind === 'scalar') {
    readScalar(into, at);
    return;
  }
  if (node.kind === 'list') {
    for (const item of items(at)) walk(into, item, around, kind);
    return;
  }
  const inner = templated(at, stepOf(at, aroundOf(into, at, around)));
  const isStepList = (kind === 'buildkite' || kind === 'pipeline') && at.path === '';
  if (kind !== 'compose' && kind !== 'github-actions' && !isStepList && isPod(at)) {
    into.pods.push(readPod(at, inner));
  } else if (kind === 'yaml' && has(at, 'image')) readValues(into, at);
  // A template brings metadata of its own for the spec beside it.
  const metadata = isMap(field(at, 'metadata')) ? field(at, 'metadata') : inner.metadata;
  for (const child of fields(at)) {
    if (child.key === 'metadata' && child.node?.kind === 'fields') continue;
    walk(into, child, { ...inner, metadata }, kind);
  }
}

/** Buildkite runs the commands of a step in the containers of its pod. */
function stepOf(at: Cursor, around: Around): Around {
  if (!has(at, 'plugins')) return around;
  const given = has(at, 'command') ? field(at, 'command') : field(at, 'commands');
  const [first, ...more] = textsAt(given);
  return first === undefined
    ? around
    : { ...around, script: { ...first, value: [first, ...more].map(({ value }) => value).join('\n') } };
}

/** What Tekton's runs say for the pods of the tasks in them. */
function templated(at: Cursor, around: Around): Around {
  if (!/^tekton\.dev\//.test(around.object?.apiVersion ?? '')) return around;
  const template = [field(at, 'podTemplate'), fieldAt(at, 'taskRunTemplate', 'podTemplate')].find(isMap);
  return template === undefined ? around : { ...around, template };
}

function aroundOf(into: Gathered, at: Cursor, around: Around): Around {
  const kind = textOf(field(at, 'kind'));
  const apiVersion = textOf(field(at, 'apiVersion'));
  if (kind === null || apiVersion === null) return around;
  const object: KubeObject = {
    path: at.path,
    span: at.span,
    kind,
    apiVersion,
    name: textOf(fieldAt(at, 'metadata', 'name')),
    namespace: textOf(fieldAt(at, 'metadata', 'namespace')),
    cursor: at,
  };
  into.objects.push(object);
  const ownClaims = items(fieldAt(at, 'spec', 'volumeClaimTemplates')).flatMap(
    (claim) => textOf(fieldAt(claim, 'metadata', 'name')) ?? [],
  );
  return {
    ...around,
    object,
    metadata: isMap(field(at, 'metadata')) ? field(at, 'metadata') : null,
    replicas: replicasOf(at),
    ownClaims: new Set(ownClaims),
  };
}

/** For what reads texts of other forms with YAML in them. */
export const innerYaml =
  (into: Gathered) =>
  (text: string, base: number, path: string): void => {
    gatherYaml(into, readYaml(text, base).documents, path);
  };

/** A text may hold a script, a manifest or a configuration. */
function readScalar(into: Gathered, at: Cursor): void {
  const { node } = at;
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value.length < 12) return;
  const { text, base } = textInPlace(node, into.text);
  const name = at.path.slice(at.path.lastIndexOf('.') + 1);
  if (/\.toml"?\]?$/.test(at.path) || (/inline$/.test(name) && looksLikeToml(text)))
    into.configs.push({ path: at.path, span: node.span, text: unindented(text), name });
  else if (/^[ \t]*\[\[runners\]\]/m.test(text)) gatherRunner(into, text, base, innerYaml(into));
  else if (/^[ \t]*apiVersion:/m.test(text) && /^[ \t]*kind:/m.test(text))
    gatherYaml(into, readYaml(text, base).documents, at.path);
  else gatherCommands(into, text, base, at.path === '' ? '' : `${at.path} `);
}

function unindented(text: string): string {
  const indent = Math.min(...text.split('\n').map((line) => (line.trim() === '' ? 1000 : line.search(/\S/))));
  return text
    .split('\n')
    .map((line) => line.slice(indent))
    .join('\n');
}
