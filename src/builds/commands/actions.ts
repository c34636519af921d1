import { textInPlace } from '../../documents/gathered.ts';
import { type Lines, linesOf } from '../../documents/lines.ts';
import { type Cursor, exists, field, fields, items, rootOf, textOf } from '../../documents/tree.ts';
import { readYaml } from '../../documents/yaml.ts';
import { joined } from '../model/paths.ts';
import type { Asked, ReadRequest } from '../model/request.ts';
import { optionsFrom } from './docker.ts';

/** Builds that a workflow asks of docker/build-push-action. */
export function actionRequests(path: string, text: string): readonly ReadRequest[] {
  if (!text.includes('docker/build-push-action@')) return [];
  const lines = linesOf(text);
  return readYaml(text, 0).documents.flatMap((document) =>
    stepsBelow(rootOf(document)).map((step) => requestOf(step, path, text, lines)),
  );
}

function stepsBelow(at: Cursor): readonly Cursor[] {
  if (/^docker\/build-push-action@/.test(textOf(field(at, 'uses')) ?? '')) return [at];
  return [...fields(at), ...items(at)].flatMap(stepsBelow);
}

function requestOf(step: Cursor, path: string, text: string, lines: Lines): ReadRequest {
  const inputs = field(step, 'with');
  const placed = (at: Cursor): Omit<Asked, 'value' | 'known'> => {
    const { line, column } = lines.position(path, at.span);
    return { file: path, line, column };
  };
  const single = (name: string): Asked | undefined => {
    const at = field(inputs, name);
    const value = textOf(at);
    return value === null ? undefined : { ...placed(at), value, known: !value.includes('${{') };
  };
  const list = (name: string, separator = /\r?\n/): readonly Asked[] => {
    const at = field(inputs, name);
    if (at.node?.kind !== 'scalar' || typeof at.node.value !== 'string') return [];
    const { text: block, base } = textInPlace(at.node, text);
    let offset = 0;
    return block.split(/\n/).flatMap((written) => {
      const start = base + offset + (written.length - written.trimStart().length);
      offset += written.length + 1;
      return written
        .trim()
        .split(separator)
        .filter((value) => value !== '')
        .map((value) => ({
          ...placed({ ...at, span: { start, end: start + value.length } }),
          value,
          known: !value.includes('${{'),
        }));
    });
  };
  const values = (flag: string): readonly Asked[] => {
    if (flag === 'target') return [single('target')].filter((found) => found !== undefined);
    if (flag === 'platform') return list('platforms', /,/);
    if (flag === 'build-arg') return list('build-args');
    if (flag === 'build-context') return list('build-contexts');
    return flag === 'label' ? list('labels') : [];
  };
  const network = single('network');
  const context = single('context')?.value ?? '.';
  const local = context.includes('${{') || /^(?:https?|git|ssh):/.test(context) ? null : context;
  const file = single('file')?.value;
  const allow = [...list('allow', /,/), ...(network?.value === 'host' ? [{ ...network, value: 'network.host' }] : [])];
  return {
    request: {
      client: 'buildx',
      at: placed(exists(field(step, 'uses')) ? field(step, 'uses') : step),
      frontend: null,
      options: optionsFrom(values, network),
      locals: new Map(),
      // Their values come from the workflow's own secrets.
      secrets: [...list('secrets'), ...list('secret-envs'), ...list('secret-files')].map((asked) => ({
        ...asked,
        value: `id=${asked.value.replace(/=.*$/s, '')},env=${asked.value.replace(/=.*$/s, '')}`,
      })),
      ssh: list('ssh'),
      allow,
      outputs: list('outputs'),
      pushes: /^true$/i.test(single('push')?.value ?? '') ? (single('push') ?? null) : null,
      tags: list('tags', /,/),
      exportCaches: list('cache-to'),
      importCaches: list('cache-from'),
      context: local,
      dockerfile:
        file?.includes('${{') === true || local === null
          ? null
          : file === undefined
            ? joined(local, 'Dockerfile')
            : joined('.', file),
      open: false,
      environment: new Map(),
      builder: single('builder') ?? null,
    },
    troubles: [],
  };
}
