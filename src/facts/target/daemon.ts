import { parseBuildkitdArgs, parseRootlesskitArgs } from '../../buildkit/flags.ts';
import type { Seen } from '../../model/decide.ts';
import type { Fact, Look, Stat } from '../../model/look.ts';
import { asAbsent, tooMuch, unlessRefused, unseenOf } from '../../model/unseen.ts';
import { parseLocks } from '../machine/proc-net.ts';
import { identity } from './identity.ts';
import type { Unit } from './unit.ts';

/** A buildkitd of the target's that runs where we look, as /proc tells how it was started. */
export interface Daemon {
  readonly pid: number;
  /** The daemon and the launchers above it. */
  readonly pids: readonly number[];
  readonly rootlesskit: Unit['rootlesskit'];
  readonly buildkitd: Unit['buildkitd'];
  /** All that it was given, secrets masked; why not where it may not be read. */
  readonly environment: Seen<{ readonly [name: string]: string }>;
  /** Null where it cannot be told. */
  readonly workingDirectory: string | null;
  /** The names of its control groups, in which systemd's has the name of the unit. */
  readonly cgroups: readonly string[];
  /** Milliseconds since 1970, to about a second; null where /proc does not tell. */
  readonly startedMs: number | null;
}

/** Holders of locks, or processes, that are looked at. */
const MOST = 5000;
const MOST_ANCESTORS = 4;
/** USER_HZ of every architecture that Node runs on. */
const TICK_MS = 10;

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isBuildkitd = (command: string): boolean => /^\.?buildkitd/.test(command);

/**
 * The target's buildkitds that run on this root file system. Whoever runs one holds the lock of its state directory, so
 * that the table of locks leads to it without a look at every process. A process of another account is never the target's.
 */
export const daemons: Fact<readonly Daemon[]> = {
  id: 'daemons',
  async read(look) {
    const { target } = await look.get(identity);
    const found: Daemon[] = [];
    for (const pid of await lockHolders(look)) {
      if (!isBuildkitd(await lineOf(look, pid, 'comm'))) continue;
      const status = await lineOf(look, pid, 'status');
      if (uidIn(status) !== target.uid || !(await isOnOurRoot(look, pid)) || !(await isAmongOurMounts(look, pid)))
        continue;
      const daemon = await describe(look, pid);
      if (daemon !== null) found.push(daemon);
    }
    return found;
  },
};

/** Where the kernel has no such table, every process is looked at. */
async function lockHolders({ host }: Look): Promise<readonly number[]> {
  const table = await host.read('/proc/locks', 'self', 8 * 1024 * 1024);
  const pids =
    table === null
      ? ((await host.list('/proc', 'self')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number)
      : parseLocks(table.text).flatMap(({ pid }) => pid ?? []);
  const all = new Set(pids.filter((pid) => pid > 0));
  if (all.size > MOST) throw tooMuch(`more than ${MOST} processes may be a running buildkitd`);
  return [...all];
}

/** Empty for a process that ended meanwhile, or may not be seen. */
async function lineOf(
  { host }: Look,
  pid: number,
  file: 'comm' | 'status' | 'mountinfo' | 'cgroup' | 'stat',
): Promise<string> {
  return (await host.read(`/proc/${pid}/${file}`, 'self').catch(asAbsent))?.text.trimEnd() ?? '';
}

const uidIn = (status: string): number | null => {
  const uid = /^Uid:\s*(\d+)/m.exec(status)?.[1];
  return uid === undefined ? null : Number(uid);
};

/** The device and the directory that are mounted as "/"; null where the table cannot be read. */
const rootIn = (mountinfo: string): string | null =>
  /^\d+ \d+ (\S+ \S+) \/ /m.exec(
    mountinfo.split('\n').findLast((line) => /^\d+ \d+ \S+ \S+ \/ /.test(line)) ?? '',
  )?.[1] ?? null;

/** A container shows its processes to the host: their buildkitd has another root, another configuration and another state. */
async function isOnOurRoot(look: Look, pid: number): Promise<boolean> {
  const [theirs, ours] = await Promise.all([
    lineOf(look, pid, 'mountinfo'),
    look.host.read('/proc/self/mountinfo', 'self').catch(asAbsent),
  ]);
  const root = rootIn(theirs);
  return root === null || root === rootIn(ours?.text ?? '');
}

/**
 * What was started among other mounts than ours has another configuration and another state, although the root may be the
 * same; only a service may have been given mounts of its own by its manager. rootlesskit starts where it is called.
 */
async function isAmongOurMounts(look: Look, pid: number): Promise<boolean> {
  const outermost = (await family(look, pid)).at(-1) ?? pid;
  const [theirs, ours, cgroup] = await Promise.all([
    look.host.readlink(`/proc/${outermost}/ns/mnt`, 'target').catch(asAbsent),
    look.host.readlink('/proc/self/ns/mnt', 'self').catch(asAbsent),
    lineOf(look, pid, 'cgroup'),
  ]);
  if (ours === null || theirs === ours) return true;
  // Root to whom even the account itself shows nothing of its process stands in a user namespace below that of the process.
  if (theirs === null) return look.host.identity.self.uid !== 0;
  return cgroup.split('\n').some((line) => line.endsWith('.service') && !/^user@\d+\.service$/.test(base(line)));
}

async function describe(look: Look, pid: number): Promise<Daemon | null> {
  const pids = await family(look, pid);
  const launcher = pids.length > 1 ? pids.at(-1) : undefined;
  const [own, above, environment, workingDirectory, cgroup, startedMs] = await Promise.all([
    commandLine(look, pid),
    launcher === undefined ? null : commandLine(look, launcher),
    environmentOf(look, pids),
    look.host.readlink(`/proc/${pid}/cwd`, 'target').catch(asAbsent),
    lineOf(look, pid, 'cgroup'),
    startOf(look, pid),
  ]);
  if (own === null) return null;
  const [path = 'buildkitd', ...args] = own;
  const kit = above === null ? null : parseRootlesskitArgs(above.slice(1));
  return {
    pid,
    pids,
    buildkitd: { path, args, flags: parseBuildkitdArgs(args).flags },
    rootlesskit: kit === null ? null : { path: nameOf(above?.[0]), args: kit.args, flags: kit.flags },
    environment,
    workingDirectory,
    cgroups: cgroup.split('\n').flatMap((line) => base(line) || []),
    startedMs,
  };
}

/** Its child is started by way of /proc/self/exe. */
const nameOf = (path = ''): string => (base(path) === 'rootlesskit' ? path : 'rootlesskit');

/** A process and those that started it, as far as they are rootlesskit ("exe" is what its child is called). */
export async function family(look: Look, pid: number): Promise<readonly number[]> {
  const pids = [pid];
  for (let at = pid; pids.length < MOST_ANCESTORS; ) {
    const parent = Number(/^PPid:\s*(\d+)/m.exec(await lineOf(look, at, 'status'))?.[1] ?? 0);
    if (parent === 0 || !/^(?:rootlesskit|exe)$/.test(await lineOf(look, parent, 'comm'))) break;
    pids.push(parent);
    at = parent;
  }
  return pids;
}

/** These lie in the memory of the process, which can keep whoever reads it waiting: only the account itself reads them. */
async function commandLine({ host }: Look, pid: number): Promise<readonly string[] | null> {
  const { value, unseen } = await unlessRefused(host.read(`/proc/${pid}/cmdline`, 'target'));
  if (unseen !== undefined) throw unseenOf(unseen);
  const text = value?.text;
  return text ? text.replace(/\0$/, '').split('\0') : null;
}

/** rootlesskit passes on what it got; where the daemon's may not be read, its launcher's may. */
async function environmentOf({ host }: Look, pids: readonly number[]): Promise<Daemon['environment']> {
  let why = 'it is gone';
  for (const pid of pids.toReversed()) {
    const { value, unseen } = await unlessRefused(host.read(`/proc/${pid}/environ`, 'target'));
    if (value) return { value: variablesIn(value.text) };
    why = unseen?.why ?? why;
  }
  const [pid] = pids;
  return {
    unseen: {
      why: `the environment of the running buildkitd (pid ${pid}) cannot be read: ${why}`,
      command: `sudo cat /proc/${pid}/environ`,
    },
  };
}

function variablesIn(environ: string): { readonly [name: string]: string } {
  const rows = environ.split('\0').map((row) => [row.slice(0, row.indexOf('=')), row.slice(row.indexOf('=') + 1)]);
  return Object.fromEntries(rows.filter(([name]) => name));
}

/** By the difference to our own start: the clock of the boot itself can be hidden from a container. */
async function startOf(look: Look, pid: number): Promise<number | null> {
  const [theirs, ours] = await Promise.all([
    lineOf(look, pid, 'stat'),
    look.host.read('/proc/self/stat', 'self').catch(asAbsent),
  ]);
  const ticks = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const age = (ticks(ours?.text ?? '') - ticks(theirs)) * TICK_MS;
  return Number.isFinite(age) ? look.host.now() - age : null;
}

/** Was the file changed after the process was started? */
export const changedSince = (stat: Stat | null, { startedMs }: Daemon): boolean =>
  stat !== null && startedMs !== null && stat.mtimeMs > startedMs + 2000;
