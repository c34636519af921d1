import { basename } from 'node:path';
import { runProgram } from '../../host/looks/run-tool.ts';
import { isVisible, visible } from '../../text/visible.ts';
import { findOnPath } from '../disk/find-on-path.ts';
import { isOfPackage } from '../disk/package-owner.ts';
import { isPermitted, whyNotHelper } from '../disk/places.ts';
import { Refused } from '../disk/refused.ts';
import { isRootsOwn, MARK, runTool, SYSTEM_PATH, systemTool } from '../disk/tools.ts';
import { walk } from '../disk/walk.ts';
import type { Acted, StepKind, StepOf, Work } from '../disk/work.ts';

type RunStep = StepOf<'run'>;
export interface PreparedRun {
  readonly program: string;
  /** Null: nothing is run to take it back. */
  readonly undoProgram: string | null;
}
const TIME_LIMIT_MS = 300_000;
const MOST_OUTPUT = 16 * 1024 * 1024;

/** Ways to become somebody else, to run text as commands, or to change what steps of their own kind change under rules. */
const NEVER = new Set([
  ...['sudo', 'su', 'doas', 'pkexec', 'runuser', 'setpriv', 'setenforce', 'aa-disable', 'aa-teardown'],
  ...['sh', 'bash', 'dash', 'zsh', 'ash', 'ksh', 'env', 'xargs', 'eval', 'perl', 'python', 'python3', 'node'],
  ...['chmod', 'chown', 'chgrp', 'rm', 'mv', 'cp', 'ln', 'tee', 'dd', 'install', 'sysctl', 'busybox'],
]);

/** Runs a program of the system (as root), or of the target's PATH (as the target). */
export const run: StepKind<RunStep, PreparedRun> = {
  async prepare(step, work) {
    for (const words of step.undo === null ? [step.argv] : [step.argv, step.undo]) refuseArguments(words, work);
    return {
      program: programOf(step.argv, work),
      undoProgram: step.undo === null ? null : programOf(step.undo, work),
    };
  },
  async act(step, _prepared, work): Promise<Acted> {
    refuseArguments(step.argv, work);
    // Found again by the rules, whatever a journal says.
    await execute(programOf(step.argv, work), step.argv, work);
    return { leftAlone: [] };
  },
  async standing() {
    return 'after';
  },
  async takeBack(step, { undoProgram }, work) {
    if (step.undo === null || undoProgram === null) return;
    refuseArguments(step.undo, work);
    try {
      await execute(programOf(step.undo, work), step.undo, work);
    } catch (error) {
      // A run that was cut short may not have done what is now undone.
      if (work.finished) throw error;
    }
  },
};

/** Whoever runs it, and wherever it is. Returns the program's name. */
export function refuseNever(argv: readonly string[]): string {
  const [name] = argv;
  if (name === undefined || name === '' || argv.some((word) => word.includes('\0')))
    throw new Refused('there is no program to run');
  const hidden = argv.find((word) => !isVisible(word));
  if (hidden !== undefined)
    throw new Refused(`nothing is run with "${visible(hidden)}", which has characters that cannot be seen`);
  if (NEVER.has(basename(name))) throw new Refused(`${visible(name)} is never run by a fix`);
  return name;
}

function programOf(argv: readonly string[], work: Work): string {
  const name = refuseNever(argv);
  const program = name.startsWith('/')
    ? name
    : name.includes('/')
      ? null
      : work.uid === 0
        ? systemTool(name)
        : findOnPath(name, work.environment.PATH ?? SYSTEM_PATH);
  if (program === null) throw new Refused(`${visible(name)} is not installed here`);
  refuseForeignProgram(program, work);
  return program;
}

function refuseForeignProgram(program: string, work: Work): void {
  if (work.uid === 0 && !isRootsOwn(program))
    throw new Refused(
      `${visible(program)} is not run as root: it is not there, or another account can change it or a directory it is in`,
      [program],
    );
}

/** What a program of root's is given may not lead through what another account can change. */
function refuseArguments(argv: readonly string[], work: Work): void {
  if (work.uid !== 0) return;
  refuseCapabilities(argv, work);
  for (const word of argv.slice(1)) {
    const path = /^(?:-[^=]*=)?(\/.*)$/s.exec(word)?.[1];
    if (path !== undefined && !isPermitted(path, work) && !leadsThroughRoots(path))
      throw new Refused(
        `${visible(basename(argv[0] ?? ''))} is not run as root on ${visible(path)}: another account can change what that leads to`,
        [path],
      );
  }
}

function leadsThroughRoots(path: string): boolean {
  try {
    const { directory, exclusive } = walk(path.slice(0, path.replace(/(?<!\/)\/+$/, '').lastIndexOf('/')) || '/', 0);
    directory.close();
    return exclusive;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** File capabilities are a privilege like a setuid bit, and go only where that may go. */
function refuseCapabilities(argv: readonly string[], work: Work): void {
  if (basename(argv[0] ?? '') !== 'setcap') return;
  const target = argv.at(-1) ?? '';
  const why =
    argv.length !== 3
      ? 'it must name one file and one set'
      : target.startsWith('/')
        ? whyNotHelper(target, work)
        : 'the path is not absolute';
  if (why !== null) throw new Refused(`no file capability is given here: ${why}`, [target]);
  if (isOfPackage(target) === false)
    throw new Refused(`no file capability is given to ${visible(target)}: it is in no package of this system`, [
      target,
    ]);
}

async function execute(program: string, argv: readonly string[], work: Work): Promise<void> {
  refuseForeignProgram(program, work);
  const [file, ...args] = [...dieWithUs(), program, ...argv.slice(1)];
  if (file === undefined) return;
  // In a session of its own: Ctrl-C is ours to act on, between steps.
  const ran = await runProgram(file, args, {
    env: { ...(work.uid === 0 ? ROOT_ENVIRONMENT : work.environment), [MARK]: work.transaction },
    timeoutMs: TIME_LIMIT_MS,
    mostBytes: MOST_OUTPUT,
    leavesRest: true,
  });
  if (ran.code === 0) return;
  const words = (ran.stdout + ran.stderr).trim().split('\n').slice(-3).join(' ');
  const how = ran.timedOut
    ? 'took longer than five minutes and was ended'
    : ran.code === null
      ? 'was ended'
      : `failed (exit ${ran.code})`;
  throw new Refused(
    `${visible([program, ...argv.slice(1)].join(' '))} ${how}${words === '' ? '' : `: ${visible(words)}`}`,
  );
}

const ROOT_ENVIRONMENT = { PATH: SYSTEM_PATH, HOME: '/root', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };

/** setpriv that ends the program when we end, where there is one that can. */
function dieWithUs(): readonly string[] {
  const setpriv = systemTool('setpriv');
  if (setpriv === null || runTool('setpriv', ['--pdeathsig', 'TERM', '--version'])?.code !== 0) return [];
  return [setpriv, '--pdeathsig', 'TERM', '--'];
}
