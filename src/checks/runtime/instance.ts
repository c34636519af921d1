import { instance } from '../../facts/start/instance.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Problem } from '../../model/decide.ts';

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
    const problems: Problem<InstanceEvidence>[] = [];
    const { lock, running, live } = found;
    const who = (holder: { pid: number | null; command: string | null; uid: number | null } | null): string => {
      if (holder?.pid == null) return holder?.uid == null ? 'another process' : `a process of uid ${holder.uid}`;
      const owner = holder.uid === null ? '' : holder.uid === target.uid ? '' : `, uid ${holder.uid}`;
      return `${holder.command ?? 'process'} (pid ${holder.pid}${owner})`;
    };
    const evidence = (what: InstanceEvidence['what'], path: string, holder: typeof lock.holder): InstanceEvidence => ({
      what,
      path,
      pid: holder?.pid ?? null,
      command: holder?.command ?? null,
      uid: holder?.uid ?? null,
    });
    if (running)
      problems.push({
        condition: 'daemon.running',
        severity: 'info',
        subject: lock.path,
        message: `this buildkitd is already running${found.pid === null ? '' : ` (pid ${found.pid})`}`,
        evidence: evidence('own', lock.path, lock.holder),
      });
    else if (lock.held)
      problems.push({
        condition: 'daemon.state-dir-locked',
        severity: 'error',
        subject: lock.path,
        message: `${who(lock.holder)} holds ${lock.path}: a buildkitd on the same state directory ends with "another instance running?"`,
        evidence: evidence('lock', lock.path, lock.holder),
      });
    const kit = found.launcherLock;
    if (!running && kit?.held)
      problems.push({
        condition: 'daemon.state-dir-locked',
        severity: 'error',
        subject: kit.path,
        message: `${who(kit.holder)} holds ${kit.path}: a second rootlesskit on the same --state-dir ends with "another RootlessKit is running"`,
        evidence: evidence('launcher', kit.path, kit.holder),
      });
    for (const { path, use, holder } of live) {
      if (use === 'otel' || running) continue;
      // What the holder of the lock answers on is told with the lock.
      if (lock.held && holder?.pid != null && holder.pid === lock.holder?.pid) continue;
      problems.push({
        condition: 'socket.in-use',
        severity: 'warning',
        subject: path,
        message: `${who(holder)} answers on ${path}: buildkitd would take the address over, and cut it off from its clients`,
        evidence: evidence('socket', path, holder),
      });
    }
    return { problems, unseen: [] };
  },
};
