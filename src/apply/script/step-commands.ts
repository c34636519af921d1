import { Unseen } from '../../facts/unseen.ts';
import type { Allowed, HostReader, IdRange, Owner, Step } from '../../model.ts';
import { digestOf } from '../digest.ts';
import { Refused } from '../refused.ts';
import { pathOf } from '../steps/sysctl.ts';
import { applyEdit } from '../text-edit.ts';
import { tomlEditorFor } from '../toml.ts';
import { command, word } from './shell-word.ts';

/** What the steps so far make of files, so that a later one builds on it. */
export type Texts = Map<string, string | null>;

const OR_FAILED = ' || failed=1';
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
const ids = ({ uid, gid }: Owner): string => `${uid}:${gid}`;

/** The commands for one step; a step that cannot be put into a script says so when the script runs. */
export async function commandsFor(step: Step, host: HostReader, texts: Texts): Promise<readonly string[]> {
  try {
    return await commandsOrRefuse(step, host, texts);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unseen)) throw error;
    return [command('problem', error.message) + OR_FAILED];
  }
}

async function commandsOrRefuse(step: Step, host: HostReader, texts: Texts): Promise<readonly string[]> {
  switch (step.do) {
    case 'edit':
      return guarded(step.path, await editCommand(step, host, texts));
    case 'directory':
      return [command('make_directory', step.path, octal(step.mode), ids(step.owner)) + OR_FAILED];
    case 'remove':
      return guarded(step.path, command('remove', step.path, step.expects) + OR_FAILED);
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

async function editCommand(step: Extract<Step, { do: 'edit' }>, host: HostReader, texts: Texts): Promise<string> {
  const { path, edit } = step;
  const place = [octal(step.mode), ids(step.owner)];
  const before = await textOf(step, host, texts);
  const after = applyEdit(before, edit, await tomlEditorFor([edit]));
  texts.set(path, after);
  // A line to add needs no guard: it fits whatever the file has become.
  if (edit.edit === 'append' && !(before ?? '').includes('\r'))
    return command('add_line', path, edit.line, ...place) + OR_FAILED;
  const digests = [before === null ? 'none' : digestOf(before), digestOf(after)];
  return `printf '%s' ${word(after)} | ${command('put', path, ...digests, ...place)}${OR_FAILED}`;
}

async function textOf(step: Extract<Step, { do: 'edit' }>, host: HostReader, texts: Texts): Promise<string | null> {
  const known = texts.get(step.path);
  if (known !== undefined) return known;
  const reading = await host.read(step.path, step.as === 'root' ? 'self' : step.as, 16 * 1024 * 1024);
  if (reading !== null && (!reading.utf8 || reading.truncated))
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
