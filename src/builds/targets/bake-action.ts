import { textInPlace } from '../../documents/gathered.ts';
import { linesOf } from '../../documents/lines.ts';
import { type Cursor, field, fields, items, rootOf, textOf } from '../../documents/tree.ts';
import { readYaml } from '../../documents/yaml.ts';
import type { Asked, Word } from '../model/request.ts';
import type { BakeCommand } from './bake-command.ts';

/** Builds that a workflow asks of docker/bake-action, as if it called bake itself. */
export function bakeActions(path: string, text: string): readonly BakeCommand[] {
  if (!text.includes('docker/bake-action@')) return [];
  const lines = linesOf(text);
  return readYaml(text, 0).documents.flatMap((document) =>
    stepsBelow(rootOf(document)).map((step) => commandOf(step, path, text, lines)),
  );
}

function stepsBelow(at: Cursor): readonly Cursor[] {
  if (/^docker\/bake-action(?:\/subaction\/\S*)?@/.test(textOf(field(at, 'uses')) ?? ''))
    return textOf(field(at, 'uses'))?.includes('/subaction/') === true ? [] : [at];
  return [...fields(at), ...items(at)].flatMap(stepsBelow);
}

/** Whether bake runs in another directory than that of the repository. */
const isElsewhere = (inputs: Cursor): boolean =>
  ['workdir', 'source'].some(
    (name) => !['', '.', './', '{{defaultContext}}'].includes(textOf(field(inputs, name)) ?? ''),
  );

function commandOf(step: Cursor, path: string, text: string, lines: ReturnType<typeof linesOf>): BakeCommand {
  const inputs = field(step, 'with');
  const list = (name: string, separator: RegExp): readonly Asked[] => {
    const at = field(inputs, name);
    if (at.node?.kind !== 'scalar' || typeof at.node.value !== 'string') return [];
    const { text: block, base } = textInPlace(at.node, text);
    let offset = 0;
    return block.split('\n').flatMap((written) => {
      const start = base + offset + (written.length - written.trimStart().length);
      offset += written.length + 1;
      const { line, column } = lines.position(path, { start, end: start });
      return written
        .split(separator)
        .map((value) => value.trim())
        .filter((value) => value !== '' && !value.startsWith('#'))
        .map((value) => ({ value, known: !value.includes('${{'), file: path, line, column }));
    });
  };
  const lines_ = /(?!)/;
  const uses = field(step, 'uses');
  const { line, column } = lines.position(path, uses.span);
  const [builder] = list('builder', lines_);
  const files = list('files', /,/).map((asked) => ({ ...asked, value: asked.value.replace(/^cwd:\/\//, '') }));
  const targets = list('targets', /,/);
  return {
    program: { text: 'docker/bake-action', known: true, open: false, line, column, span: uses.span },
    file: path,
    files,
    targets: targets.map(
      (asked): Word => ({ text: asked.value, known: asked.known, open: false, line, column, span: uses.span }),
    ),
    sets: list('set', lines_),
    variables: list('vars', lines_),
    // The action lets bake read and write all files.
    allow: [...list('allow', /,/), { value: 'fs=*', known: true, file: path, line, column }],
    builder: builder ?? null,
    pushes: list('push', lines_).find(({ value }) => value === 'true') ?? null,
    environment: new Map(),
    // Files that another step makes, as docker/metadata-action does, are not seen.
    open: [...files, ...targets].some(({ known }) => !known) || isElsewhere(inputs),
    troubles: [],
  };
}
