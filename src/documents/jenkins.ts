import { optionsIn } from './commands.ts';
import { type Gathered, gatherCommands } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { readPod } from './pods.ts';
import { type At, type Cursor, type Entry, rootOf, type Span, type Value } from './tree.ts';
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

const LONGEST_CALL = 4000;
const MOST_CALLS = 200;

/** What stands between the bracket that opens here and the one that closes it; what is in inner brackets is `nested`. */
function bracketed(text: string, open: number): { readonly own: string; readonly nested: string } | null {
  const kept: string[] = [];
  const nested: string[] = [];
  let depth = 0;
  let quote = '';
  for (let at = open; at < Math.min(text.length, open + LONGEST_CALL); at++) {
    const char = text[at] ?? '';
    if (quote === '' && '([{'.includes(char)) depth++;
    if (quote === '' && ')]}'.includes(char)) depth--;
    if (depth === 0) return { own: kept.join(''), nested: nested.join('') };
    if (quote === char && text[at - 1] !== '\\') quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    if (at === open) continue;
    kept.push(depth === 1 ? char : ' ');
    nested.push(depth === 1 ? ' ' : char);
  }
  return null;
}

/** containerTemplate(name: 'buildkit', image: '…', privileged: true, envVars: [envVar(key: …)]): a pod of them. */
function templates(into: Gathered, text: string): void {
  const calls = [...text.matchAll(/\bcontainerTemplate\s*[({]/g)].slice(0, MOST_CALLS);
  const containers = calls.flatMap((match): readonly Value[] => {
    const start = match.index + match[0].length;
    const call = bracketed(text, start - 1);
    if (call === null) return [];
    const given = named(call.own, start);
    const span = { start: match.index, end: start + call.own.length + 1 };
    const entries = ['name', 'image', 'command', 'args']
      .flatMap((key) => scalarEntry(key, given))
      .concat(securityEntry(given, span), variablesEntry(call.nested, start, span));
    return [{ kind: 'fields', span, entries }];
  });
  const first = containers[0]?.span.start;
  if (first === undefined) return;
  const span = { start: first, end: first };
  const list: Value = { kind: 'list', items: containers, span };
  const spec: Value = { kind: 'fields', span, entries: [{ key: 'containers', keySpan: span, value: list, span }] };
  into.pods.push(
    readPod(
      { ...rootOf(spec), path: 'podTemplate' },
      { object: null, metadata: null, replicas: null, ownClaims: new Set(), usedForBuilds: into.usedForBuilds },
    ),
  );
}

/** envVar(key: 'NAME', value: 'VALUE') in a list of them. */
function variablesEntry(text: string, base: number, span: Span): Entry[] {
  const items = [...text.matchAll(/\benvVar\s*\(([^()]{0,1000})\)/g)].flatMap((match): readonly Value[] => {
    const given = named(match[1] ?? '', base + match.index + match[0].indexOf('(') + 1);
    const key = given.get('key');
    const value = given.get('value');
    if (key === undefined || value === undefined) return [];
    const pairs = [
      { key: 'name', keySpan: key.span, value: scalar(key), span: key.span },
      { key: 'value', keySpan: value.span, value: scalar(value), span: value.span },
    ];
    return [{ kind: 'fields', entries: pairs, span: { start: key.span.start, end: value.span.end } }];
  });
  return items.length === 0 ? [] : [{ key: 'env', keySpan: span, value: { kind: 'list', items, span }, span }];
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
function scalarEntry(key: string, given: Given): Entry[] {
  const found = given.get(key);
  if (found === undefined || found.text === '') return [];
  const words = found.text.split(/\s+/).map((text) => scalar({ ...found, text }));
  const value: Value =
    key === 'command' || key === 'args' ? { kind: 'list', items: words, span: found.span } : scalar(found);
  return [{ key, keySpan: found.span, value, span: found.span }];
}

function securityEntry(given: Given, span: Span): Entry[] {
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
    const given = named(match[1] ?? '', match.index + match[0].indexOf(match[1] ?? ''));
    const imageAt = given.get('image') ?? {
      text: (match[1] ?? '').replace(/^['"]|['"]$/g, ''),
      span: { start: match.index, end: match.index + match[0].length },
    };
    if (!/^[\w./:@${}-]+$/.test(imageAt.text)) continue;
    const span = { start: match.index, end: match.index + match[0].length };
    const at = { path: 'agent.docker', span };
    const words = given.get('args')?.text ?? (match[2] ?? '').replace(/^['"]|['"]$/g, '');
    const args: At<string> = { path: 'agent.docker.args', span: given.get('args')?.span ?? span, value: words };
    const options: readonly Option[] = optionsIn(args);
    const pod = looseGroup('docker', at, into.usedForBuilds);
    const image = { path: 'agent.docker.image', span: imageAt.span, value: imageAt.text };
    // Jenkins keeps the container alive with cat, and runs the steps in it.
    const entrypoint = [{ ...image, value: 'cat' }];
    const written = given.get('args');
    const optionsAt: Cursor | undefined =
      written === undefined ? undefined : { ...args, node: scalar(written), whole: written.span };
    const described = { engine: 'docker', at, name: null, image, options, entrypoint, args: null } as const;
    pod.containers.push(containerOf(optionsAt === undefined ? described : { ...described, optionsAt }, pod));
    into.pods.push(pod);
  }
}
