import { Unseen } from '../../facts/unseen.ts';
import type { Allowed, HostReader, IdRange, Owner, Step } from '../../model.ts';
import { digestOf } from '../digest.ts';
import { Refused } from '../refused.ts';
import { pathOf } from '../steps/sysctl.ts';
import { applyEdit } from '../text-edit.ts';
import { tomlEditorFor } from '../toml.ts';
import { command, word } from './shell-word.ts';

/** What a step makes of its file: texts (null: no file), and the digests that later steps of the script give it. */
interface Made {
  readonly before: string | null;
  readonly after: string | null;
  readonly later: readonly string[];
}
/** For each step that changes a file, or why it cannot stand in a script. */
export type Foreseen = ReadonlyMap<Step, Made | Refused | Unseen>;

/** What each step will find and leave, each building on those before it. */
export async function foresee(steps: readonly Step[], host: HostReader): Promise<Foreseen> {
  const texts = new Map<string, string | null>();
  const made: { step: Step; path: string; before: string | null; after: string | null }[] = [];
  const foreseen = new Map<Step, Made | Refused | Unseen>();
  for (const step of steps) {
    if (step.do !== 'edit' && step.do !== 'remove') continue;
    const { path } = step;
    try {
      const before = texts.has(path) ? (texts.get(path) ?? null) : step.do === 'edit' ? await textOf(step, host) : null;
      const after = step.do === 'edit' ? applyEdit(before, step.edit, await tomlEditorFor([step.edit])) : null;
      texts.set(path, after);
      made.push({ step, path, before, after });
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unseen)) throw error;
      foreseen.set(step, error);
    }
  }
  for (const [index, { step, path, before, after }] of made.entries()) {
    const later = made.slice(index + 1).filter((other) => other.path === path);
    foreseen.set(step, { before, after, later: later.map((other) => digestOfText(other.after)) });
  }
  return foreseen;
}

const digestOfText = (text: string | null): string => (text === null ? 'none' : digestOf(text));

const OR_FAILED = ' || failed=1';
const octal = (mode: number): string => mode.toString(8);
const ids = ({ uid, gid }: Owner): string => `${uid}:${gid}`;

/** The commands for one step; a step that cannot be put into a script says so when the script runs. */
export function commandsFor(step: Step, foreseen: Foreseen): readonly string[] {
  try {
    return commandsOrRefuse(step, foreseen.get(step));
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unseen)) throw error;
    return [command('problem', error.message) + OR_FAILED];
  }
}

function commandsOrRefuse(step: Step, made: Made | Refused | Unseen | undefined): readonly string[] {
  if (made instanceof Error) throw made;
  const later = made?.later ?? [];
  switch (step.do) {
    case 'edit':
      return made === undefined ? [] : guarded(step.path, editCommand(step, made));
    case 'directory':
      return [command('make_directory', step.path, octal(step.mode), ids(step.owner)) + OR_FAILED];
    case 'remove':
      return guarded(step.path, command('remove', step.path, step.expects, ...later) + OR_FAILED);
    case 'owner':
      return [command('give', step.path, ids(step.from), ids(step.to)) + OR_FAILED];
    case 'mode':
      return [command('set_mode', step.path, step.from.toString(8), step.to.toString(8)) + OR_FAILED];
    case 'adopt':
      return adoptCommands(step);
    case 'sysctl':
      return [command('set_sysctl', step.key, pathOf(step.key), step.from, step.to) + OR_FAILED];
    case 'run':
      // Its standard input may be the rest of the script.
      return [`${step.argv.map(word).join(' ')} </dev/null${OR_FAILED}`];
    case 'tell':
      return [command('say', step.text)];
  }
}

function editCommand(step: Extract<Step, { do: 'edit' }>, { before, after, later }: Made): string {
  const { path, edit } = step;
  const place = [octal(step.mode), ids(step.owner)];
  // A line to add needs no guard: it fits whatever the file has become.
  if (edit.edit === 'append' && later.length === 0 && !(before ?? '').includes('\r'))
    return command('add_line', path, edit.line, ...place) + OR_FAILED;
  const digests = [digestOfText(before), digestOfText(after), ...later];
  return `printf '%s' ${word(after ?? '')} | ${command('put', path, ...place, ...digests)}${OR_FAILED}`;
}

async function textOf(step: Extract<Step, { do: 'edit' }>, host: HostReader): Promise<string | null> {
  const kind = step.edit.edit === 'toml' ? 'toml' : undefined;
  const reading = await host.read(step.path, step.as === 'root' ? 'self' : step.as, 16 * 1024 * 1024, kind);
  if (reading?.masked)
    throw new Refused(`${step.path} holds what may be a secret, which no script repeats: bk-doctor fix edits it`);
  if (reading !== null && !reading.utf8)
    throw new Refused(`${step.path} is not UTF-8 text of a reasonable size, so it must be edited by hand`);
  return reading?.text ?? null;
}

/** useradd and usermod keep out while one of their files is changed. */
function guarded(path: string, line: string): readonly string[] {
  if (path !== '/etc/subuid' && path !== '/etc/subgid') return [line];
  return ['if lock_ids; then', `  ${line}`, 'else failed=1', 'fi', 'unlock_ids'];
}

/** Links are not followed, other file systems not entered; what has other names, a setuid bit or capabilities, or is a device is left alone. */
function adoptCommands(step: Extract<Step, { do: 'adopt' }>): readonly string[] {
  const { allowed, only, to, tree } = step;
  const keeps = (test: 'uid' | 'gid'): string => within(test, rangesOf(test, allowed));
  const mayGo = (test: 'uid' | 'gid'): string =>
    only === null ? '-true' : `( ${only.map((id) => `-${test} ${id}`).join(' -o ') || '-false'} )`;
  const plain = '( -type d -o -type l -o -type p -o -type f -links 1 ! -perm /6000 )';
  const bare = `( ! -type f -o ! -perm /111 -o -execdir sh -c "$no_capabilities" sh {} ; )`;
  const line = (test: 'uid' | 'gid', other: 'uid' | 'gid', owner: string): string =>
    `  find . -xdev -depth ${shellTest(`${plain} ! ${keeps(test)} ${mayGo(test)} ( ${keeps(other)} -o ${mayGo(other)} ) ${bare}`)} -execdir chown -h ${owner} {} +${OR_FAILED}`;
  return [
    'if ! find / -maxdepth 0 -uid 0 -execdir true {} + >/dev/null 2>&1; then',
    `  ${command('problem', `the find of GNU findutils is needed for ${tree}`)}${OR_FAILED}`,
    `elif ${command('no_links', tree)} && cd -P ${word(tree)}; then`,
    line('uid', 'gid', String(to.uid)),
    line('gid', 'uid', `:${to.gid}`),
    '  cd /',
    'else failed=1',
    'fi',
  ];
}

const rangesOf = (test: 'uid' | 'gid', { uids, gids }: Allowed): readonly IdRange[] => (test === 'uid' ? uids : gids);

function within(test: 'uid' | 'gid', ranges: readonly IdRange[]): string {
  const tests = ranges
    .filter(({ count }) => count > 0)
    .map(({ start, count }) =>
      count === 1
        ? `-${test} ${start}`
        : start === 0
          ? `-${test} -${count}`
          : `-${test} +${start - 1} -${test} -${start + count}`,
    );
  return tests.length === 0 ? '-false' : `( ${tests.join(' -o ')} )`;
}

/** Parentheses, ";" and "!" as find's words, not the shell's. */
function shellTest(expression: string): string {
  return expression
    .split(' ')
    .map((part) => (['(', ')', '!', ';'].includes(part) ? `\\${part}` : part))
    .join(' ');
}
