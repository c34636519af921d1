import { type Instance, instance } from '../../facts/start/instance.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Severity } from '../../model/decide.ts';
import { findings } from '../findings.ts';

export interface InstanceEvidence {
  readonly what: 'own' | 'lock' | 'launcher' | 'socket';
  readonly path: string;
  readonly pid: number | null;
  readonly command: string | null;
  readonly uid: number | null;
}

const needs = { identity, instance };

export const runtimeInstance: Check<typeof needs, InstanceEvidence> = {
  id: 'runtime/instance',
  title: 'No other buildkitd is in the way',
  why: 'One buildkitd at a time may use a state directory; a second one ends at once, and one that takes over a socket cuts the first off from its clients.',
  decides: true,
  conditions: ['daemon.running', 'daemon.state-dir-locked', 'socket.in-use'],
  needs,
  examine({ identity: { target }, instance: found }) {
    const { problems, unseen, add: find } = findings<InstanceEvidence>();
    const { lock, running, live, launcherLock: kit } = found;
    const add = (
      condition: Condition,
      severity: Severity,
      what: InstanceEvidence['what'],
      path: string,
      holder: typeof lock.holder,
      message: string,
    ): void => {
      const { pid = null, command = null, uid = null } = holder ?? {};
      find(condition, severity, path, message, { what, path, pid, command, uid });
    };
    const who = (holder: typeof lock.holder): string => holderWords(holder, target.uid);
    if (running)
      add(
        'daemon.running',
        'info',
        'own',
        lock.path,
        lock.holder,
        `this buildkitd is already running${found.pid === null ? '' : ` (pid ${found.pid})`}${newerWords(found.newer)}`,
      );
    else if (lock.held)
      add(
        'daemon.state-dir-locked',
        'error',
        'lock',
        lock.path,
        lock.holder,
        `${who(lock.holder)} holds ${lock.path}: a buildkitd on the same state directory ends with "another instance running?"`,
      );
    if (!running && kit?.held)
      add(
        'daemon.state-dir-locked',
        'error',
        'launcher',
        kit.path,
        kit.holder,
        `${who(kit.holder)} holds ${kit.path}: a second rootlesskit on the same --state-dir ends with "another RootlessKit is running"`,
      );
    for (const { path, use, holder } of live) {
      if (use === 'otel' || running) continue;
      // What the holder of the lock answers on is told with the lock.
      if (lock.held && holder?.pid != null && holder.pid === lock.holder?.pid) continue;
      add(
        'socket.in-use',
        'warning',
        'socket',
        path,
        holder,
        `${who(holder)} answers on ${path}: buildkitd would take the address over, and cut it off from its clients`,
      );
    }
    return { problems, unseen };
  },
};

const newerWords = (files: readonly string[]): string =>
  files.length === 0
    ? ''
    : `; ${files.join(' and ')} changed after it was started, and ${files.length === 1 ? 'counts' : 'count'} here as at its next start`;

function holderWords(holder: Instance['lock']['holder'], uid: number): string {
  if (holder?.pid == null) return holder?.uid == null ? 'another process' : `another process, of uid ${holder.uid},`;
  const owner = holder.uid === null || holder.uid === uid ? '' : `, uid ${holder.uid}`;
  return `${holder.command ?? 'process'} (pid ${holder.pid}${owner})`;
}
