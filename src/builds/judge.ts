import type { Frontend } from '../buildkit/dockerfile/frontend.ts';
import { firstMistake, OutsideStage } from '../buildkit/dockerfile/instructions.ts';
import { type Dockerfile, readDockerfile } from '../buildkit/dockerfile/read.ts';
import { Refused } from '../buildkit/dockerfile/refused.ts';
import type { Condition } from '../knowledge/conditions.ts';
import { commandFindings, dockerfileMissing, localMissing, namedContextFindings } from './commands/command.ts';
import { checkFindings } from './dockerfile/check-directive.ts';
import { chooseFrontend } from './dockerfile/choice.ts';
import { entitlementFindings, type Want } from './dockerfile/entitlements.ts';
import { mirrorFindings } from './dockerfile/mirrors.ts';
import { platformFindings } from './dockerfile/platforms.ts';
import { type Stages, sourcesOf, stagesOf } from './dockerfile/stages.ts';
import { walk } from './dockerfile/steps.ts';
import type { Scene } from './dockerfile/versions.ts';
import { contextOf, type Files } from './model/context.ts';
import type { Daemon } from './model/daemon.ts';
import type { Finding } from './model/finding.ts';
import type { BuildRequest } from './model/request.ts';

/** A build to be judged: its Dockerfile, and the command that asks for it where one is known. */
export interface Build {
  readonly dockerfile: { readonly path: string; readonly text: string } | null;
  readonly request: BuildRequest | null;
  readonly daemon: Daemon;
  readonly files: Files | null;
  /** The directory of the context where there is no request; null where it is not known. */
  readonly context: string | null;
}

/** Everything that this build will not do, or not as it is meant. Never throws for what a file says. */
export function judgeBuild(build: Build): readonly Finding[] {
  const { request, daemon, files, dockerfile } = build;
  const ofCommand =
    request === null
      ? []
      : [...commandFindings(request, daemon, files), ...(dockerfile === null ? dockerfileMissing(request, files) : [])];
  if (dockerfile === null) return [...ofCommand, ...entitlementFindings(forcedNetwork(request, true), request, daemon)];
  const choice = chooseFrontend(dockerfile.text, dockerfile.path, request, daemon);
  const scene: Scene = { file: dockerfile.path, choice, daemon, classic: request?.client === 'classic' };
  if (choice.frontend === null)
    return unique([...choice.findings, ...mirrorFindings(scene, null, request), ...ofCommand]);
  const read = readOrNull(dockerfile.path, dockerfile.text);
  if ('finding' in read) return [...choice.findings, read.finding, ...ofCommand];
  const stages = stagesOf(read.dockerfile, request);
  const directory = request === null ? build.context : request.context;
  const context = directory === null || files === null ? null : contextOf(directory, dockerfile.path, files);
  const walked = walk({ scene, stages, request, context, files, ends: [] });
  if (request?.options.has('requestid') === true)
    return unique([
      ...choice.findings,
      ...orderFindings(read.dockerfile, stages, scene),
      ...emptyFindings(stages, read.dockerfile, scene),
      ...walked.findings.filter(({ condition }) => OF_TEXT.includes(condition)),
      ...callFindings(request, choice.frontend),
    ]);
  const wants = [...walked.wants, ...forcedNetwork(request, walked.runs.length > 0)];
  return unique([
    ...choice.findings,
    ...orderFindings(read.dockerfile, stages, scene),
    ...emptyFindings(stages, read.dockerfile, scene),
    ...walked.findings,
    ...(scene.classic
      ? []
      : checkFindings(
          dockerfile.text,
          read.dockerfile,
          stages.stages.filter(({ index }) => stages.reached.has(index)).map(({ instructions }) => instructions),
          scene,
          request,
        )),
    ...(scene.classic ? [] : entitlementFindings(wants, request, daemon)),
    ...(scene.classic ? [] : platformFindings(walked.runs, request, daemon, scene)),
    ...mirrorFindings(scene, stages, request),
    ...targetFindings(stages.target, request),
    ...contextFindings(request, read.dockerfile),
    ...namedContextFindings(request, usedNames(stages)),
    ...ofCommand,
  ]);
}

/** What ends a call of the frontend that builds nothing. */
const OF_TEXT: readonly Condition[] = [
  'dockerfile.parse-error',
  'dockerfile.frontend-too-old',
  'dockerfile.labs-required',
];

/** Calls of the frontend, with the one that first answers them. */
const CALLS: { readonly [id: string]: number } = {
  'frontend.outline': 4,
  'frontend.targets': 4,
  'frontend.lint': 8,
};

/** A call in place of a build that this frontend does not know. */
function callFindings({ options }: BuildRequest, frontend: Frontend): readonly Finding[] {
  const asked = options.get('requestid');
  const since = CALLS[asked?.value ?? ''];
  if (asked === undefined || since === undefined || frontend.minor >= since) return [];
  const { file, line, column, value } = asked;
  return [
    {
      file,
      line,
      column,
      condition: 'build.opt-invalid',
      severity: 'error',
      message: `The frontend answers ${value} from 1.${since} on; this one ends with "unsupported request ${value}".`,
      needs: { frontend: `1.${since}` },
      remedy: ['Write # syntax=docker/dockerfile:1 in the first line, or leave the call out.'],
    },
  ];
}

function readOrNull(path: string, text: string): { readonly dockerfile: Dockerfile } | { readonly finding: Finding } {
  try {
    return { dockerfile: readDockerfile(text) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return {
      finding: {
        file: path,
        line: Math.max(1, error.line),
        column: 1,
        condition: 'dockerfile.parse-error',
        severity: 'error',
        message: `Every release of BuildKit refuses this file: ${error.message}.`,
        needs: {},
        remedy: ['Mend the line.'],
      },
    };
  }
}

/** What stands in front of the first FROM, and may not, or is no instruction. */
function orderFindings(dockerfile: Dockerfile, stages: Stages, scene: Scene): readonly Finding[] {
  const found = firstMistake(dockerfile, { minor: 99, labs: true });
  const first = stages.stages[0]?.from.start ?? Number.POSITIVE_INFINITY;
  if (found === null || found.instruction.start >= first) return [];
  const { instruction, mistake } = found;
  const early = mistake instanceof OutsideStage;
  return [
    {
      file: scene.file,
      line: instruction.start,
      column: 1,
      condition: 'dockerfile.parse-error',
      severity: 'error',
      message: early
        ? `${instruction.command.toUpperCase()} stands in front of the first FROM: the build ends with "no build stage in current context".`
        : `The build ends with "${mistake.message}".`,
      needs: {},
      remedy: [early ? 'Move it behind a FROM; only ARG may stand in front.' : 'Mend the line.'],
    },
  ];
}

/** `force-network-mode=host` makes every step want the network of the host. */
function forcedNetwork(request: BuildRequest | null, runs: boolean): readonly Want[] {
  const asked = request?.options.get('force-network-mode');
  if (asked === undefined || asked.value !== 'host' || !runs) return [];
  return [
    {
      entitlement: 'network.host',
      at: asked,
      by: request?.client === 'buildctl' ? '--opt force-network-mode=host' : '--network=host',
    },
  ];
}

/** A file without any FROM. */
function emptyFindings({ stages }: Stages, { instructions }: Dockerfile, scene: Scene): readonly Finding[] {
  const [first] = instructions;
  if (stages.length > 0 || first === undefined || !/^arg$/i.test(first.command)) return [];
  return [
    {
      file: scene.file,
      line: first.start,
      column: 1,
      condition: 'dockerfile.parse-error',
      severity: 'error',
      message: 'The file has no FROM: the build ends with "dockerfile contains no stages to build".',
      needs: {},
      remedy: ['Begin a stage with FROM.'],
    },
  ];
}

function targetFindings(target: number | null, request: BuildRequest | null): readonly Finding[] {
  const asked = request?.options.get('target');
  if (target !== null || asked === undefined) return [];
  return [
    {
      file: asked.file,
      line: asked.line,
      column: asked.column,
      condition: 'build.target-missing',
      severity: 'error',
      message: `The Dockerfile has no stage ${asked.value}: the build ends with "target stage "${asked.value}" could not be found".`,
      needs: {},
      remedy: ['Name a stage that exists, or leave the target out to build the last one.'],
    },
  ];
}

/** Everything that a built stage starts from or takes files from, by name. */
function usedNames({ stages, reached }: Stages): ReadonlySet<string> {
  return new Set(
    stages
      .filter(({ index }) => reached.has(index))
      .flatMap(({ base, instructions }) => [base.text, ...instructions.flatMap(sourcesOf)]),
  );
}

/** A context that the command does not share, although a step reads it. */
function contextFindings(request: BuildRequest | null, { instructions }: Dockerfile): readonly Finding[] {
  if (request === null || request.client !== 'buildctl' || request.open) return [];
  if (request.locals.has('context') || request.options.has('context') || request.frontend?.value !== 'dockerfile.v0')
    return [];
  const reads = instructions.some(
    ({ command, flags, args }) =>
      /^(?:copy|add)$/i.test(command) &&
      !flags.some((flag) => flag.startsWith('--from=')) &&
      args.slice(0, -1).some((source) => !/^(?:https?:|git@|\d*<<)/.test(source)),
  );
  return reads ? [localMissing(request, 'context', 'the build context')] : [];
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter((found) => {
    const key = JSON.stringify([found.file, found.line, found.condition, found.message]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
