import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Budget } from '../host/budget.ts';
import { type Program, runProgram, startProgram } from '../host/looks/run-tool.ts';
import type { Ran } from '../model/look.ts';
import { payload } from './payload.ts';
import type { TrialPlan } from './plan.ts';

export type StageName = 'start' | 'connect' | 'build' | 'clean-up';
export interface Stage {
  readonly name: StageName;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly message: string | null;
}
export interface Trial {
  readonly ok: boolean;
  readonly stages: readonly Stage[];
  /** The snapshotter that the daemon reports of its worker. */
  readonly snapshotter: string | null;
  /** The last lines of what failed; empty when nothing did. */
  readonly log: readonly string[];
}

const START_MS = 30_000;
const BUILD_MS = 60_000;
const STOP_MS = 10_000;
/** The same when a signal waits for the end of it. */
const STOP_AT_ONCE_MS = 800;
/** Kept of the time of the whole trial for its clean-up. */
const CLEAN_UP_MS = 4000;
const ASK_MS = 10_000;
const LOG_LINES = 25;
const MOST_LINE = 2000;
const MOST_LINES = 400;
/** Beyond all stages together. */
const TRIAL_MS = 200_000;
const MOST_LOG = 16 * 1024 * 1024;
/** Some snapshotters of containerd have paths for names. */
const MOST_NAME = 200;

const linesOf = (text: string): string[] => text.split('\n').map((line) => line.slice(0, MOST_LINE));
const seconds = (ms: number): string => `${Math.round(ms / 1000)} seconds`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts buildkitd for real, builds a small image offline, and stops and removes everything it made, also when `signal`
 * ends it. Never throws for what the daemon does.
 */
export async function runTrial(
  plan: TrialPlan,
  arch: string,
  signal: AbortSignal,
  onStage: (name: StageName) => void,
  budget: Budget,
): Promise<Trial> {
  /** What a stage may take. */
  const most = (ms: number): number => Math.max(1000, Math.min(ms, budget.left() - CLEAN_UP_MS));
  const stages: Stage[] = [];
  const lines: string[] = [];
  let failed: string[] = [];
  let snapshotter: string | null = null;
  const env = { ...plan.environment };

  // The socket's path must stay short (104 bytes), the root must lie on the cache's file system.
  const short = fs.mkdtempSync(join(writableOr(plan.environment.TMPDIR ?? tmpdir(), '/tmp'), 'bkd-'));
  let root: string | null = null;
  // buildkitd and runc make these wherever their own places are.
  const runtime = plan.environment.XDG_RUNTIME_DIR || '/run';
  const byTheWay = [...['buildkit', 'runc', 'crun'].map((name) => join(runtime, name)), ...parentCgroups()].filter(
    (at) => !fs.existsSync(at),
  );
  let daemon: Program | null = null;
  const ended = (): boolean => daemon === null || daemon.hasEnded();

  async function stage(name: StageName, work: () => Promise<string | null>): Promise<boolean> {
    onStage(name);
    const started = performance.now();
    let message: string | null;
    try {
      message = signal.aborted && name !== 'clean-up' ? 'interrupted' : await work();
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    stages.push({
      name,
      ok: message === null || message.startsWith('('),
      durationMs: Math.round(performance.now() - started),
      message,
    });
    return message === null || message.startsWith('(');
  }

  const socket = `unix://${short}/buildkitd.sock`;
  const buildctl = (args: readonly string[], timeoutMs: number): Promise<Ran> =>
    runProgram(plan.buildctl, ['--addr', socket, ...args], { env, timeoutMs, signal });

  let good = await stage('start', async () => {
    root = fs.mkdtempSync(join(plan.near, '.bk-doctor-verify-'));
    const help = await runProgram(plan.buildkitd, ['--help'], { env, timeoutMs: most(5000), signal });
    // Before v0.13 the OpenTelemetry socket lies in the root; since then it would be the running daemon's own.
    const otel = help.stdout.includes('--otel-socket-path') ? ['--otel-socket-path', `${short}/otel.sock`] : [];
    const daemonArgs = [
      ...(plan.config === null ? [] : ['--config', plan.config]),
      ...plan.flags,
      '--root',
      root,
      '--addr',
      socket,
      '--debugaddr',
      '',
      ...otel,
    ];
    const [file, args] =
      plan.rootlesskit === null
        ? [plan.buildkitd, daemonArgs]
        : [
            plan.rootlesskit.path,
            ['--state-dir', `${short}/rootlesskit`, ...plan.rootlesskit.args, plan.buildkitd, ...daemonArgs],
          ];
    daemon = startProgram(file, args, { env, timeoutMs: TRIAL_MS, onOutput: keepLines(lines), mostBytes: MOST_LOG });
    const limit = most(START_MS);
    for (const until = Date.now() + limit; Date.now() < until; await pause(20)) {
      if (signal.aborted) return 'interrupted';
      if (ended()) return 'buildkitd ended before it was ready';
      if (fs.existsSync(`${short}/buildkitd.sock`)) return null;
    }
    return `buildkitd made no socket within ${seconds(limit)}`;
  });
  good =
    good &&
    (await stage('connect', async () => {
      const limit = most(START_MS);
      for (const until = Date.now() + limit; Date.now() < until; await pause(50)) {
        const asked = await buildctl(['debug', 'workers', '--format', '{{json .}}'], most(ASK_MS));
        if (signal.aborted) return 'interrupted';
        if (asked.code === 0) {
          const name = /"org\.mobyproject\.buildkit\.worker\.snapshotter":"([^"]+)"/.exec(asked.stdout)?.[1];
          snapshotter = name?.slice(0, MOST_NAME) ?? null;
          return null;
        }
        if (ended()) return 'buildkitd ended before it answered';
        failed = linesOf(asked.stdout + asked.stderr);
      }
      return `buildkitd did not answer within ${seconds(limit)}`;
    }));
  failed = [];
  good =
    good &&
    (await stage('build', async () => {
      const context = join(short, 'context');
      fs.mkdirSync(context);
      const what = payload(arch);
      fs.writeFileSync(join(context, 'file'), 'made by bk-doctor verify\n');
      const dockerfile = ['FROM scratch', 'COPY file /file'];
      if (what !== null) {
        fs.writeFileSync(join(context, what.file), what.bytes, { mode: 0o755 });
        dockerfile.push(`COPY ${what.file} /${what.file}`, `RUN ${JSON.stringify(what.run)}`);
      }
      fs.writeFileSync(join(context, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
      const args = [
        'build',
        '--no-cache',
        '--progress',
        'plain',
        '--frontend',
        'dockerfile.v0',
        '--local',
        `context=${context}`,
        '--local',
        `dockerfile=${context}`,
      ];
      const limit = most(BUILD_MS);
      const built = await buildctl(args, limit);
      if (signal.aborted) return 'interrupted';
      if (built.code === 0)
        return what === null
          ? `(no RUN step was made: there is no static shell here, and no program for ${arch})`
          : null;
      failed = linesOf(built.stdout + built.stderr);
      return built.timedOut ? `the build did not end within ${seconds(limit)}` : 'the build failed';
    }));
  const log = good
    ? []
    : [...lines, ...failed]
        .map((line) => line.trimEnd())
        .filter(Boolean)
        .slice(-LOG_LINES);
  const clean = await stage('clean-up', async () => {
    const patience = signal.aborted ? STOP_AT_ONCE_MS : Math.min(STOP_MS, Math.max(STOP_AT_ONCE_MS, budget.left()));
    daemon?.end(patience);
    await daemon?.done;
    for (const directory of byTheWay) removeEmpty(directory);
    return remove([short, ...(root === null ? [] : [root])], plan, (file, args) =>
      runProgram(file, args, { env, timeoutMs: patience }),
    );
  });
  return { ok: good && clean, stages, snapshotter, log };
}

/** Keeps the last lines of an output that comes in pieces, and of each its beginning. */
function keepLines(lines: string[]): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = (parts.pop() ?? '').slice(0, MOST_LINE);
    for (const part of parts.slice(-MOST_LINES)) lines.push(part.slice(0, MOST_LINE));
    if (lines.length > MOST_LINES) lines.splice(0, lines.length - MOST_LINES);
  };
}

/** Where the cgroups of RUN steps are made unless configured otherwise, in every hierarchy of v1 and in that of v2. */
function parentCgroups(): readonly string[] {
  const top = '/sys/fs/cgroup';
  const hierarchies = fs.existsSync(top) ? fs.readdirSync(top, { withFileTypes: true }) : [];
  return [top, ...hierarchies.filter((one) => one.isDirectory()).map(({ name }) => join(top, name))].map((at) =>
    join(at, 'buildkit'),
  );
}

/** Somebody else may use it by now: then it holds something, and stays. */
function removeEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory);
  } catch {
    // Never made, or in use.
  }
}

/** Files of subordinate ids can only be removed from inside their namespace. */
async function remove(
  places: readonly string[],
  plan: TrialPlan,
  run: (file: string, args: string[]) => Promise<unknown>,
): Promise<string | null> {
  const left = (): string[] => places.filter((place) => fs.existsSync(place));
  const plainly = (): void => {
    for (const place of left()) {
      try {
        fs.rmSync(place, { recursive: true, force: true, maxRetries: 3 });
      } catch {
        // Belongs to a subordinate id.
      }
    }
  };
  plainly();
  if (left().length > 0 && plan.rootlesskit !== null)
    await run(plan.rootlesskit.path, ['/bin/rm', '-rf', '--', ...left()]);
  plainly();
  return left().length === 0 ? null : `could not be removed: ${left().join(', ')}`;
}

function writableOr(directory: string, fallback: string): string {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    return directory;
  } catch {
    return fallback;
  }
}
