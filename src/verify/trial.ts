import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Budget } from '../host/budget.ts';
import { type Program, runProgram, startProgram } from '../host/looks/run-tool.ts';
import type { Ran } from '../model/look.ts';
import { seconds } from '../text/seconds.ts';
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
  const stages: Stage[] = [];
  const stage = async (name: StageName, work: () => Promise<string | null>): Promise<boolean> => {
    onStage(name);
    const started = performance.now();
    let message: string | null;
    try {
      message = signal.aborted && name !== 'clean-up' ? 'interrupted' : await work();
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    // What stands in brackets is a remark, and no failure.
    const ok = message === null || message.startsWith('(');
    stages.push({ name, ok, durationMs: Math.round(performance.now() - started), message });
    return ok;
  };
  const trial = new RunningTrial(plan, signal, budget);
  const good =
    (await stage('start', () => trial.start())) &&
    (await stage('connect', () => trial.connect())) &&
    (await stage('build', () => trial.build(arch)));
  const log = good ? [] : trial.lastLines();
  const clean = await stage('clean-up', () => trial.cleanUp());
  return { ok: good && clean, stages, snapshotter: trial.snapshotter, log };
}

/** One daemon in a scratch place. Each stage answers what went wrong, or null. */
class RunningTrial {
  readonly #plan: TrialPlan;
  readonly #signal: AbortSignal;
  readonly #budget: Budget;
  readonly #env: { readonly [name: string]: string };
  /** The socket's path must stay short (104 bytes). */
  readonly #short: string;
  /** On the cache's file system. */
  #root: string | null = null;
  /** What buildkitd and runc make wherever their own places are, and was not there before. */
  readonly #byTheWay: readonly string[];
  #daemon: Program | null = null;
  readonly #lines: string[] = [];
  #failed: readonly string[] = [];
  snapshotter: string | null = null;

  constructor(plan: TrialPlan, signal: AbortSignal, budget: Budget) {
    this.#plan = plan;
    this.#signal = signal;
    this.#budget = budget;
    this.#env = { ...plan.environment };
    this.#short = fs.mkdtempSync(join(writableOr(plan.environment.TMPDIR ?? tmpdir(), '/tmp'), 'bkd-'));
    const runtime = plan.environment.XDG_RUNTIME_DIR || '/run';
    this.#byTheWay = [...['buildkit', 'runc', 'crun'].map((name) => join(runtime, name)), ...parentCgroups()].filter(
      (at) => !fs.existsSync(at),
    );
  }

  /** What a stage may take. */
  #most(ms: number): number {
    return Math.max(1000, Math.min(ms * this.#budget.pace, this.#budget.left() - CLEAN_UP_MS));
  }

  get #socket(): string {
    return this.#plan.running ?? `unix://${this.#short}/buildkitd.sock`;
  }

  #buildctl(args: readonly string[], timeoutMs: number): Promise<Ran> {
    const { buildctl } = this.#plan;
    return runProgram(buildctl, ['--addr', this.#socket, ...args], { env: this.#env, timeoutMs, signal: this.#signal });
  }

  #ended(): boolean {
    if (this.#plan.running !== undefined) return false;
    return this.#daemon === null || this.#daemon.hasEnded();
  }

  async #command(root: string): Promise<readonly [file: string, args: readonly string[]]> {
    const { buildkitd, config, flags, rootlesskit } = this.#plan;
    const help = await runProgram(buildkitd, ['--help'], {
      env: this.#env,
      timeoutMs: this.#most(5000),
      signal: this.#signal,
    });
    // Before v0.13 the OpenTelemetry socket lies in the root; since then it would be the running daemon's own.
    const otel = help.stdout.includes('--otel-socket-path') ? ['--otel-socket-path', `${this.#short}/otel.sock`] : [];
    const named = config === null ? [] : ['--config', config];
    const args = [...named, ...flags, '--root', root, '--addr', this.#socket, '--debugaddr', '', ...otel];
    return rootlesskit === null
      ? [buildkitd, args]
      : [rootlesskit.path, ['--state-dir', `${this.#short}/rootlesskit`, ...rootlesskit.args, buildkitd, ...args]];
  }

  async start(): Promise<string | null> {
    if (this.#plan.running !== undefined) return null;
    this.#root = fs.mkdtempSync(join(this.#plan.near, '.bk-doctor-verify-'));
    const [file, args] = await this.#command(this.#root);
    this.#daemon = startProgram(file, [...args], {
      env: this.#env,
      timeoutMs: TRIAL_MS * this.#budget.pace,
      onOutput: keepLines(this.#lines),
      mostBytes: MOST_LOG,
    });
    const limit = this.#most(START_MS);
    for (const until = Date.now() + limit; Date.now() < until; await pause(20)) {
      if (this.#signal.aborted) return 'interrupted';
      if (this.#ended()) return 'buildkitd ended before it was ready';
      if (fs.existsSync(`${this.#short}/buildkitd.sock`)) return null;
    }
    return `buildkitd made no socket within ${seconds(limit)}`;
  }

  async connect(): Promise<string | null> {
    const limit = this.#most(START_MS);
    for (const until = Date.now() + limit; Date.now() < until; await pause(50)) {
      const asked = await this.#buildctl(['debug', 'workers', '--format', '{{json .}}'], this.#most(ASK_MS));
      if (this.#signal.aborted) return 'interrupted';
      if (asked.code === 0) {
        const name = /"org\.mobyproject\.buildkit\.worker\.snapshotter":"([^"]+)"/.exec(asked.stdout)?.[1];
        this.snapshotter = name?.slice(0, MOST_NAME) ?? null;
        this.#failed = [];
        return null;
      }
      if (this.#ended()) return 'buildkitd ended before it answered';
      this.#failed = linesOf(asked.stdout + asked.stderr);
    }
    return `buildkitd did not answer within ${seconds(limit)}`;
  }

  async build(arch: string): Promise<string | null> {
    const context = join(this.#short, 'context');
    const hasStep = writeContext(context, arch);
    const args = ['build', '--no-cache', '--progress', 'plain', '--frontend', 'dockerfile.v0'];
    const places = ['--local', `context=${context}`, '--local', `dockerfile=${context}`];
    const limit = this.#most(BUILD_MS);
    const built = await this.#buildctl([...args, ...places], limit);
    if (this.#signal.aborted) return 'interrupted';
    if (built.code === 0)
      return hasStep ? null : `(no RUN step was made: there is no static shell here, and no program for ${arch})`;
    this.#failed = linesOf(built.stdout + built.stderr);
    return built.timedOut ? `the build did not end within ${seconds(limit)}` : 'the build failed';
  }

  /** Of the daemon, and of the client that failed. */
  lastLines(): readonly string[] {
    return [...this.#lines, ...this.#failed]
      .map((line) => line.trimEnd())
      .filter(Boolean)
      .slice(-LOG_LINES);
  }

  async cleanUp(): Promise<string | null> {
    const patience = this.#signal.aborted
      ? STOP_AT_ONCE_MS
      : Math.min(STOP_MS * this.#budget.pace, Math.max(STOP_AT_ONCE_MS, this.#budget.left()));
    this.#daemon?.end(patience);
    await this.#daemon?.done;
    for (const directory of this.#byTheWay) removeEmpty(directory);
    return remove([this.#short, ...(this.#root === null ? [] : [this.#root])], this.#plan, (file, args) =>
      runProgram(file, args, { env: this.#env, timeoutMs: patience }),
    );
  }
}

/** The files of the build; answers whether a RUN step is among them. */
function writeContext(context: string, arch: string): boolean {
  fs.mkdirSync(context);
  fs.writeFileSync(join(context, 'file'), 'made by bk-doctor verify\n');
  const dockerfile = ['FROM scratch', 'COPY file /file'];
  const what = payload(arch);
  if (what !== null) {
    fs.writeFileSync(join(context, what.file), what.bytes, { mode: 0o755 });
    dockerfile.push(`COPY ${what.file} /${what.file}`, `RUN ${JSON.stringify(what.run)}`);
  }
  fs.writeFileSync(join(context, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
  return what !== null;
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
