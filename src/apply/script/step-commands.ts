import { basename } from 'node:path';
import type { HostReader, Owner } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';
import { Refused } from '../disk/refused.ts';
import { pathOf } from '../steps/sysctl.ts';
import { digestOfText, type Foreseen, type Made, recipeOf } from './recipe.ts';
import { BeyondShell, command, type Word } from './shell-word.ts';
import { wayTo } from './way.ts';

const OR_FAILED = ' || failed=1';
const octal = (mode: number): string => mode.toString(8);
const ids = ({ uid, gid }: Owner): string => `${uid}:${gid}`;

/** Vectors are printed with tabs, whatever they were written with. */
const inSpaces = (value: string): string => value.trim().split(/\s+/).join(' ');

/** Where the directory of a path was when the plan was made: for root. The target's own links are the target's to follow. */
async function placeOf(path: string, host: HostReader, asRoot: boolean): Promise<string> {
  return asRoot ? (await wayTo(path, host)).place : '-';
}

/** The commands for one step. Throws Refused, or BeyondShell. */
export async function commandsFor(
  step: Step,
  foreseen: Foreseen,
  host: HostReader,
  asRoot: boolean,
): Promise<readonly string[]> {
  const made = foreseen.get(step);
  if (made instanceof Error) throw made;
  const inPlace = async (path: string, ...rest: readonly Word[]): Promise<string> =>
    command('in_place', path, await placeOf(path, host, asRoot), ...rest) + OR_FAILED;
  switch (step.do) {
    case 'edit':
      return made === undefined ? [] : guarded(step.path, await inPlace(step.path, ...(await editWords(step, made))));
    case 'directory':
      return [
        command(
          'make_directory',
          step.path,
          await placeOf(step.path, host, asRoot),
          octal(step.mode),
          ids(step.owner),
        ) + OR_FAILED,
      ];
    case 'remove':
      return guarded(step.path, await inPlace(step.path, 'remove', step.expects, ...(made?.later ?? [])));
    case 'owner':
      return [await inPlace(step.path, 'give', ids(step.from), ids(step.to))];
    case 'mode': {
      const helper = ((step.from | step.to) & 0o4000) === 0 ? [] : ['as_helper'];
      return [await inPlace(step.path, ...helper, 'set_mode', octal(step.from), octal(step.to))];
    }
    case 'adopt':
      throw new BeyondShell('a shell follows names, which others can change meanwhile');
    case 'sysctl':
      return [command('set_sysctl', step.key, pathOf(step.key), inSpaces(step.from), inSpaces(step.to)) + OR_FAILED];
    case 'run':
      return [await runCommand(step.argv, inPlace)];
    case 'tell':
      throw new Refused('there is nothing to do');
  }
}

async function runCommand(
  argv: readonly string[],
  inPlace: (path: string, ...rest: readonly Word[]) => Promise<string>,
): Promise<string> {
  const path = argv.at(-1) ?? '';
  // A capability is a privilege like a setuid bit.
  if (basename(argv[0] ?? '') === 'setcap') return inPlace(path, 'as_helper', 'run', ...argv);
  return command('run', ...argv) + OR_FAILED;
}

async function editWords(
  step: Extract<Step, { do: 'edit' }>,
  { before, after, later }: Made,
): Promise<readonly Word[]> {
  const { edit } = step;
  const place = [octal(step.mode), ids(step.owner)];
  // A line to add needs no guard: it fits whatever the file has become.
  if (edit.edit === 'append' && later.length === 0 && !(before ?? '').includes('\r'))
    return ['add_line', ...place, edit.line];
  const digests = [digestOfText(before), digestOfText(after), ...later];
  return ['put', ...place, ...digests, '--', ...(await recipeOf(before, after ?? ''))];
}

/** useradd and usermod keep out while one of their files is changed. */
function guarded(path: string, line: string): readonly string[] {
  if (path !== '/etc/subuid' && path !== '/etc/subgid') return [line];
  return ['if lock_ids; then', `  ${line}`, 'else failed=1', 'fi', 'unlock_ids'];
}
