import { type SpawnOptions, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Command } from 'commander';
import { targetOf } from '../../examine/assess.ts';
import { createLook } from '../../examine/look.ts';
import { ownDaemon } from '../../facts/target/own-daemon.ts';
import { UsageError } from '../../host/usage-error.ts';
import { startOf } from '../../report/summary.ts';
import { visible } from '../../text/visible.ts';
import { findProgram } from '../call/appearance.ts';
import { addTargetOptions, questionOf } from '../call/examine-options.ts';
import type { Session } from '../call/session.ts';
import { open } from './check.ts';

/** The namespaces that buildkitd may have of its own, and nsenter's options for them. */
const NAMESPACES = [
  ['user', '--user'],
  ['mnt', '--mount'],
  ['net', '--net'],
  ['ipc', '--ipc'],
  ['uts', '--uts'],
  ['cgroup', '--cgroup'],
  ['pid', '--pid'],
] as const;
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** `bk-doctor shell`: a shell where buildkitd runs. */
export function registerShell(program: Command, session: Session): void {
  addTargetOptions(
    program
      .command('shell')
      .summary('open a shell in the namespaces of the running buildkitd')
      .description(
        "Opens a shell, or runs a command, in the namespaces of the target's running buildkitd, as its user: what it sees, mounts and may do is what buildkitd does. Changes nothing by itself.",
      )
      .argument('[command...]', 'a command and its arguments, behind --; none is a shell'),
  ).action(async (words: readonly string[], _options: unknown, command: Command) => {
    session.finish(await shell(session, words, command));
  });
}

async function shell(session: Session, words: readonly string[], command: Command): Promise<number> {
  const asked = questionOf(command, session.catalog);
  if (asked.replay !== null) throw new UsageError('a recording has no namespaces: leave --replay out');
  const opened = await open(session, asked);
  const look = createLook({ host: opened.host, request: opened.request });
  const daemon = await look.get(ownDaemon);
  const { self, target } = opened.host.identity;
  if (daemon === null) {
    const next = startOf(await targetOf(look));
    session.streams.stderr.write(
      `bk-doctor: no buildkitd of ${target.name ?? `uid ${target.uid}`} runs here, and only a running one has namespaces; it is started by: ${visible(next)}\n`,
    );
    return 1;
  }
  const nsenter = findProgram('nsenter', SYSTEM_PATH);
  if (nsenter === null) throw new UsageError('nsenter is not installed: it is in the package util-linux');
  const own = entered(daemon.pid);
  if (own === null) {
    session.streams.stderr.write(
      `bk-doctor: the namespaces of process ${daemon.pid} may not be looked at by this account: call it as ${target.name ?? `uid ${target.uid}`} or as root\n`,
    );
    return 1;
  }
  const values = daemon.environment.value ?? {};
  const kit = Object.fromEntries(
    Object.entries(values).filter(([name]) => /^(?:ROOTLESSKIT_|XDG_RUNTIME_DIR$)/.test(name)),
  );
  if (own.length === 0) session.notice('this buildkitd has the namespaces of the host: the shell is an ordinary one');
  const { env } = session.streams;
  const isOther = self.uid === 0 && target.uid !== 0;
  // The map gives an ordinary account the id 0 inside.
  const keeps = target.uid !== 0 && own.includes('--user') ? ['--preserve-credentials'] : [];
  const argv = words.length > 0 ? words : [(isOther ? target.shell : env.SHELL) || '/bin/sh'];
  const inside = [nsenter, '--target', String(daemon.pid), ...own, ...keeps, '--', ...argv];
  if (!isOther) return run(inside, { env: { ...env, ...kit } });
  const setpriv = findProgram('setpriv', SYSTEM_PATH);
  if (setpriv === null) throw new UsageError('setpriv is not installed: it is in the package util-linux');
  // What is in those namespaces is that account's, programs too, and it may change them meanwhile: root becomes it before
  // it enters them, and gives it neither its variables nor its terminal as one to type into.
  const groups = target.name === null ? '--clear-groups' : '--init-groups';
  const become = [setpriv, '--reuid', String(target.uid), '--regid', String(target.gid), groups, '--inh-caps=-all'];
  const theirs = { PATH: SYSTEM_PATH, HOME: target.home ?? '/', TERM: env.TERM ?? 'dumb', LANG: env.LANG ?? 'C' };
  return run([...become, ...inside], { env: { ...theirs, ...kit }, detached: true, cwd: '/' });
}

/** The options for the namespaces in which that process is and we are not; null: they may not be looked at. */
function entered(pid: number): readonly string[] | null {
  try {
    return NAMESPACES.flatMap(([kind, option]) =>
      readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`) ? [] : [option],
    );
  } catch {
    return null;
  }
}

/** It has the terminal; a signal that is typed is its own, where it is no session of its own. */
function run([file = '', ...args]: readonly string[], options: SpawnOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
