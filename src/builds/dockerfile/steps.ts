import { FEATURES } from '../../buildkit/dockerfile/features.ts';
import { INSTRUCTIONS } from '../../buildkit/dockerfile/instructions.ts';
import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import { isSince } from '../../buildkit/version.ts';
import type { Finding } from '../model/finding.ts';
import { rooted } from '../model/paths.ts';
import { contentsAfter, EMPTY } from './contents.ts';
import { copyFindings, stageGraphFindings } from './copies.ts';
import type { Want } from './entitlements.ts';
import { lackingFindings, ownerOfWorkdir } from './lacking.ts';
import { runFindings } from './mounts.ts';
import { declare, isPredefined, type Known, put, type Stage } from './stages.ts';
import { fromFindings, valueFindings, wordFindings } from './values.ts';
import { atInstruction, featureFindings, flagsOrNone, formFindings, mountFindings } from './versions.ts';
import { finding, idFindings, type State, type Walk } from './walk.ts';

export interface WalkResult {
  readonly findings: readonly Finding[];
  readonly wants: readonly Want[];
  /** Whether a built step runs a program, by the platform of its stage. */
  readonly runs: readonly { readonly instruction: Instruction; readonly platform: Known | null }[];
}

/** Goes through all stages as a build would, instruction by instruction. */
export function walk(at: Walk): WalkResult {
  const findings: Finding[] = at.scene.classic ? [] : [...stageGraphFindings(at)];
  const wants: Want[] = [];
  const runs: { instruction: Instruction; platform: Known | null }[] = [];
  const { ends } = at;
  let strayed = false;
  for (const stage of at.stages.stages) {
    const reached = at.stages.reached.has(stage.index);
    const state = beginning(at, stage);
    ends.push(state);
    findings.push(...formFindings(at.scene, stage.from));
    if (!at.scene.classic) findings.push(...fromFindings(at, stage), ...wordFindings(at, stage.from, stage.expand));
    for (const instruction of stage.instructions) {
      const expand = (text: string): Known =>
        put(
          text,
          at.stages.escape,
          (name) => state.variables.get(name) ?? (state.fromScratch ? ofScratch(name) : ofImage(name)),
        );
      const step = { reached, expand };
      const stray = isUnknown(instruction);
      // What follows the first word that is no instruction is mostly the rest of the same text.
      const form = stray && strayed ? [] : formFindings(at.scene, instruction);
      strayed ||= stray;
      findings.push(...form);
      findings.push(...mountFindings(at.scene, instruction, step), ...featureFindings(at.scene, instruction, step));
      if (reached && form.length === 0) {
        findings.push(...stepFindings(at, stage, instruction, state, expand));
        wants.push(...wantsOf(at, instruction));
        if (instruction.command.toUpperCase() === 'RUN') runs.push({ instruction, platform: stage.platform });
      }
      advance(at, instruction, state, expand);
    }
  }
  return { findings, wants, runs };
}

const ofImage = (name: string): Known | undefined =>
  isPredefined(name) || name === 'PATH' ? { text: '', known: false } : undefined;
const ofScratch = (name: string): Known =>
  name === 'PATH' ? { text: '', known: false } : { text: '', known: true, unset: true };

/** What a stage has before its first instruction. */
function beginning(at: Walk, stage: Stage): State {
  const replaced = at.request?.options.has(`context:${stage.base.text}`) === true;
  const parent = stage.parent === null ? undefined : at.stages.stages[stage.parent];
  const before = stage.parent === null ? undefined : at.ends[stage.parent];
  // Triggers of the parent run here, and are not looked at.
  const triggers = parent?.instructions.some(({ command }) => /^onbuild$/i.test(command)) === true;
  const empty = before === undefined && stage.base.known && stage.base.text === 'scratch';
  const known = !replaced && !triggers;
  const fromScratch = known && (before?.fromScratch ?? empty);
  return {
    variables: new Map(before?.variables ?? []),
    user: before?.user ?? null,
    userAt: before?.userAt ?? null,
    workdir: before === undefined ? (fromScratch ? '/' : null) : before.workdir,
    shell: before === undefined ? '/bin/sh' : before.shell,
    fromScratch,
    contents: known ? (before === undefined ? (empty ? EMPTY : null) : before.contents) : null,
  };
}

const isUnknown = ({ command }: Instruction): boolean => !INSTRUCTIONS.some((name) => name === command.toUpperCase());

function advance(at: Walk, instruction: Instruction, state: State, expand: (text: string) => Known): void {
  const { args } = instruction;
  state.contents = contentsAfter(state.contents, instruction, {
    expand,
    workdir: state.workdir ?? '/',
    context: at.context,
  });
  switch (instruction.command.toUpperCase()) {
    case 'ARG':
      declare(state.variables, instruction, at.stages.escape, at.request, at.stages.globals);
      return;
    case 'ENV': {
      const values = args.flatMap((name, index) =>
        index % 3 === 0 ? [[name, expand(args[index + 1] ?? '')] as const] : [],
      );
      for (const [name, value] of values) state.variables.set(name, value);
      return;
    }
    case 'USER':
      state.user = expand(args[0] ?? '');
      state.userAt = instruction;
      return;
    case 'SHELL':
      state.shell = instruction.json ? (args[0] ?? null) : null;
      return;
    case 'WORKDIR':
      state.workdir = movedTo(state.workdir, expand(args[0] ?? ''));
  }
}

function movedTo(from: State['workdir'], { text, known }: Known): State['workdir'] {
  if (!known) return undefined;
  if (text.startsWith('/')) return rooted('/', text);
  return typeof from === 'string' ? rooted(from, text) : undefined;
}

function wantsOf(at: Walk, instruction: Instruction): readonly Want[] {
  if (instruction.command.toUpperCase() !== 'RUN') return [];
  const given = flagsOrNone(instruction);
  const wants: Want[] = [];
  const place = atInstruction(at.scene, instruction);
  if (given.get('network')?.[0] === 'host')
    wants.push({ entitlement: 'network.host', at: place, by: 'RUN --network=host' });
  if (given.get('security')?.[0] === 'insecure')
    wants.push({ entitlement: 'security.insecure', at: place, by: 'RUN --security=insecure' });
  const { release, host } = at.scene.daemon;
  const registered = isSince(release, FEATURES.device.daemon) ? (host?.cdi ?? null) : null;
  for (const device of given.get('device') ?? []) {
    const name = device.split(',')[0]?.replace(/^name=/, '') ?? '';
    if (registered?.some((known) => known === name || known.startsWith(`${name}=`)) === true)
      wants.push({ entitlement: 'device', at: place, by: `RUN --device=${device}` });
  }
  return wants;
}

function stepFindings(
  at: Walk,
  stage: Stage,
  instruction: Instruction,
  state: State,
  expand: (text: string) => Known,
): readonly Finding[] {
  const command = instruction.command.toUpperCase();
  if (at.scene.classic) return [];
  const { frontend } = at.scene.choice;
  const words = wordFindings(at, instruction, expand);
  if (words.length > 0) return words;
  const values = frontend === null ? [] : valueFindings(at, instruction, frontend, expand);
  if (values.length > 0) return values;
  if (command === 'RUN')
    return [
      ...userFindings(at, state),
      ...runFindings({ at, stage, instruction, state }, expand),
      ...lackingFindings({ at, stage, instruction, state }, expand),
      ...requiredDevices(at, instruction),
      ...shellFindings(at, instruction),
    ];
  if (command === 'COPY' || command === 'ADD') return copyFindings({ at, stage, instruction, state }, expand);
  if (command === 'WORKDIR') return [...userFindings(at, state), ...ownerOfWorkdir(at, instruction, state)];
  return [];
}

/** A user is only looked for where something runs, or is made, as that user. */
const userFindings = (at: Walk, { user, userAt }: State): readonly Finding[] =>
  user === null || userAt === null ? [] : idFindings(at, userAt, user, `USER ${userAt.args[0] ?? ''}`);

/** What a shell surely does not take. */
function shellFindings(at: Walk, instruction: Instruction): readonly Finding[] {
  const [text = ''] = instruction.args;
  if (instruction.args.some((word) => word.includes('\0')))
    return [
      finding(
        at,
        instruction,
        'dockerfile.parse-error',
        'error',
        'There is a NUL in this step, and no program can be given one: the step ends with "invalid argument".',
        ['Remove the NUL, or save the file as UTF-8.'],
      ),
    ];
  if (instruction.heredocs.some(({ content }) => /\r\n/.test(content) && !/^#!/.test(content)))
    return [
      finding(
        at,
        instruction,
        'dockerfile.line-endings',
        'error',
        'The lines of this here-document end with CR LF, and the shell takes the CR for a part of each command.',
        ['Save the Dockerfile with LF alone at the end of its lines.'],
      ),
    ];
  if (instruction.json || !/^\[["'][^\s"']*["']?[,\]]/.test(text) || !/\]\s*$/.test(text)) return [];
  return [
    finding(
      at,
      instruction,
      'dockerfile.parse-error',
      'error',
      `${text} is no JSON array, so that a shell runs it as a command of that name, which does not exist.`,
      ['Write a JSON array: double quotes, and no comma behind the last word.'],
    ),
  ];
}

function requiredDevices(at: Walk, instruction: Instruction): readonly Finding[] {
  const registered = at.scene.daemon.host?.cdi ?? null;
  if (registered === null) return [];
  return (flagsOrNone(instruction).get('device') ?? []).flatMap((device) => {
    const [name = '', ...rest] = device.split(',');
    const bare = name.replace(/^name=/, '');
    if (
      !rest.some((part) => /^required(?:=(?:1|t|true))?$/i.test(part)) ||
      registered.some((known) => known === bare || known.startsWith(`${bare}=`))
    )
      return [];
    return [
      finding(
        at,
        instruction,
        'dockerfile.device-missing',
        'error',
        `RUN --device=${device} requires a device that is not registered: the step ends with 'required device "${bare}" is not registered'.`,
        [`Register ${bare} with a CDI specification in /etc/cdi on the host, or leave out required.`],
      ),
    ];
  });
}
