import type { StartObstacle } from '../../facts/start/unit-start.ts';
import type { Unit } from '../../facts/target/unit.ts';

/** What happens to a unit, in a sentence. */
export function startWords({ kind, what, other }: StartObstacle, { name, user }: Unit): string {
  switch (kind) {
    case 'masked':
      return `${name} is masked, so that systemd refuses to start it`;
    case 'no-start':
      return `systemd takes no ExecStart= line of ${name}, and refuses the unit`;
    case 'several-starts':
      return `${name} has more than one ExecStart=, which systemd takes only with Type=oneshot: it refuses the unit (a drop-in has to say "ExecStart=" first, to replace the line)`;
    case 'condition':
      return `${what} does not hold, so that systemd does not start ${name}`;
    case 'requirement':
      return `${name} requires ${what}, which does not exist: systemd refuses to start it`;
    case 'command-fails':
      return what.startsWith('ExecCondition=')
        ? `${what} does not succeed, so that systemd does not start ${name}`
        : `${what} fails, and ${name} with it`;
    case 'command-missing':
      return `${what} fails because ${other} does not exist, and ${name} with it`;
    case 'program-missing':
      return `${name} starts ${what}, which does not exist`;
    case 'environment-file':
      return `${name} takes variables from ${what}, which does not exist: systemd does not start it`;
    case 'working-directory':
      return `${name} is to start in ${what}, which ${user ?? 'its account'} cannot enter (systemd: CHDIR)`;
    case 'group':
      return other === 'user'
        ? `the manager of a user may not give ${name} the supplementary group ${what} (systemd: GROUP)`
        : `the group ${what} of ${name} does not exist (systemd: GROUP)`;
    case 'type':
      if (what.startsWith('notify'))
        return `with Type=${what} systemd waits to be told that buildkitd is ready, and ${name} takes NOTIFY_SOCKET away, by which it would be told`;
      return what === 'oneshot'
        ? `with Type=oneshot systemd waits for buildkitd to end before ${name} counts as started`
        : `with Type=${what} systemd waits for something that buildkitd never does, and ends it`;
    case 'not-notified':
      return `with Type=${other} and NotifyAccess=${what} systemd listens to rootlesskit alone: that buildkitd is ready is never heard, and after the time limit systemd ends it`;
    case 'watchdog':
      return `with WatchdogSec=${what} systemd ends buildkitd again and again, since it sends no sign of life`;
    case 'socket-not-passed':
      return `fd:// cannot work behind ${what}: rootlesskit passes no socket of systemd on, and buildkitd ends with "no sockets found via socket activation"`;
    case 'socket-missing':
      return `fd:// wants ${what}, which does not exist: buildkitd ends with "no sockets found via socket activation"`;
    case 'unknown-flag':
      return `${other} has no flag ${what.length === 1 ? '-' : '--'}${what}, and ends with its help`;
    case 'flag-value':
      return `buildkitd ends by its flag ${what}: ${other}`;
    case 'without-rootlesskit':
      if (other === 'dynamic')
        return `with DynamicUser=yes ${name} starts buildkitd as an account of its own: it ends with "rootless mode requires to be executed as the mapped root in a user namespace"`;
      return `${name} starts buildkitd without rootlesskit as ${user ?? 'an ordinary account'}: it ends with "rootless mode requires to be executed as the mapped root in a user namespace"`;
    case 'as-root':
      return `"+" or "!" before ${what} makes systemd start it as root and not as ${user ?? 'the account of User='}: rootlesskit then maps the subordinate ids of root`;
    case 'entered-stopped':
      return `${name} enters the namespaces of the rootless containerd, which does not run (${other} is missing)`;
  }
}
