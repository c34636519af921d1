import { givenFlags } from '../../buildkit/dockerfile/flags.ts';
import { NEWEST_FRONTEND } from '../../buildkit/dockerfile/frontend.ts';
import { csvFields } from '../../buildkit/dockerfile/mount.ts';
import type { Dockerfile, Instruction } from '../../buildkit/dockerfile/read.ts';
import { Mistake } from '../../buildkit/dockerfile/refused.ts';
import { BadWord, expanded } from '../../buildkit/dockerfile/shell-words.ts';
import type { BuildRequest } from '../model/request.ts';

/** A value that may only be known when the build runs. */
export interface Known {
  readonly text: string;
  readonly known: boolean;
  /** Surely without a value, as an ARG that nothing gives one. */
  readonly unset?: boolean;
  /** Why no frontend can put the variables in, in BuildKit's words. */
  readonly bad?: string;
  /** The same, unless the base image gives a variable a value that nothing else does. */
  readonly perhapsBad?: string;
}

export interface Stage {
  readonly index: number;
  readonly name: string | null;
  readonly from: Instruction;
  readonly base: Known;
  /** Puts the variables of its FROM in. */
  readonly expand: (text: string) => Known;
  /** The stage that it starts from; null for an image. */
  readonly parent: number | null;
  readonly platform: Known | null;
  readonly instructions: readonly Instruction[];
}

export interface Stages {
  readonly stages: readonly Stage[];
  readonly escape: string;
  /** ARGs in front of the first FROM. */
  readonly globals: ReadonlyMap<string, Known>;
  /** Null where the command names a stage that does not exist. */
  readonly target: number | null;
  /** What the target needs. Everything, where the target is not known. */
  readonly reached: ReadonlySet<number>;
}

const PLATFORM_ARGS = new Set(
  ['BUILD', 'TARGET'].flatMap((side) => ['PLATFORM', 'OS', 'ARCH', 'VARIANT', 'OSVERSION'].map((part) => side + part)),
);
PLATFORM_ARGS.add('TARGETSTAGE');

/** Whether a variable has a value although nothing sets it. */
export const isPredefined = (name: string): boolean =>
  PLATFORM_ARGS.has(name) || /^(?:(?:https?|ftp|no|all)_proxy|SOURCE_DATE_EPOCH)$/i.test(name);

/** A text with its variables put in; known only if all of them are. */
export function put(text: string, token: string, variables: (name: string) => Known | undefined): Known {
  let known = true;
  const undeclared = new Set<string>();
  try {
    const result = expanded(text, { escape: token }, (name) => {
      const value = variables(name);
      if (value === undefined || !value.known) known = false;
      if (value === undefined) undeclared.add(name);
      return value?.unset === true ? undefined : value?.text;
    });
    return { text: result, known };
  } catch (error) {
    if (!(error instanceof BadWord)) throw error;
    // A value that is required may be there where it is not known.
    const sure = known || !/^\w+: /.test(error.message);
    const perhaps = undeclared.has(/^(\w+): /.exec(error.message)?.[1] ?? '');
    return {
      text,
      known: false,
      ...(sure ? { bad: error.message } : perhaps ? { perhapsBad: error.message } : {}),
    };
  }
}

/** The stages of a Dockerfile, and which of them a build needs. */
export function stagesOf({ instructions, escape: token }: Dockerfile, request: BuildRequest | null): Stages {
  const globals = new Map<string, Known>();
  const stages: Stage[] = [];
  let body: Instruction[] = [];
  for (const instruction of instructions) {
    const command = instruction.command.toUpperCase();
    if (command === 'FROM') {
      body = [];
      stages.push({ ...stageFrom(instruction, stages, token, globals), instructions: body });
    } else if (stages.length > 0) body.push(instruction);
    else if (command === 'ARG') declare(globals, instruction, token, request, globals);
  }
  const target = targetOf(stages, request);
  return { stages, escape: token, globals, target, reached: reachedFrom(stages, target, request) };
}

/** Puts the variables of an ARG into a scope: a value of the command wins over the default. */
export function declare(
  scope: Map<string, Known>,
  { args }: Instruction,
  token: string,
  request: BuildRequest | null,
  globals: ReadonlyMap<string, Known>,
): void {
  for (const arg of args) {
    const sign = arg.indexOf('=');
    const name = sign < 0 ? arg : arg.slice(0, sign);
    const given = request?.options.get(`build-arg:${name}`);
    if (given !== undefined) scope.set(name, { text: given.value, known: given.known });
    else if (sign >= 0)
      scope.set(
        name,
        open(
          request,
          put(arg.slice(sign + 1), token, (used) => scope.get(used)),
        ),
      );
    else if (scope !== globals && globals.has(name)) scope.set(name, globals.get(name) ?? { text: '', known: false });
    else scope.set(name, { text: '', known: request !== null && !request.open, unset: true });
  }
}

/** Whether a command that is not known could give another value: then a default is no more than likely. */
const open = (request: BuildRequest | null, value: Known): Known =>
  request === null || request.open ? { ...value, known: false } : value;

function stageFrom(
  from: Instruction,
  before: readonly Stage[],
  token: string,
  globals: ReadonlyMap<string, Known>,
): Omit<Stage, 'instructions'> {
  const [written = '', , name] = from.args;
  const variable = (used: string): Known | undefined =>
    globals.get(used) ?? (isPredefined(used) ? { text: '', known: false } : { text: '', known: true, unset: true });
  const expand = (text: string): Known => put(text, token, variable);
  const base = expand(written);
  const platform = from.flags.find((flag) => flag.startsWith('--platform='))?.slice('--platform='.length);
  return {
    index: before.length,
    name: name?.toLowerCase() ?? null,
    from,
    base,
    expand,
    parent: stageNamed(before, base.text, false),
    platform: platform === undefined ? null : expand(platform),
  };
}

/** The stage of a name or, where numbers count, of an index; null where there is none. */
export function stageNamed(stages: readonly Stage[], name: string, numbers = true): number | null {
  const wanted = name.toLowerCase();
  const found = stages.findLast((stage) => stage.name === wanted);
  if (found !== undefined) return found.index;
  return numbers && /^\d+$/.test(name) && Number(name) < stages.length ? Number(name) : null;
}

function targetOf(stages: readonly Stage[], request: BuildRequest | null): number | null {
  const asked = request?.options.get('target');
  if (asked === undefined || !asked.known || asked.value === '') return stages.length - 1;
  return stageNamed(stages, asked.value, false);
}

function reachedFrom(
  stages: readonly Stage[],
  target: number | null,
  request: BuildRequest | null,
): ReadonlySet<number> {
  const all = new Set(stages.keys());
  const asked = request?.options.get('target');
  // Without a known target any stage may be built.
  if (request?.client === 'classic' || (asked !== undefined && !asked.known)) return all;
  const isContext = (name: string): boolean => request?.options.has(`context:${name}`) === true;
  const reached = new Set<number>();
  const queue = target === null ? [] : [target];
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    const stage = stages[index];
    if (stage === undefined || reached.has(index)) continue;
    reached.add(index);
    // A named context takes the place of a stage of that name.
    if (stage.parent !== null && !isContext(stage.base.text)) queue.push(stage.parent);
    for (const instruction of stage.instructions)
      for (const name of sourcesOf(instruction)) {
        if (isContext(name)) continue;
        const source = stageNamed(stages.slice(0, index), name);
        if (source !== null) queue.push(source);
      }
  }
  return reached;
}

/** What an instruction takes files from besides the context: stages, contexts or images by name. */
export function sourcesOf(instruction: Instruction): readonly string[] {
  const command = instruction.command.toUpperCase();
  if (command !== 'COPY' && command !== 'RUN') return [];
  try {
    const given = givenFlags(command, instruction.flags, { ...NEWEST_FRONTEND, labs: true });
    if (command === 'COPY') return given.get('from') ?? [];
    return (given.get('mount') ?? []).flatMap((mount) =>
      csvFields(mount, 'mounts').flatMap((field) => (/^from=/i.test(field) ? [field.slice(5)] : [])),
    );
  } catch (error) {
    if (error instanceof Mistake) return [];
    throw error;
  }
}
