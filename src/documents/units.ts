import { atWord, optionsIn } from './commands.ts';
import type { Gathered } from './gathered.ts';
import { gatherCommands } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { readShell } from './shell.ts';
import type { At, Place } from './tree.ts';

interface Line extends At<string> {
  readonly section: string;
  readonly key: string;
}

/** The settings of a unit, continuation lines joined, each with its place. */
function settingsOf(text: string): readonly Line[] {
  const found: Line[] = [];
  let section = '';
  const pattern = /^(?:\[([^\]\n]+)\][ \t]*|([A-Za-z][\w-]*)[ \t]*=[ \t]*((?:[^\n\\]|\\(?!\n)|\\\n)*))$/gm;
  for (const match of text.matchAll(pattern)) {
    const [whole, name, key, value = ''] = match;
    if (name !== undefined) section = name;
    else if (key !== undefined) {
      const start = match.index;
      found.push({
        section,
        key,
        path: `${section}.${key}`,
        value: value.trim(),
        span: { start, end: start + whole.length },
      });
    }
  }
  return found;
}

/** Commands that a unit starts. */
export function gatherUnit(into: Gathered, text: string): void {
  for (const { section, key, value, span } of settingsOf(text))
    if (section === 'Service' && /^Exec/.test(key))
      gatherCommands(
        into,
        text.slice(span.end - value.length, span.end).replace(/^[-+!@:]+/, (mark) => ' '.repeat(mark.length)),
        span.end - value.length,
      );
}

/** Keys of a quadlet that say what an option of podman run says. */
const KEYS: { readonly [key: string]: string } = {
  AddCapability: 'cap-add',
  DropCapability: 'cap-drop',
  User: 'user',
  Group: 'group',
  ReadOnly: 'read-only',
  Tmpfs: 'tmpfs',
  Volume: 'volume',
  Mount: 'mount',
  AddDevice: 'device',
  UserNS: 'userns',
  PublishPort: 'publish',
  ExposeHostPort: 'expose',
  EnvironmentFile: 'env-file',
};

/** The container of a Podman quadlet. */
export function gatherQuadlet(into: Gathered, text: string): void {
  const lines = settingsOf(text).filter(({ section }) => section === 'Container');
  const first = lines[0];
  if (first === undefined) return;
  const last = (key: string): Line | null => lines.findLast((line) => line.key === key) ?? null;
  const image = last('Image');
  const at: Place = { path: 'Container', span: image?.span ?? first.span };
  const pod = looseGroup('podman', at, into.usedForBuilds);
  const entrypoint = last('Entrypoint');
  const exec = last('Exec');
  pod.containers.push(
    containerOf(
      {
        engine: 'podman',
        at,
        name: last('ContainerName')?.value ?? null,
        image,
        options: lines.flatMap(optionsOf),
        entrypoint: entrypoint === null ? null : wordsOf(entrypoint),
        args: exec === null ? null : wordsOf(exec),
      },
      pod,
    ),
  );
  into.pods.push(pod);
}

const wordsOf = (line: Line): readonly At<string>[] =>
  readShell(line.value, 0)
    .commands.flatMap(({ words }) => words)
    .map((word) => ({ ...atWord(line.path, new Map())(word), span: line.span }));

function optionsOf(line: Line): readonly Option[] {
  const option = (name: string, value = line.value): Option => ({ name, value, path: line.path, span: line.span });
  const name = KEYS[line.key];
  if (name !== undefined) return [option(name)];
  switch (line.key) {
    case 'Environment':
      return readShell(line.value, 0).commands.flatMap(({ words }) => words.map(({ text }) => option('env', text)));
    case 'NoNewPrivileges':
      return /^(?:true|yes|on|1)$/i.test(line.value) ? [option('security-opt', 'no-new-privileges')] : [];
    case 'SeccompProfile':
      return [option('security-opt', `seccomp=${line.value}`)];
    case 'AppArmor':
      return [option('security-opt', `apparmor=${line.value}`)];
    case 'Unmask':
      return [option('security-opt', `unmask=${line.value}`)];
    case 'PodmanArgs':
      return optionsIn(line);
    default:
      return [];
  }
}
