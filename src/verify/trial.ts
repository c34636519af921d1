import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const LOG_LINES = 25;

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
): Promise<Trial> {
  const { execa } = await import('execa');
  const stages: Stage[] = [];
  const lines: string[] = [];
  let failed: string[] = [];
  let snapshotter: string | null = null;
  const options = {
    env: { ...plan.environment },
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
    cwd: '/',
  } as const;

  // The socket's path must stay short (104 bytes), the root must lie on the cache's file system.
  const short = fs.mkdtempSync(join(writableOr(plan.environment.TMPDIR ?? tmpdir(), '/tmp'), 'bkd-'));
  let root: string | null = null;
  // buildkitd and runc make these wherever their own places are.
  const runtime = plan.environment.XDG_RUNTIME_DIR || '/run';
  const byTheWay = [...['buildkit', 'runc', 'crun'].map((name) => join(runtime, name)), ...parentCgroups()].filter(
    (at) => !fs.existsSync(at),
  );
  const launch = (file: string, args: readonly string[]) =>
    execa(file, args, { ...options, buffer: false, detached: true, cleanup: true });
  let daemon: ReturnType<typeof launch> | null = null;
  const ended = (): boolean => daemon === null || daemon.exitCode !== null || daemon.signalCode !== null;

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
  const buildctl = (args: readonly string[], timeout: number) =>
    execa(plan.buildctl, ['--addr', socket, ...args], { ...options, timeout, cancelSignal: signal });

  let good = await stage('start', async () => {
    root = fs.mkdtempSync(join(plan.near, '.bk-doctor-verify-'));
    const help = await execa(plan.buildkitd, ['--help'], { ...options, timeout: 5000 });
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
    const started = launch(file, args);
    daemon = started;
    for (const stream of [started.stdout, started.stderr]) {
      let rest = '';
      stream?.on('data', (chunk: Buffer) => {
        const parts = (rest + chunk.toString('utf8')).split('\n');
        rest = (parts.pop() ?? '').slice(-4096);
        lines.push(...parts);
        if (lines.length > 400) lines.splice(0, lines.length - 400);
      });
    }
    for (const until = Date.now() + START_MS; Date.now() < until; await pause(20)) {
      if (signal.aborted) return 'interrupted';
      if (ended()) return 'buildkitd ended before it was ready';
      if (fs.existsSync(`${short}/buildkitd.sock`)) return null;
    }
    return `buildkitd made no socket within ${START_MS / 1000} seconds`;
  });
  good =
    good &&
    (await stage('connect', async () => {
      for (const until = Date.now() + START_MS; Date.now() < until; await pause(50)) {
        const asked = await buildctl(['debug', 'workers', '--format', '{{json .}}'], 10_000);
        if (signal.aborted) return 'interrupted';
        if (asked.exitCode === 0) {
          snapshotter = /"org\.mobyproject\.buildkit\.worker\.snapshotter":"([^"]+)"/.exec(asked.stdout)?.[1] ?? null;
          return null;
        }
        if (ended()) return 'buildkitd ended before it answered';
        failed = asked.all.split('\n');
      }
      return `buildkitd did not answer within ${START_MS / 1000} seconds`;
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
      const built = await buildctl(args, BUILD_MS);
      if (signal.aborted) return 'interrupted';
      if (built.exitCode === 0)
        return what === null
          ? `(no RUN step was made: there is no static shell here, and no program for ${arch})`
          : null;
      failed = built.all.split('\n');
      return built.timedOut ? `the build did not end within ${BUILD_MS / 1000} seconds` : 'the build failed';
    }));
  const log = good
    ? []
    : [...lines, ...failed]
        .map((line) => line.trimEnd())
        .filter(Boolean)
        .slice(-LOG_LINES);
  const clean = await stage('clean-up', async () => {
    if (daemon !== null) await stop(daemon, ended);
    for (const directory of byTheWay) removeEmpty(directory);
    return remove([short, ...(root === null ? [] : [root])], plan, (file, args) =>
      execa(file, args, { ...options, timeout: STOP_MS }),
    );
  });
  return { ok: good && clean, stages, snapshotter, log };
}

async function stop(
  daemon: { readonly pid?: number | undefined } & PromiseLike<unknown>,
  ended: () => boolean,
): Promise<void> {
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (daemon.pid !== undefined) process.kill(-daemon.pid, signal);
    } catch {
      // Already gone.
    }
  };
  send('SIGTERM');
  for (const until = Date.now() + STOP_MS; !ended() && Date.now() < until; await pause(20));
  send('SIGKILL');
  await Promise.race([daemon, pause(1000)]);
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
