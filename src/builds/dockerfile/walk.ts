import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import type { Context, Files } from '../model/context.ts';
import type { Finding } from '../model/finding.ts';
import type { BuildRequest } from '../model/request.ts';
import type { Contents } from './contents.ts';
import type { Known, Stage, Stages } from './stages.ts';
import { atInstruction, type Scene } from './versions.ts';

/** Everything that a step is judged by. */
export interface Walk {
  readonly scene: Scene;
  readonly stages: Stages;
  readonly request: BuildRequest | null;
  readonly context: Context | null;
  /** What the command names. */
  readonly files: Files | null;
  /** What the stages in front come to, by index. */
  readonly ends: State[];
}

/** What a stage has come to at an instruction. */
export interface State {
  readonly variables: Map<string, Known>;
  user: Known | null;
  /** Null where it is the base image's own, undefined where it cannot be told. */
  workdir: string | null | undefined;
  /** The instruction that chose the user; null where the image did. */
  userAt: Instruction | null;
  /** What runs a step in shell form; null where it cannot be told. */
  shell: string | null;
  /** Whether it all began with an empty image, which has no variables of its own. */
  readonly fromScratch: boolean;
  /** Null where anything may be in the image. */
  contents: Contents | null;
}

/** An instruction of a built stage with what the stage has come to. */
export interface Step {
  readonly at: Walk;
  readonly stage: Stage;
  readonly instruction: Instruction;
  readonly state: State;
}

/** What is found at an instruction. */
export function finding(
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

/** Ids that a rootless daemon has no subordinate id for. */
export function idFindings(at: Walk, instruction: Instruction, owner: Known, by: string): readonly Finding[] {
  const { mode, host } = at.scene.daemon;
  if (mode !== 'rootless' || !owner.known) return [];
  const ids = owner.text
    .split(':')
    .filter((part) => /^\d+$/.test(part))
    .map(Number)
    // What is no number of 32 bits is looked for as a name.
    .filter((id) => id <= 2_147_483_647);
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

/** A source that is not in the context. */
export function contextMissing(at: Walk, instruction: Instruction, source: string): Finding {
  return finding(
    at,
    instruction,
    'build.context-file-missing',
    'error',
    `${source} is not in the build context${at.context === null ? '' : ` (${at.context.directory})`}, or its .dockerignore leaves it out: the build ends with '"/${source.replace(/^\.?\//, '')}": not found'.`,
    [
      `Put ${source} into the context, mend the path, or except it in .dockerignore with a line !${source.replace(/^\.?\//, '')}.`,
    ],
  );
}
