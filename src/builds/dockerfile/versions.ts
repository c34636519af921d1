import { FEATURES } from '../../buildkit/dockerfile/features.ts';
import { FLAGS, givenFlags, reads, UnknownFlag } from '../../buildkit/dockerfile/flags.ts';
import { type Frontend, knows, NEWEST_FRONTEND, type Since, sinceText } from '../../buildkit/dockerfile/frontend.ts';
import { mistakeOf } from '../../buildkit/dockerfile/instructions.ts';
import { MOUNT_KEYS, readMount, UnknownMountKey } from '../../buildkit/dockerfile/mount.ts';
import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import { Mistake } from '../../buildkit/dockerfile/refused.ts';
import { isSince, type Release, releaseText } from '../../buildkit/version.ts';
import { type Daemon, engineWith } from '../model/daemon.ts';
import type { Finding, Needs } from '../model/finding.ts';
import type { Choice } from './choice.ts';

/** What surrounds the judgement of one instruction. */
export interface Scene {
  readonly file: string;
  readonly choice: Choice;
  readonly daemon: Daemon;
  readonly classic: boolean;
}

const LABS: Frontend = { ...NEWEST_FRONTEND, labs: true };

export const atInstruction = (scene: Scene, { start }: Instruction) => ({ file: scene.file, line: start, column: 1 });

/** A feature that a frontend is too old for, with what has it. */
export function tooOld(scene: Scene, instruction: Instruction, what: string, since: Since): Finding {
  const { choice, daemon } = scene;
  const wanted = sinceText(since);
  if (scene.classic) return classicBuilder(scene, instruction, what);
  const labsOnly = since.stable === null;
  const release: Release | null = since.stable === null ? null : [0, since.stable + 6, 0];
  const engine = daemon.engine === null || release === null ? null : engineWith(release);
  const needs: Needs = {
    frontend: wanted,
    ...(release === null || choice.named ? {} : { buildkit: releaseText(release) }),
    ...(engine === null ? {} : { engine }),
  };
  const line = labsOnly ? '# syntax=docker/dockerfile:1-labs' : '# syntax=docker/dockerfile:1';
  const newer =
    engine !== null
      ? `use Docker Engine ${engine} or later`
      : `use buildkitd ${release === null ? '' : releaseText(release)} or later`;
  return {
    ...atInstruction(scene, instruction),
    condition:
      labsOnly && choice.frontend !== null && choice.frontend.minor >= (since.labs ?? 0)
        ? 'dockerfile.labs-required'
        : 'dockerfile.frontend-too-old',
    severity: 'error',
    message: `${what} needs the Dockerfile frontend ${wanted} or later; this file is read by ${choice.shown}.`,
    needs,
    remedy: [
      choice.named
        ? `Write ${line} in the first line: the frontend that it names now is older than what the file uses.`
        : `Write ${line} in the first line${release === null ? '' : `, or ${newer}`}.`,
    ],
  };
}

/** A feature that needs BuildKit, asked of the builder before it. */
export function classicBuilder(scene: Scene, instruction: Instruction, what: string): Finding {
  return {
    ...atInstruction(scene, instruction),
    condition: 'build.classic-builder',
    severity: 'error',
    message: `${what} needs BuildKit; this command builds with Docker's builder before BuildKit.`,
    needs: { flag: 'DOCKER_BUILDKIT=1' },
    remedy: ['Set DOCKER_BUILDKIT=1, or install the buildx plugin and build with docker buildx build.'],
  };
}

/** A feature that the daemon itself has to know, whatever frontend reads the file. */
export function daemonTooOld(
  scene: Scene,
  instruction: Instruction,
  what: string,
  since: Release,
  silently: string | null,
): Finding {
  return {
    ...atInstruction(scene, instruction),
    condition: silently === null ? 'dockerfile.daemon-too-old' : 'dockerfile.silently-ignored',
    severity: silently === null ? 'error' : 'warning',
    message:
      silently === null
        ? `${what} needs buildkitd ${releaseText(since)} or later, whatever frontend reads the file; this is ${releaseText(scene.daemon.release)}.`
        : `${what} needs buildkitd ${releaseText(since)} or later: ${releaseText(scene.daemon.release)} ${silently}.`,
    needs: { buildkit: releaseText(since) },
    remedy: [`Use buildkitd ${releaseText(since)} or later.`],
  };
}

function refused(
  scene: Scene,
  instruction: Instruction,
  mistake: Mistake,
  inMount: boolean,
  severity: Finding['severity'] = 'error',
): Finding {
  return {
    ...atInstruction(scene, instruction),
    condition: inMount ? 'dockerfile.invalid-option' : 'dockerfile.parse-error',
    severity,
    message: `${instruction.command.toUpperCase()} is refused by every release of BuildKit: ${mistake.message}.`,
    needs: {},
    remedy: [
      severity === 'warning'
        ? 'Mend the instruction: its stage is not built now, and fails where it is.'
        : 'Mend the instruction.',
    ],
  };
}

/** Flags and forms that this frontend, or any, does not take: they count in every stage. */
export function formFindings(scene: Scene, instruction: Instruction): readonly Finding[] {
  const findings: Finding[] = [];
  const newest = mistakeOf(instruction, LABS);
  const shown = instruction.trigger ?? instruction;
  if (newest !== null) return [refused(scene, instruction, newest, false)];
  const { frontend } = scene.choice;
  if (frontend === null) return findings;
  for (const flag of flagNames(shown)) {
    const row = FLAGS.find((entry) => entry.instruction === shown.command.toUpperCase() && entry.flag === flag);
    // What stands behind ONBUILD is read where the image is used.
    if (row === undefined || instruction.trigger !== null || reads(frontend, row)) continue;
    findings.push(tooOld(scene, instruction, `${row.instruction} --${flag}`, row));
  }
  const mistake = findings.length > 0 ? null : mistakeOf(instruction, frontend);
  if (mistake !== null && !(mistake instanceof UnknownFlag)) findings.push(refused(scene, instruction, mistake, false));
  return findings;
}

const flagNames = ({ flags }: Instruction): readonly string[] => [
  ...new Set(flags.map((flag) => flag.replace(/^--/, '').replace(/=.*$/s, ''))),
];

export interface StepContext {
  readonly reached: boolean;
  readonly expand: (text: string) => { readonly text: string; readonly known: boolean };
}

/** Options of mounts: they count only where the stage is built. */
export function mountFindings(
  scene: Scene,
  instruction: Instruction,
  { reached, expand }: StepContext,
): readonly Finding[] {
  const { frontend } = scene.choice;
  if (frontend === null || instruction.command.toUpperCase() !== 'RUN') return [];
  const mounts = flagsOrNone(instruction).get('mount') ?? [];
  return mounts.flatMap((text) => {
    let known = true;
    const value = (written: string): string => {
      const result = expand(written);
      known &&= result.known;
      return result.text;
    };
    const newest = mistakeIn(() => readMount(text, LABS, value));
    const severity = reached ? 'error' : 'warning';
    if (newest !== null) return known ? [refused(scene, instruction, newest, true, severity)] : [];
    const mistake = mistakeIn(() => readMount(text, frontend, value));
    const since = mistake instanceof UnknownMountKey ? MOUNT_KEYS[mistake.key] : undefined;
    if (mistake === null || !reached || since === undefined) return [];
    const key = mistake instanceof UnknownMountKey ? mistake.key : '';
    return [tooOld(scene, instruction, `${key}= of RUN --mount`, since)];
  });
}

export function flagsOrNone(instruction: Instruction): ReadonlyMap<string, readonly string[]> {
  try {
    return givenFlags(instruction.command.toUpperCase(), instruction.flags, LABS);
  } catch (error) {
    if (error instanceof Mistake) return new Map();
    throw error;
  }
}

function mistakeIn(read: () => unknown): Mistake | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof Mistake) return error;
    throw error;
  }
}

/** What a frontend or a daemon must know besides flags. */
export function featureFindings(scene: Scene, instruction: Instruction, step: StepContext): readonly Finding[] {
  const { frontend } = scene.choice;
  if (frontend === null) return [];
  const command = instruction.command.toUpperCase();
  const shown = instruction.trigger ?? instruction;
  const findings: Finding[] = [];
  if (instruction.heredocs.length > 0) {
    const blank = /<<-?[ \t]/.test(instruction.original) && !/<<-?[^ \t<=]/.test(instruction.original);
    if (!knows(frontend, FEATURES.heredoc))
      findings.push(
        tooOld(
          scene,
          instruction,
          `The here-document of ${shown.command.toUpperCase()}`,
          blank ? FEATURES.blankHeredoc : FEATURES.heredoc,
        ),
      );
    else if (blank && !knows(frontend, FEATURES.blankHeredoc))
      findings.push(tooOld(scene, instruction, 'A here-document with a blank behind <<', FEATURES.blankHeredoc));
  }
  if (command === 'ADD' || command === 'COPY') findings.push(...copyFeatures(scene, instruction, frontend, step));
  if (command === 'RUN') findings.push(...deviceFeatures(scene, instruction, frontend, step));
  return findings;
}

function copyFeatures(
  scene: Scene,
  instruction: Instruction,
  frontend: Frontend,
  { expand, reached }: StepContext,
): readonly Finding[] {
  const findings: Finding[] = [];
  const command = instruction.command.toUpperCase();
  const given = flagsOrNone(instruction);
  const mode = given.get('chmod')?.[0];
  if (mode !== undefined && !scene.classic && reached)
    findings.push(...chmodFeatures(scene, instruction, frontend, mode, expand(mode)));
  const sources = instruction.args.slice(0, -1);
  const remote = sources.map((source) => kindOfSource(source));
  if (command === 'COPY' && remote.some((kind) => kind !== 'local') && reached && !given.has('from'))
    findings.push(refused(scene, instruction, new Mistake("source can't be a URL for COPY"), false));
  if (command !== 'ADD') return findings;
  const git = remote.includes('git');
  if (git && !scene.classic && !knows(frontend, FEATURES.addGit)) {
    const silent = frontend.minor <= 4 && !sources.some((source) => source.startsWith('git@'));
    const found = tooOld(scene, instruction, 'ADD of a git repository', FEATURES.addGit);
    findings.push(
      silent
        ? {
            ...found,
            condition: 'dockerfile.silently-ignored',
            severity: 'warning',
            message: `${found.message} It downloads the address as a file.`,
          }
        : found,
    );
  }
  const checksum = given.has('checksum');
  const row = FLAGS.find(({ instruction: of, flag }) => of === 'ADD' && flag === 'checksum');
  if (checksum && row !== undefined && reads(frontend, row) && !knows(frontend, row) && reached)
    findings.push(tooOld(scene, instruction, 'ADD --checksum', row));
  else if (checksum && remote.every((kind) => kind === 'local') && reached && sources.length > 0)
    findings.push(refused(scene, instruction, new Mistake('checksum requires HTTP(S) or Git sources'), false));
  if (
    checksum &&
    git &&
    knows(frontend, FEATURES.gitChecksum) &&
    !isSince(scene.daemon.release, FEATURES.gitChecksum.daemon) &&
    reached
  )
    findings.push(
      daemonTooOld(scene, instruction, 'ADD --checksum of a git repository', FEATURES.gitChecksum.daemon, null),
    );
  if (checksum && git && !knows(frontend, FEATURES.gitChecksum) && knows(frontend, FEATURES.addGit))
    findings.push(tooOld(scene, instruction, 'ADD --checksum of a git repository', FEATURES.gitChecksum));
  if (
    git &&
    sources.some((source) => /\?/.test(source)) &&
    !knows(frontend, FEATURES.gitQuery) &&
    knows(frontend, FEATURES.addGit)
  )
    findings.push(tooOld(scene, instruction, 'A query in the address of a git repository', FEATURES.gitQuery));
  return findings;
}

/** What ADD takes for an address. */
export function kindOfSource(source: string): 'local' | 'http' | 'git' {
  if (/^git@|^git:\/\/|^ssh:\/\//.test(source)) return 'git';
  if (!/^https?:\/\//i.test(source)) return /^github\.com\/./.test(source) ? 'git' : 'local';
  return source.split(/[#?]/, 1)[0]?.endsWith('.git') === true ? 'git' : 'http';
}

function chmodFeatures(
  scene: Scene,
  instruction: Instruction,
  frontend: Frontend,
  written: string,
  { text, known }: { readonly text: string; readonly known: boolean },
): readonly Finding[] {
  const command = `${instruction.command.toUpperCase()} --chmod=${written}`;
  if (/\$/.test(written) && !knows(frontend, FEATURES.chmodVariable))
    return [
      {
        ...tooOld(scene, instruction, 'A variable in --chmod', FEATURES.chmodVariable),
        condition: 'dockerfile.silently-ignored',
        severity: 'warning',
        message: `${command} is silently ignored by ${scene.choice.shown}: variables in --chmod are read from frontend 1.10 on.`,
      },
    ];
  if (!known || text === '' || /^0*[0-7]{1,4}$/.test(text)) return [];
  if (
    !/^[ugoa]*[-+=][rwxXstugo]*(?:[-+=][rwxXstugo]*)*(?:,[ugoa]*[-+=][rwxXstugo]*(?:[-+=][rwxXstugo]*)*)*$/.test(text)
  )
    return [invalidMode(scene, instruction, frontend, command)];
  if (!knows(frontend, FEATURES.chmodVariable))
    return [
      {
        ...tooOld(scene, instruction, 'A symbolic mode', FEATURES.symbolicChmod),
        condition: 'dockerfile.silently-ignored',
        severity: 'warning',
        message: `${command} is silently ignored by ${scene.choice.shown}: the files keep their mode. Symbolic modes are read from frontend 1.14 on.`,
        remedy: ['Write the mode as an octal number, such as --chmod=755.'],
      },
    ];
  if (!knows(frontend, FEATURES.symbolicChmod))
    return [
      {
        ...tooOld(scene, instruction, `The symbolic mode of ${command}`, FEATURES.symbolicChmod),
        remedy: ['Write the mode as an octal number, such as --chmod=755.'],
      },
    ];
  if (isSince(scene.daemon.release, FEATURES.symbolicChmod.daemon)) return [];
  return [
    daemonTooOld(
      scene,
      instruction,
      `The symbolic mode of ${command}`,
      FEATURES.symbolicChmod.daemon,
      'silently ignores it, and the files keep their mode',
    ),
  ];
}

/** Neither an octal number nor a symbolic mode. */
function invalidMode(scene: Scene, instruction: Instruction, frontend: Frontend, command: string): Finding {
  const ignored = !knows(frontend, FEATURES.chmodVariable);
  return {
    ...atInstruction(scene, instruction),
    condition: ignored ? 'dockerfile.silently-ignored' : 'dockerfile.invalid-option',
    severity: ignored ? 'warning' : 'error',
    message: ignored
      ? `${command} is no mode, and is silently ignored by ${scene.choice.shown}.`
      : `${command} is no mode: the build ends with "invalid chmod parameter".`,
    needs: {},
    remedy: ['Write the mode as an octal number, such as --chmod=755.'],
  };
}

function deviceFeatures(
  scene: Scene,
  instruction: Instruction,
  frontend: Frontend,
  { reached }: StepContext,
): readonly Finding[] {
  if (!reached || !flagsOrNone(instruction).has('device') || frontend.minor < 14) return [];
  if (!frontend.labs) return [tooOld(scene, instruction, 'RUN --device', FEATURES.device)];
  if (isSince(scene.daemon.release, FEATURES.device.daemon)) return [];
  return [
    daemonTooOld(scene, instruction, 'RUN --device', FEATURES.device.daemon, 'silently gives the step no device'),
  ];
}
