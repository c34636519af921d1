import type { Allowed, ProbeName, Probes, Ran, ReadOnlyTool, Survey } from '../model/look.ts';
import { Unanswered, Unseen } from '../model/unseen.ts';
import { seconds } from '../text/seconds.ts';
import { heldLooker, holding } from './looks/held.ts';
import { type LookVerb, looker, shellWord } from './looks/looker.ts';
import { findTool, refuseUntrusted, runProgram, SYSTEM_PATH } from './looks/run-tool.ts';
import { surveyArguments, surveyReader } from './looks/survey.ts';
import type { Waiting } from './looks/waiting.ts';
import { probeBolt } from './probes/bolt.ts';
import { probeContainerd } from './probes/containerd.ts';
import { probeDtype, probeLock, probeWrite } from './probes/files.ts';
import { limitOfNamespace, probeNamespace } from './probes/namespace.ts';
import { probeBind, probeConnect } from './probes/net.ts';
import { probeKeypair, probePem } from './probes/pem.ts';
import { probeProgram } from './probes/program.ts';
import { probeSnapshots } from './probes/snapshots.ts';

const TOOL_MS = 5000;
const SURVEY_MS = 300_000;
/** Probes other than the namespaces' are looks of a kind. */
const PROBE_MS = 2000;

/** So many times its limit a program may take that is seen to get on. */
export const WHILE_MOVING = 4;

/** What a call may take that was begun and does not get on, in milliseconds; a look is made at once. */
export function limitOf(call: Call): number {
  switch (call.verb) {
    case 'run':
      return TOOL_MS;
    case 'survey':
      return SURVEY_MS;
    case 'probe':
      return call.args[0] === 'namespace' ? limitOfNamespace(call.args[1] as Probes['namespace']['input']) : PROBE_MS;
    default:
      return 0;
  }
}

export interface RunRequest {
  readonly tool: ReadOnlyTool;
  readonly args: readonly string[];
  readonly path: string;
  readonly env: { readonly [name: string]: string };
}

/** Runs a read-only tool found in a PATH; null when it is not there. */
async function runTool({ tool, args, path, env }: RunRequest, waiting: Waiting): Promise<Ran | null> {
  const found = findTool(tool, path);
  if (found === null) return null;
  refuseUntrusted(found);
  const began = performance.now();
  const ran = await runProgram(found, args, { env: { ...env, PATH: path, LC_ALL: 'C' }, ...waiting });
  if (!ran.timedOut) return ran;
  const tookMs = performance.now() - began;
  const command = [found, ...args].map(shellWord).join(' ');
  throw new Unanswered(`${command} did not answer within ${seconds(tookMs)}`, command);
}

/** What find names below one name of a directory, by another name of it. */
const nameBelow = (path: string, at: string, tree: string): string =>
  path === at ? tree : path.startsWith(at) ? `${tree}/${path.slice(at.length)}` : path;

/** Ownership of a tree by a find(1) child that prints only what is foreign. */
export async function survey(
  tree: string,
  allowed: Allowed,
  waiting: Waiting = { timeoutMs: SURVEY_MS },
  at = tree,
): Promise<Survey> {
  const find = findTool('find', SYSTEM_PATH);
  if (find === null) throw new Unseen('find (findutils) is missing, so the ownership of the cache was not looked at');
  const reader = surveyReader({ named: (path) => (at === tree ? path : nameBelow(path, at, tree)) });
  const began = performance.now();
  const ran = await runProgram(find, surveyArguments(at, allowed), {
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
    ...waiting,
    onStdout: reader.take,
  });
  if (ran.timedOut)
    throw new Unanswered(
      `${tree} was not looked through within ${seconds(performance.now() - began)}`,
      `sudo find ${shellWord(tree)} -xdev -user root`,
    );
  if (ran.code !== 0 && /unrecognized|unknown predicate|invalid/i.test(ran.stderr))
    throw new Unseen('find here is not GNU find (findutils), so the ownership of the cache was not looked at');
  return reader.finish(ran.stderr);
}

type ProbeTable = {
  readonly [N in ProbeName]: (
    input: Probes[N]['input'],
    environment: { readonly [name: string]: string },
    waiting: Required<Waiting>,
  ) => Promise<Probes[N]['answer']>;
};

const probes: ProbeTable = {
  namespace: probeNamespace,
  bind: ({ addresses }) => probeBind(addresses),
  connect: ({ path }, _environment, { timeoutMs }) => probeConnect(path, timeoutMs),
  containerd: (input, _environment, { timeoutMs }) => probeContainerd(input, timeoutMs),
  write: async (input) => probeWrite(input),
  lock: ({ path }, _environment, { timeoutMs }) => probeLock(path, timeoutMs),
  dtype: ({ directory }, _environment, { timeoutMs }) => probeDtype(directory, timeoutMs),
  bolt: ({ path }, _environment, { timeoutMs }) => probeBolt(path, timeoutMs),
  snapshots: (input, _environment, { timeoutMs }) => probeSnapshots(input, timeoutMs),
  program: async ({ path }) => probeProgram(path),
  pem: async ({ path }) => probePem(path),
  keypair: async ({ cert, key }) => probeKeypair(cert, key),
};

/** One call, as it travels to a process that looks as somebody else. */
export type Call =
  | {
      readonly verb: LookVerb;
      readonly args: readonly unknown[];
      /** Root looks where others may have a hand in the path. */
      readonly held?: true;
    }
  | { readonly verb: 'run'; readonly args: readonly [RunRequest] }
  | { readonly verb: 'survey'; readonly args: readonly [string, Allowed]; readonly held?: true }
  | { readonly verb: 'probe'; readonly args: readonly [ProbeName, unknown, { readonly [name: string]: string }] };

type Probe = (
  input: unknown,
  environment: { readonly [name: string]: string },
  waiting: Required<Waiting>,
) => Promise<unknown>;

/**
 * Carries out a call in this process, with this process's rights, in at most so many milliseconds where that is less than
 * its limit, which is so many times longer as this machine is slow. A look is made at once; what takes longer answers
 * with a promise.
 */
export function carryOut(call: Call, leftMs = Number.POSITIVE_INFINITY, pace = 1): unknown {
  const limit = limitOf(call) * pace;
  const waiting = { timeoutMs: Math.min(limit, leftMs), untilMs: Math.min(limit * WHILE_MOVING, leftMs) };
  switch (call.verb) {
    case 'run':
      return runTool(call.args[0], waiting);
    case 'survey':
      return call.held
        ? holding(call.args[0], (at) => survey(...call.args, waiting, at))
        : survey(...call.args, waiting);
    case 'probe': {
      const [name, input, environment] = call.args;
      return (probes[name] as Probe)(input, environment, waiting);
    }
    case 'read':
    case 'stat':
    case 'lstat':
    case 'readlink':
    case 'realpath':
    case 'list':
    case 'statfs':
    case 'mountOf':
    case 'access':
      return ((call.held ? heldLooker : looker)[call.verb] as (...args: readonly unknown[]) => unknown)(...call.args);
  }
}
