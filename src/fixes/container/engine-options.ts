import { type Cursor, exists, field, type List, type Value } from '../../documents/tree.ts';
import { type Change, isFlow, lineEnd, replaced, withField, withItems, withLines, withOptions } from './change.ts';
import type { Ailment } from './remedy.ts';

/** An option of docker or podman run. */
export type EngineOption = readonly [name: string, value: string];

/** The options in words such as `--security-opt a=b --privileged`. */
export const optionsOf = (words: string): readonly EngineOption[] =>
  [...words.matchAll(/--([\w-]+)(?:[ =](?!--)(\S+))?/g)].map(([, name = '', value = '']) => [name, value] as const);

/** Keys of compose and of a runner's [runners.docker] for options of docker run. */
const KEYS: { readonly [option: string]: string } = {
  'security-opt': 'security_opt',
  'cap-add': 'cap_add',
  device: 'devices',
  user: 'user',
  tmpfs: 'tmpfs',
};

export const keyOf = (option: string): string => KEYS[option] ?? option;

export const quadletLine = ([name, value]: EngineOption): string => {
  const [key = '', given = ''] = value.split('=');
  if (name === 'cap-add') return `AddCapability=CAP_${value}`;
  if (name === 'device') return `AddDevice=${value}`;
  if (name === 'tmpfs') return `Tmpfs=${value}`;
  if (name === 'security-opt' && key === 'seccomp') return `SeccompProfile=${given}`;
  if (name === 'security-opt' && key === 'apparmor') return `AppArmor=${given}`;
  if (name === 'security-opt' && key === 'unmask') return `Unmask=${given}`;
  return `PodmanArgs=--${name}${value === '' ? '' : ` ${value}`}`;
};

export const grouped = (options: readonly EngineOption[]): ReadonlyMap<string, readonly string[]> =>
  options.reduce(
    (groups, [name, value]) => groups.set(name, [...(groups.get(name) ?? []), value]),
    new Map<string, readonly string[]>(),
  );

/** Options more for the engine, in whatever form the file has for them; null where it has none. */
export function withEngineOptions(
  { document, text, container }: Ailment,
  options: readonly EngineOption[],
): readonly Change[] | null {
  if (container === null || options.length === 0) return null;
  const { optionsAt = null, yaml } = container;
  switch (document.kind) {
    case 'compose':
      return yaml === null ? null : inCompose(text, yaml, options);
    case 'quadlet':
      return withLines(document, container, options.map(quadletLine));
    case 'github-actions':
      return optionsAt === null ? withOptions(container, spoken(options)) : inActions(text, optionsAt, options);
    case 'runner-config':
      return optionsAt === null ? null : inRunner(text, optionsAt, /\.services\[/.test(container.path), options);
    case 'jenkinsfile':
      return optionsAt === null ? withOptions(container, spoken(options)) : inQuotes(optionsAt, spoken(options));
    default:
      return withOptions(container, spoken(options));
  }
}

const spoken = (options: readonly EngineOption[]): string =>
  options.map(([name, value]) => `--${name}${value === '' ? '' : ` ${value}`}`).join(' ');

/** Commas would part a plain text in brackets. */
export const inYaml = (value: string): string => (value.includes(',') ? JSON.stringify(value) : value);

/** All of them or none. */
function together(all: readonly (readonly Change[] | null)[]): readonly Change[] | null {
  return all.some((one) => one === null) ? null : all.flatMap((one) => one ?? []);
}

function inCompose(text: string, yaml: Cursor, options: readonly EngineOption[]): readonly Change[] | null {
  return together(
    [...grouped(options)].map(([name, values]) => {
      if (name === 'privileged') return withField(text, yaml, 'privileged', 'true');
      const key = KEYS[name];
      if (key === undefined) return null;
      const list = field(yaml, key);
      const written = values.map(inYaml);
      if (list.node?.kind === 'scalar' && list.node.value !== null)
        return replaced(list, `[${[JSON.stringify(list.node.text), ...written].join(', ')}]`);
      return exists(list) ? withItems(text, list, written) : withField(text, yaml, key, `[${written.join(', ')}]`);
    }),
  );
}

/** `options` of a container or service of GitHub Actions. */
function inActions(text: string, at: Cursor, options: readonly EngineOption[]): readonly Change[] | null {
  const given = field(at, 'options');
  const more = spoken(options);
  if (!exists(given)) return withField(text, at, 'options', inYaml(more));
  if (given.node?.kind !== 'scalar' || given.node.value === null) return null;
  const { start, end } = given.span;
  if (/["']/.test(text[start] ?? '')) return [{ start: end - 1, end: end - 1, text: ` ${more}` }];
  if (/[|>]/.test(text[start] ?? '') || !more.includes(',')) return [{ start: end, end, text: ` ${more}` }];
  return replaced(given, JSON.stringify(`${given.node.text.replace(/\s+/g, ' ')} ${more}`));
}

/** Words more at the end of a text in quotes: `args` of a docker agent of Jenkins. */
export const inQuotes = ({ span: { end } }: Cursor, words: string): readonly Change[] => [
  { start: end - 1, end: end - 1, text: ` ${words}` },
];

/** Keys of [runners.docker] in TOML. */
function inRunner(
  text: string,
  at: Cursor,
  isService: boolean,
  options: readonly EngineOption[],
): readonly Change[] | null {
  return together(
    [...grouped(options)].map(([name, values]) => {
      const ours = KEYS[name];
      if (ours === undefined || name === 'tmpfs') return null;
      const services = field(at, `services_${ours}`);
      const key = isService && exists(services) ? `services_${ours}` : ours;
      return withTomlItems(text, at, key, values);
    }),
  );
}

const isTable = (value: Value): boolean =>
  value.kind === 'fields' || (value.kind === 'list' && value.items.some(({ kind }) => kind === 'fields'));

/** Texts more for an array of a table of TOML, which may not be there yet. */
export function withTomlItems(
  text: string,
  at: Cursor,
  key: string,
  values: readonly string[],
): readonly Change[] | null {
  const list = field(at, key);
  const written = values.map((value) => JSON.stringify(value)).join(', ');
  if (exists(list)) {
    if (list.node?.kind !== 'list' || !isFlow(text, list.span)) return null;
    const last = (list.node as List).items.at(-1);
    const end = last?.span.end ?? list.span.start + 1;
    return [{ start: end, end, text: `${last === undefined ? '' : ', '}${written}` }];
  }
  const first =
    at.node?.kind === 'fields' ? at.node.entries.find(({ value }) => !isTable(value) && value.span.end > 0) : undefined;
  if (first === undefined) return null;
  const line = text.lastIndexOf('\n', first.keySpan.start - 1) + 1;
  const indent = text.slice(line, first.keySpan.start);
  const end = lineEnd(text, first.span.end);
  return indent.trim() === '' ? [{ start: end, end, text: `\n${indent}${key} = [${written}]` }] : null;
}
