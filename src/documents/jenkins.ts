import { optionsIn } from './ci.ts';
import { type Gathered, gatherCommands } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { readPod } from './pods.ts';
import { type At, rootOf, type Span, type Value } from './tree.ts';
import { readYaml } from './yaml.ts';
import { gatherYaml } from './yaml-content.ts';

/** Pods, agents and commands of a Jenkinsfile. Answers what is wrong with YAML in it. */
export function gatherJenkinsfile(
  into: Gathered,
  text: string,
): { readonly message: string; readonly at: number } | null {
  let error: { readonly message: string; readonly at: number } | null = null;
  const blocks = [...text.matchAll(/('''|""")([\s\S]*?)\1/g)];
  for (const match of blocks) {
    const body = match[2] ?? '';
    const base = match.index + 3;
    if (/^[ \t]*(?:containers|spec|apiVersion)[ \t]*:/m.test(body)) {
      const read = readYaml(body, base);
      error ??= read.error;
      gatherYaml(into, read.documents);
    } else gatherCommands(into, body, base);
  }
  const rest = blocks.reduce((left, { index, 0: whole }) => blank(left, index, whole.length), text);
  for (const match of rest.matchAll(/\bsh\s*\(?\s*(?:script:\s*)?(['"])((?:\\.|(?!\1)[^\\\n])*)\1/g))
    gatherCommands(into, match[2] ?? '', match.index + match[0].indexOf(match[1] ?? '') + 1);
  templates(into, rest);
  agents(into, rest);
  return error;
}

const blank = (text: string, at: number, length: number): string =>
  text.slice(0, at) + text.slice(at, at + length).replace(/[^\n]/g, ' ') + text.slice(at + length);

/** `key: value` of Groovy, with the place of the value. */
function named(text: string, base: number): ReadonlyMap<string, { readonly text: string; readonly span: Span }> {
  const found = new Map<string, { readonly text: string; readonly span: Span }>();
  for (const match of text.matchAll(
    /\b(\w+)[ \t]*(?::[ \t]*)?(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|(true|false|\d+))/g,
  )) {
    const [whole, key = '', single, double, bare] = match;
    const value = single ?? double ?? bare ?? '';
    const start = base + match.index;
    found.set(key, { text: value, span: { start, end: start + whole.length } });
  }
  return found;
}

/** containerTemplate(name: 'buildkit', image: '…', privileged: true): a pod of them. */
function templates(into: Gathered, text: string): void {
  const calls = [...text.matchAll(/\bcontainerTemplate\s*(?:\(|\{)([^()]{0,4000}?)(?:\)|\})/g)];
  if (calls.length === 0) return;
  const containers: Value[] = calls.map((match) => {
    const given = named(match[1] ?? '', match.index + match[0].indexOf(match[1] ?? ''));
    const span = { start: match.index, end: match.index + match[0].length };
    return {
      kind: 'fields',
      span,
      entries: ['name', 'image', 'command', 'args']
        .flatMap((key) => scalarEntry(key, given))
        .concat(securityEntry(given, span)),
    };
  });
  const span = { start: calls[0]?.index ?? 0, end: calls[0]?.index ?? 0 };
  const list: Value = { kind: 'list', items: containers, span };
  const spec: Value = { kind: 'fields', span, entries: [{ key: 'containers', keySpan: span, value: list, span }] };
  into.pods.push(
    readPod(
      { ...rootOf(spec), path: 'podTemplate' },
      { object: null, metadata: null, replicas: null, ownClaims: new Set(), usedForBuilds: into.usedForBuilds },
    ),
  );
}

type Given = ReturnType<typeof named>;
const scalar = ({ text, span }: { readonly text: string; readonly span: Span }): Value => ({
  kind: 'scalar',
  value: text,
  text,
  plain: true,
  span,
});

/** The plugin splits command and args at blanks; an empty command is the image's. */
function scalarEntry(key: string, given: Given): { key: string; keySpan: Span; value: Value; span: Span }[] {
  const found = given.get(key);
  if (found === undefined || found.text === '') return [];
  const words = found.text.split(/\s+/).map((text) => scalar({ ...found, text }));
  const value: Value =
    key === 'command' || key === 'args' ? { kind: 'list', items: words, span: found.span } : scalar(found);
  return [{ key, keySpan: found.span, value, span: found.span }];
}

function securityEntry(given: Given, span: Span): { key: string; keySpan: Span; value: Value; span: Span }[] {
  const pairs = [
    ['privileged', given.get('privileged')],
    ['runAsUser', given.get('runAsUser')],
    ['runAsGroup', given.get('runAsGroup')],
  ] as const;
  const entries = pairs.flatMap(([key, found]) =>
    found === undefined ? [] : [{ key, keySpan: found.span, value: scalar(found), span: found.span }],
  );
  return entries.length === 0
    ? []
    : [{ key: 'securityContext', keySpan: span, value: { kind: 'fields', entries, span }, span }];
}

/** agent { docker { image '…' args '--privileged' } } and docker.image('…').inside('…'). */
function agents(into: Gathered, text: string): void {
  const found = [
    ...text.matchAll(/\bdocker\s*\{([^{}]{0,2000})\}/g),
    ...text.matchAll(/\bdocker\.image\(\s*(['"][^'"\n]+['"])\s*\)\s*\.(?:inside|run|withRun)\(([^)\n]*)\)/g),
  ];
  for (const match of found) {
    const given = named(match[1] ?? '', match.index);
    const written = given.get('image') ?? {
      text: (match[1] ?? '').replace(/^['"]|['"]$/g, ''),
      span: { start: match.index, end: match.index + match[0].length },
    };
    if (!/^[\w./:@${}-]+$/.test(written.text)) continue;
    const span = { start: match.index, end: match.index + match[0].length };
    const at = { path: 'agent.docker', span };
    const words = given.get('args')?.text ?? (match[2] ?? '').replace(/^['"]|['"]$/g, '');
    const args: At<string> = { path: 'agent.docker.args', span: given.get('args')?.span ?? span, value: words };
    const options: readonly Option[] = optionsIn(args);
    const pod = looseGroup('docker', at, into.usedForBuilds);
    const image = { path: 'agent.docker.image', span: written.span, value: written.text };
    // Jenkins keeps the container alive with cat, and runs the steps in it.
    const entrypoint = [{ ...image, value: 'cat' }];
    pod.containers.push(containerOf({ engine: 'docker', at, name: null, image, options, entrypoint, args: null }, pod));
    into.pods.push(pod);
  }
}
