import { NEWEST_FRONTEND } from '../buildkit/dockerfile/frontend.ts';
import { INSTRUCTIONS } from '../buildkit/dockerfile/instructions.ts';
import { type Mount, readMount } from '../buildkit/dockerfile/mount.ts';
import { heredocWord, type Instruction, NEWEST } from '../buildkit/dockerfile/read.ts';
import { Mistake } from '../buildkit/dockerfile/refused.ts';
import { BadWord } from '../buildkit/dockerfile/shell-words.ts';
import type { Context } from './context.ts';
import type { Want } from './entitlements.ts';
import type { Finding } from './finding.ts';
import type { BuildRequest } from './request.ts';
import { type Secret, secretsOf } from './secrets.ts';
import { declare, isPredefined, type Known, put, type Stage, type Stages, sourcesOf, stageNamed } from './stages.ts';
import {
  atInstruction,
  featureFindings,
  flagsOrNone,
  formFindings,
  kindOfSource,
  mountFindings,
  type Scene,
} from './versions.ts';

/** What a stage has come to at an instruction. */
interface State {
  readonly variables: Map<string, Known>;
  user: Known | null;
}

export interface Walk {
  readonly scene: Scene;
  readonly stages: Stages;
  readonly request: BuildRequest | null;
  readonly context: Context | null;
}

export interface WalkResult {
  readonly findings: readonly Finding[];
  readonly wants: readonly Want[];
  /** Whether a built step runs a program, by the platform of its stage. */
  readonly runs: readonly { readonly instruction: Instruction; readonly platform: Known | null }[];
}

/** Goes through all stages as a build would, instruction by instruction. */
export function walk(at: Walk): WalkResult {
  const findings: Finding[] = [];
  const wants: Want[] = [];
  const runs: { instruction: Instruction; platform: Known | null }[] = [];
  const ends: State[] = [];
  let strayed = false;
  for (const stage of at.stages.stages) {
    const reached = at.stages.reached.has(stage.index);
    const parent = stage.parent === null ? undefined : ends[stage.parent];
    const state: State = { variables: new Map(parent?.variables ?? []), user: parent?.user ?? null };
    ends.push(state);
    findings.push(...formFindings(at.scene, stage.from), ...stageFindings(at, stage));
    for (const instruction of stage.instructions) {
      const expand = (text: string): Known =>
        put(
          text,
          at.stages.escape,
          (name) => state.variables.get(name) ?? (isPredefined(name) ? { text: '', known: false } : undefined),
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

const isUnknown = ({ command }: Instruction): boolean => !INSTRUCTIONS.some((name) => name === command.toUpperCase());

function advance(at: Walk, instruction: Instruction, state: State, expand: (text: string) => Known): void {
  const { args } = instruction;
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
  }
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
  const registered = at.scene.daemon.host?.cdi ?? null;
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
  if (command === 'RUN')
    return [...runFindings(at, stage, instruction, state, expand), ...requiredDevices(at, instruction)];
  if (command === 'COPY' || command === 'ADD') return copyFindings(at, stage, instruction, expand);
  if (command === 'USER')
    return idFindings(at, instruction, expand(instruction.args[0] ?? ''), `USER ${instruction.args[0] ?? ''}`);
  return [];
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

function finding(
  at: Walk,
  instruction: Instruction,
  condition: Finding['condition'],
  severity: Finding['severity'],
  message: string,
  remedy: readonly string[],
  needs: Finding['needs'] = {},
): Finding {
  return { ...atInstruction(at.scene, instruction), condition, severity, message, needs, remedy };
}

function runFindings(
  at: Walk,
  stage: Stage,
  instruction: Instruction,
  state: State,
  expand: (text: string) => Known,
): readonly Finding[] {
  const secrets = at.request === null ? null : secretsOf(at.request);
  return (flagsOrNone(instruction).get('mount') ?? []).flatMap((text) => {
    let known = true;
    const mount = mountOrNone(text, (written) => {
      const result = expand(written);
      known &&= result.known;
      return result.text;
    });
    if (mount === null || !known) return [];
    switch (mount.type) {
      case 'secret':
        return secretMount(at, instruction, mount, secrets, state.user);
      case 'ssh':
        return sshMount(at, instruction, mount);
      case 'bind':
        return bindMount(at, stage, instruction, mount);
      case 'cache':
        return cacheMount(at, instruction, mount, state.user);
      case 'tmpfs':
        break;
    }
    return [];
  });
}

function mountOrNone(text: string, expand: (written: string) => string): Mount | null {
  try {
    return readMount(text, { ...NEWEST_FRONTEND, labs: true }, expand);
  } catch (error) {
    if (error instanceof Mistake) return null;
    throw error;
  }
}

/** Whether a user is surely another one than root. */
function isOther(user: Known | null): boolean {
  return user?.known === true && user.text !== '' && !/^(?:root|0)(?::|$)/.test(user.text);
}

/** The words of a step that a shell runs. */
const commandText = (instruction: Instruction): string =>
  [...instruction.args, ...instruction.heredocs.map(({ content }) => content)].join(' ');

function secretMount(
  at: Walk,
  instruction: Instruction,
  mount: Mount,
  secrets: readonly Secret[] | null,
  user: Known | null,
): readonly Finding[] {
  const id = mount.id || mount.source || mount.target.replace(/^.*\//, '');
  const path = mount.target || (mount.env === null ? `/run/secrets/${id}` : '');
  const given = secrets?.some((secret) => secret.id === id || secret.id === null) ?? true;
  const reads = path !== '' && commandText(instruction).includes(path);
  const flag = `--secret id=${id}`;
  if (!given && at.request !== null && !at.request.open) {
    const fails = mount.required || reads;
    return [
      finding(
        at,
        instruction,
        'build.secret-missing',
        fails ? 'error' : 'warning',
        mount.required
          ? `The step requires the secret ${id}, and the command does not give it: the build ends with "secret ${id}: not found".`
          : `The command does not give the secret ${id}: the step silently runs without ${path === '' ? `the variable ${mount.env}` : path}.`,
        [`Add ${flag},src=FILE to the command.`],
        { flag },
      ),
    ];
  }
  if (isOther(user) && mount.uid === null && (mount.mode ?? 0o400) % 8 < 4 && mount.env === null && path !== '')
    return [
      finding(
        at,
        instruction,
        'dockerfile.secret-owner',
        reads ? 'error' : 'warning',
        `${path} belongs to root with mode 0400, and the step runs as ${user?.text}: it cannot read the secret.`,
        [`Add uid= of that user, or mode=0444, to the mount; or env=NAME, to get the secret as a variable.`],
      ),
    ];
  return [];
}

function sshMount(at: Walk, instruction: Instruction, mount: Mount): readonly Finding[] {
  const { request } = at;
  if (request === null || request.open) return [];
  const id = mount.id || 'default';
  if (request.ssh.some(({ value, known }) => !known || (value.replace(/[=,].*$/s, '') || 'default') === id)) return [];
  const flag = `--ssh ${id}`;
  return [
    finding(
      at,
      instruction,
      'build.ssh-missing',
      mount.required ? 'error' : 'warning',
      mount.required
        ? `The step requires SSH keys, and the command does not forward them: the build ends with 'no SSH key "${mount.id}" forwarded from the client'.`
        : 'The command does not forward SSH keys: the step silently runs without an agent.',
      [`Add ${flag} to the command.`],
      { flag },
    ),
  ];
}

function cacheMount(at: Walk, instruction: Instruction, mount: Mount, user: Known | null): readonly Finding[] {
  if (mount.target === '')
    return [
      finding(
        at,
        instruction,
        'dockerfile.invalid-option',
        'error',
        'A cache mount without target= ends with \'invalid mount target "/"\'.',
        ['Add target=DIRECTORY to the mount.'],
      ),
    ];
  if (!isOther(user) || mount.uid !== null || mount.from !== '' || (mount.mode ?? 0o755) % 8 >= 6)
    return idsOfMount(at, instruction, mount);
  return [
    finding(
      at,
      instruction,
      'dockerfile.cache-owner',
      'warning',
      `A new cache at ${mount.target} belongs to root with mode 0755, whatever was there in the image, and the step runs as ${user?.text}: it cannot write there.`,
      ['Add uid= and gid= of that user to the mount.'],
    ),
  ];
}

function idsOfMount(at: Walk, instruction: Instruction, mount: Mount): readonly Finding[] {
  const id = Math.max(mount.uid ?? 0, mount.gid ?? 0);
  return idFindings(at, instruction, { text: String(id), known: true }, `The mount at ${mount.target}`);
}

function bindMount(at: Walk, stage: Stage, instruction: Instruction, mount: Mount): readonly Finding[] {
  if (mount.from !== '') return sourceStage(at, stage, instruction, mount.from, 'RUN --mount');
  if (mount.source === '' || mount.source === '/' || at.request?.client === 'classic') return [];
  const there = at.context?.has(mount.source);
  const absolute = mount.source.startsWith('/');
  const hostPath = absolute && /^\/(?:var\/run|run|dev|proc|sys|etc|home|root|tmp|mnt|usr|var)\b/.test(mount.source);
  if (there === true || (there === undefined && !hostPath)) return [];
  if (there === undefined && at.context !== null) return [];
  if (absolute)
    return [
      finding(
        at,
        instruction,
        'dockerfile.host-path-mount',
        'error',
        `source=${mount.source} means a path in the build context, never one of the host: the build ends with '"${mount.source}": not found'.`,
        [
          /docker\.sock$/.test(mount.source)
            ? 'A build cannot reach the Docker socket of the host. Run what needs it after the build, in a container with the socket mounted.'
            : `Copy what is needed into the context, or give its directory as --local NAME=DIRECTORY with --opt context:NAME=local:NAME, and mount it with from=NAME.`,
        ],
      ),
    ];
  return [contextMissing(at, instruction, mount.source)];
}

function contextMissing(at: Walk, instruction: Instruction, source: string): Finding {
  return finding(
    at,
    instruction,
    'build.context-file-missing',
    'error',
    `${source} is not in the build context${at.context === null ? '' : ` (${at.context.directory})`}, or its .dockerignore leaves it out: the build ends with '"/${source.replace(/^\.?\//, '')}": not found'.`,
    [
      `Put ${source} into the context, mend the path, or take it back in .dockerignore with a line !${source.replace(/^\.?\//, '')}.`,
    ],
  );
}

function copyFindings(
  at: Walk,
  stage: Stage,
  instruction: Instruction,
  expand: (text: string) => Known,
): readonly Finding[] {
  const given = flagsOrNone(instruction);
  const owner = given.get('chown')?.[0];
  const findings: Finding[] =
    owner === undefined ? [] : [...idFindings(at, instruction, expand(owner), `--chown=${owner}`)];
  const [from] = sourcesOf(instruction);
  if (from !== undefined) return [...findings, ...sourceStage(at, stage, instruction, from, 'COPY --from')];
  if (at.context === null) return findings;
  for (const source of instruction.args.slice(0, -1)) {
    if (isHeredoc(source) || kindOfSource(source) !== 'local') continue;
    const { text, known } = instruction.json ? { text: source, known: true } : expand(source);
    if (known && at.context.has(text) === false) findings.push(contextMissing(at, instruction, text));
  }
  const git =
    instruction.command.toUpperCase() === 'ADD' && instruction.args.some((source) => /^git@|^ssh:\/\//.test(source));
  if (git && at.request !== null && !at.request.open && at.request.ssh.length === 0)
    findings.push(
      finding(
        at,
        instruction,
        'build.ssh-missing',
        'error',
        'ADD of a repository over SSH needs the keys of the client, and the command does not forward them.',
        ['Add --ssh default to the command.'],
        {
          flag: '--ssh default',
        },
      ),
    );
  return findings;
}

function isHeredoc(word: string): boolean {
  try {
    return heredocWord(word, NEWEST) !== null;
  } catch (error) {
    if (error instanceof BadWord) return false;
    throw error;
  }
}

/** A name to take files from that is no stage yet, though one of that name follows. */
function sourceStage(at: Walk, stage: Stage, instruction: Instruction, from: string, by: string): readonly Finding[] {
  const before = stageNamed(at.stages.stages.slice(0, stage.index), from);
  if (before !== null || at.request?.options.has(`context:${from}`) === true) return [];
  const later = at.stages.stages.find(({ name, index }) => index >= stage.index && name === from.toLowerCase());
  const { frontend } = at.scene.choice;
  if (later === undefined || frontend === null) return [];
  if (frontend.minor < 7)
    return [
      finding(
        at,
        instruction,
        'dockerfile.stage-order',
        'error',
        `${by}=${from} stands before the stage ${from}, so that ${from} is taken for an image.`,
        [`Move the stage ${from} in front of this one.`],
      ),
    ];
  return [
    finding(
      at,
      instruction,
      'dockerfile.stage-order',
      'error',
      `${by}=${from} names a stage that stands behind it: the build ends with "stage needs to be defined before current command".`,
      [`Move the stage ${from} in front of this one.`],
    ),
  ];
}

function stageFindings(at: Walk, stage: Stage): readonly Finding[] {
  if (!at.stages.reached.has(stage.index) || at.scene.classic) return [];
  const platform = stage.platform;
  const { frontend } = at.scene.choice;
  if (platform === null || !platform.known || platform.text !== '' || frontend === null || frontend.minor < 8)
    return [];
  return [
    finding(
      at,
      stage.from,
      'dockerfile.parse-error',
      'error',
      'The platform of FROM is empty: the build ends with "empty platform value".',
      ['Give the variable of --platform a default with ARG in front of the first FROM.'],
    ),
  ];
}

/** Ids that a rootless daemon has no subordinate id for. */
function idFindings(at: Walk, instruction: Instruction, owner: Known, by: string): readonly Finding[] {
  const { mode, host } = at.scene.daemon;
  if (mode !== 'rootless' || !owner.known) return [];
  const ids = owner.text
    .split(':')
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
  const have = host?.subids ?? 65536;
  const highest = Math.max(-1, ...ids);
  if (highest <= have) return [];
  return [
    finding(
      at,
      instruction,
      'idmap.subid-too-few',
      host === null ? 'warning' : 'error',
      `${by} needs the id ${highest}, and a rootless buildkitd with ${have} subordinate ids has the ids 0 to ${have}: the build ends with "invalid argument".`,
      [
        `Use an id below ${have}, or give the account running buildkitd at least ${highest} subordinate ids in /etc/subuid and /etc/subgid.`,
      ],
    ),
  ];
}
