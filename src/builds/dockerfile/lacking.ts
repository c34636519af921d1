import { NEWEST_FRONTEND } from '../../buildkit/dockerfile/frontend.ts';
import { type Mount, readMount } from '../../buildkit/dockerfile/mount.ts';
import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import { Mistake } from '../../buildkit/dockerfile/refused.ts';
import type { Finding } from '../model/finding.ts';
import { rooted } from '../model/paths.ts';
import { type Contents, EMPTY, isEmpty, lacks } from './contents.ts';
import { type Known, type Stage, stageNamed } from './stages.ts';
import { flagsOrNone } from './versions.ts';
import { finding, type State, type Step, type Walk } from './walk.ts';

/** Where a program is looked for that is named without a directory. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const lacking = (at: Walk, instruction: Instruction, message: string, remedy: string): Finding =>
  finding(at, instruction, 'dockerfile.image-file-missing', 'error', message, [remedy]);

/** A step in an image that began empty, and that has neither what the step runs nor the account it runs as. */
export function lackingFindings(step: Step, expand: (text: string) => Known): readonly Finding[] {
  const { at, instruction, state } = step;
  const { contents } = state;
  const mounted = placesMounted(instruction, state, expand);
  if (contents === null || mounted === null) return [];
  const misses = (path: string): boolean => lacks(contents, path) && lacks({ made: [], open: mounted }, path);
  const program = instruction.json ? (instruction.args[0] ?? '') : state.shell;
  if (program !== null && program !== '' && candidates(program, state).every(misses))
    return [
      lacking(
        at,
        instruction,
        `The stage begins with an empty image, and nothing puts ${program} into it: the step ends with "${program}: no such file or directory".`,
        instruction.json
          ? 'Copy the program into the image in front of the step, with all that it needs, or begin with an image that has it.'
          : 'Run the step in a stage of an image that has a shell, and take what it makes with COPY --from=STAGE.',
      ),
    ];
  const { user } = state;
  if (user === null || !user.known) return [];
  const [name = '', group = ''] = user.text.split(':');
  const list =
    isName(name) && misses('/etc/passwd') ? '/etc/passwd' : isName(group) && misses('/etc/group') ? '/etc/group' : null;
  return list === null ? [] : [noAccount(at, instruction, user.text, list, 'unable to find')];
}

const isName = (text: string): boolean => text !== '' && !/^\d+$/.test(text);

const noAccount = (at: Walk, instruction: Instruction, user: string, list: string, why: string): Finding =>
  lacking(
    at,
    instruction,
    `The step runs as ${user}, and the image has no ${list} to find that in: the build ends with "${why}".`,
    'Write the numbers of user and group behind USER, or copy the list of accounts into the image.',
  );

/** A directory of a user that is named, made in an image in which nothing is. */
export function ownerOfWorkdir(at: Walk, instruction: Instruction, { user, contents }: State): readonly Finding[] {
  if (user === null || !user.known || !isEmpty(contents) || at.scene.choice.frontend === null) return [];
  const named = user.text.split(':').some((part) => isName(part) && part !== 'root');
  return named ? [noAccount(at, instruction, user.text, '/etc/passwd', 'invalid user index')] : [];
}

/** Every path that a program may have; none where PATH is not the usual one. */
function candidates(program: string, { variables, workdir }: State): readonly string[] {
  if (program.includes('/')) return [rooted(program.startsWith('/') ? '/' : (workdir ?? '/'), program)];
  return variables.has('PATH') ? ['/'] : PATH.map((directory) => `${directory}/${program}`);
}

/** Where mounts put files into the step; null where that cannot be told. */
function placesMounted(
  instruction: Instruction,
  { workdir }: State,
  expand: (text: string) => Known,
): readonly string[] | null {
  const given = flagsOrNone(instruction);
  if (given.has('device')) return null;
  const places: string[] = [];
  for (const text of given.get('mount') ?? []) {
    let known = true;
    const mount = mountOrNone(text, (written) => {
      const result = expand(written);
      known &&= result.known;
      return result.text;
    });
    if (mount === null || !known || workdir === undefined) return null;
    if (mount.type !== 'tmpfs' && mount.type !== 'ssh') places.push(rooted(workdir ?? '/', mount.target));
  }
  return places;
}

/** A mount as it is read; null where it cannot be. */
export function mountOrNone(text: string, expand: (written: string) => string): Mount | null {
  try {
    return readMount(text, { ...NEWEST_FRONTEND, labs: true }, expand);
  } catch (error) {
    if (error instanceof Mistake) return null;
    throw error;
  }
}

/** What is in the stage of a name; null where anything may be. */
function contentsOf(at: Walk, stage: Stage, name: string, numbers: boolean): Contents | null {
  if (at.request?.options.has(`context:${name}`) === true) return null;
  const index = stageNamed(at.stages.stages.slice(0, stage.index), name, numbers);
  if (index !== null) return at.ends[index]?.contents ?? null;
  return name === 'scratch' ? EMPTY : null;
}

/** Sources that a stage to copy from surely does not have. */
export function copiedFromStage(
  { at, stage, instruction }: Step,
  from: string,
  expand: (text: string) => Known,
): readonly Finding[] {
  const contents = contentsOf(at, stage, from, true);
  if (contents === null || flagsOrNone(instruction).has('parents')) return [];
  return instruction.args.slice(0, -1).flatMap((source) => {
    const { text, known } = expand(source);
    const path = rooted('/', text);
    if (!known || /[*?[\\]/.test(text) || /^\d*<</.test(source) || !lacks(contents, path)) return [];
    return [notInStage(at, instruction, from, path)];
  });
}

/** The source of a mount that its stage surely does not have. */
export function mountedFromStage({ at, stage, instruction }: Step, mount: Mount): readonly Finding[] {
  const path = rooted('/', mount.source);
  return lacks(contentsOf(at, stage, mount.from, true), path) ? [notInStage(at, instruction, mount.from, path)] : [];
}

const notInStage = (at: Walk, instruction: Instruction, from: string, path: string): Finding =>
  lacking(
    at,
    instruction,
    `${from === 'scratch' ? 'An empty image' : `The stage ${from} begins with an empty image, and`} has no ${path}, since nothing puts it there: the build ends with "${path}: no such file or directory" or "not found".`,
    `Mend the path, or make ${path} in the stage it is taken from.`,
  );
