import type { Container } from '../../documents/container.ts';
import { type Cursor, exists, field, isMap } from '../../documents/tree.ts';
import { type Wanted, wordsOf } from '../../knowledge/engines.ts';
import { type Change, isCommand, withField, withItems, withLines, withNested, withOptions } from './change.ts';
import type { Ailment } from './remedy.ts';

/** What to write in this file to be granted something, in the words of its engine. */
export function grantWords({ engine, document }: Ailment, ...wanted: readonly Wanted[]): string {
  if (document.kind === 'compose') return composeWords(wordsOf('docker', ...wanted) ?? '');
  if (document.kind === 'quadlet') return quadletWords(wordsOf('podman', ...wanted) ?? '');
  const words =
    wordsOf(engine === 'podman' ? 'podman' : engine === 'docker' ? 'docker' : 'kubernetes', ...wanted) ?? '';
  return engine === 'kubernetes' ? `${words}.` : `${engine === 'podman' ? 'podman' : 'docker'} run ${words}`;
}

const optionsOf = (words: string): readonly (readonly [name: string, value: string])[] =>
  [...words.matchAll(/--([\w-]+)(?:[ =](?!--)(\S+))?/g)].map(([, name = '', value = '']) => [name, value] as const);

/** Keys of compose for options of docker run. */
const COMPOSE: { readonly [option: string]: string } = {
  'security-opt': 'security_opt',
  'cap-add': 'cap_add',
  device: 'devices',
  user: 'user',
};

function composeWords(words: string): string {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const option of optionsOf(words)) groups.set(option[0], [...(groups.get(option[0]) ?? []), option]);
  return `${[...groups]
    .map(([name, all]) =>
      name === 'privileged'
        ? 'privileged: true'
        : `${COMPOSE[name] ?? name}: [${all.map(([, value]) => value).join(', ')}]`,
    )
    .join(', and ')}.`;
}

const quadletLine = ([name, value]: readonly [string, string]): string => {
  const [key = '', given = ''] = value.split('=');
  if (name === 'cap-add') return `AddCapability=CAP_${value}`;
  if (name === 'device') return `AddDevice=${value}`;
  if (name === 'security-opt' && key === 'seccomp') return `SeccompProfile=${given}`;
  if (name === 'security-opt' && key === 'apparmor') return `AppArmor=${given}`;
  if (name === 'security-opt' && key === 'unmask') return `Unmask=${given}`;
  return `PodmanArgs=--${name}${value === '' ? '' : ` ${value}`}`;
};

const quadletWords = (words: string): string => `${optionsOf(words).map(quadletLine).join(', and ')}.`;

/** The same as a change of the text; null where that cannot be said. */
export function grantChange(
  { document, text, container, engine }: Ailment,
  ...wanted: readonly Wanted[]
): readonly Change[] | null {
  if (container === null) return null;
  if (engine === 'kubernetes') return null;
  const words = wordsOf(engine === 'podman' ? 'podman' : 'docker', ...wanted);
  if (words === null) return null;
  if (document.kind === 'compose') return composeChange(text, container, words);
  if (document.kind === 'quadlet') return withLines(document, container, optionsOf(words).map(quadletLine));
  return withOptions(container, words);
}

function composeChange(text: string, { yaml }: Container, words: string): readonly Change[] | null {
  if (yaml === null) return null;
  const [[name] = ['', '']] = optionsOf(words);
  const values = optionsOf(words).map(([, value]) => value);
  if (name === 'privileged') return withField(text, yaml, 'privileged', 'true');
  const key = COMPOSE[name];
  if (key === undefined) return null;
  const list = field(yaml, key);
  return exists(list) ? withItems(text, list, values) : withField(text, yaml, key, `[${values.join(', ')}]`);
}

/** Sets a field of the container's securityContext. */
export function securityChange({ text, container }: Ailment, key: string, value: string): readonly Change[] | null {
  return container?.yaml == null ? null : withNested(text, container.yaml, 'securityContext', key, value);
}

/** Flags more for buildkitd. */
export function flagChange(
  { text, container, document }: Ailment,
  flags: readonly string[],
  role: string,
): readonly Change[] | null {
  if (container === null) return null;
  const { yaml, engine } = container;
  if (role === 'daemonless') return environmentChange(text, container, flags.join(' '));
  if (document.kind === 'quadlet') return withLines(document, container, [`Exec=${flags.join(' ')}`]);
  if (yaml === null) {
    const last = (container.args ?? []).at(-1) ?? container.image;
    return last === null || !isCommand(container)
      ? null
      : [{ start: last.span.end, end: last.span.end, text: ` ${flags.join(' ')}` }];
  }
  const key = engine === 'kubernetes' ? 'args' : 'command';
  const list = field(yaml, key);
  if (!exists(list)) return withField(text, yaml, key, `[${flags.join(', ')}]`);
  if (list.node?.kind === 'list' && list.node.items.length === 0)
    return [{ ...list.span, text: `[${flags.join(', ')}]` }];
  return withItems(text, list, flags);
}

function environmentChange(text: string, container: Container, flags: string): readonly Change[] | null {
  const { yaml, engine, env, image } = container;
  const variable = env.find(({ name }) => name === 'BUILDKITD_FLAGS');
  if (yaml === null)
    return image === null || !isCommand(container)
      ? null
      : [{ start: image.span.start, end: image.span.start, text: `-e BUILDKITD_FLAGS=${flags} ` }];
  if (variable !== undefined) return null;
  if (engine === 'kubernetes') {
    const entry = `{name: BUILDKITD_FLAGS, value: ${flags}}`;
    return exists(field(yaml, 'env'))
      ? withItems(text, field(yaml, 'env'), [entry])
      : withField(text, yaml, 'env', `[${entry}]`);
  }
  const list: Cursor = field(yaml, 'environment');
  if (isMap(list)) return withField(text, list, 'BUILDKITD_FLAGS', flags);
  return exists(list)
    ? withItems(text, list, [`BUILDKITD_FLAGS=${flags}`])
    : withField(text, yaml, 'environment', `{BUILDKITD_FLAGS: ${flags}}`);
}
