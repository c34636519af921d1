import type { Container } from '../../documents/container.ts';
import { type Cursor, exists, field, isMap } from '../../documents/tree.ts';
import { type Wanted, wordsOf } from '../../knowledge/engines.ts';
import { type Change, isCommand, withField, withItems, withLines, withNested } from './change.ts';
import { grouped, inQuotes, keyOf, optionsOf, quadletLine, withEngineOptions } from './engine-options.ts';
import type { Ailment } from './remedy.ts';

/** What to write in this file to be granted something, in the words of its engine. */
export function grantWords({ engine, document }: Ailment, ...wanted: readonly Wanted[]): string {
  if (document.kind === 'compose') return composeWords(wordsOf('docker', ...wanted) ?? '');
  if (document.kind === 'quadlet') return quadletWords(wordsOf('podman', ...wanted) ?? '');
  const words =
    wordsOf(engine === 'podman' ? 'podman' : engine === 'docker' ? 'docker' : 'kubernetes', ...wanted) ?? '';
  return engine === 'kubernetes' ? `${words}.` : `${engine === 'podman' ? 'podman' : 'docker'} run ${words}`;
}

function composeWords(words: string): string {
  return `${[...grouped(optionsOf(words))]
    .map(([name, values]) => (name === 'privileged' ? 'privileged: true' : `${keyOf(name)}: [${values.join(', ')}]`))
    .join(', and ')}.`;
}

const quadletWords = (words: string): string => `${optionsOf(words).map(quadletLine).join(', and ')}.`;

/** The same as a change of the text; null where that cannot be said. */
export function grantChange(ailment: Ailment, ...wanted: readonly Wanted[]): readonly Change[] | null {
  const { engine } = ailment;
  if (engine === 'kubernetes') return null;
  const words = wordsOf(engine === 'podman' ? 'podman' : 'docker', ...wanted);
  return words === null ? null : withEngineOptions(ailment, optionsOf(words));
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
  // A service of Actions gets no arguments.
  if (document.kind === 'github-actions' && container.optionsAt != null) return null;
  if (role === 'daemonless' && engine === 'ci')
    return container.optionsAt == null
      ? null
      : withNested(text, container.optionsAt, 'variables', 'BUILDKITD_FLAGS', flags.join(' '));
  if (role === 'daemonless' && document.kind === 'jenkinsfile' && container.optionsAt != null)
    return inQuotes(container.optionsAt, `-e BUILDKITD_FLAGS=${flags.join(' ')}`);
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
