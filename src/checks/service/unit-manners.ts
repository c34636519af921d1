import type { UnitSocket } from '../../facts/start/unit-socket.ts';
import { type Directive, type Directives, lastOf, listOf } from '../../facts/target/directives.ts';
import type { Unit } from '../../facts/target/unit.ts';
import type { Condition, Position, Severity } from '../../model/decide.ts';
import { timeSpan } from '../../text/time-span.ts';
import { unitWords } from '../../text/unit-words.ts';

/** What a unit does to whoever runs it as a service, though buildkitd starts by it. */
export interface Manner {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly unit: string;
  /** As it stands there; an empty value: nothing sets it. */
  readonly option: string;
  readonly value: string;
  readonly message: string;
  readonly at: Position;
}

type Say = (
  condition: Condition,
  severity: Severity,
  option: string,
  written: Directive | null,
  message: string,
) => void;

/** What a good unit of buildkitd says otherwise. */
export function mannersOf(unit: Unit, socket: UnitSocket | null): readonly Manner[] {
  const found: Manner[] = [];
  const say: Say = (condition, severity, option, written, message) =>
    found.push({
      condition,
      severity,
      unit: unit.name,
      option,
      value: written?.value ?? '',
      message,
      at: written?.at ?? unit.command.at,
    });
  judgeReadiness(unit, say);
  judgeStop(unit, say);
  judgeRestart(unit.directives, say);
  judgeLimits(unit, say);
  judgePath(unit, say);
  judgeInstall(unit, say);
  return [...found, ...mannersOfSocket(unit, socket)];
}

const NOTIFIES = new Set(['notify', 'notify-reload']);
/** What these do is no matter of manners: buildkitd is not seen as started at all. */
const REFUSED = new Set(['forking', 'dbus', 'oneshot']);

function judgeReadiness({ directives, wrapper, enters, name }: Unit, say: Say): void {
  const type = lastOf(directives, 'Type');
  if (NOTIFIES.has(type?.value ?? '') || REFUSED.has(type?.value ?? '')) return;
  // Whether word of readiness comes through these is not known.
  if (wrapper !== null || enters !== null) return;
  say(
    'service.hides-failure',
    'warning',
    'Type',
    type,
    `With Type=${type?.value ?? 'simple'} a start of ${name} succeeds as soon as the process exists: a buildkitd that ends at its configuration looks started, and clients come too early.`,
  );
}

/** buildkitd ends with 1 when it is told to stop. */
const STOPPED = /^1$/;

function judgeStop({ directives, rootlesskit, name }: Unit, say: Say): void {
  const kill = lastOf(directives, 'KillMode');
  const success = listOf(directives, 'SuccessExitStatus');
  const words = success.flatMap(({ value }) => unitWords(value).words);
  if (!words.some((word) => STOPPED.test(word)))
    say(
      'service.stop-fails',
      'warning',
      'SuccessExitStatus',
      success.at(-1) ?? null,
      `buildkitd ends with exit code 1 at every stop, so that ${name} is "failed" whenever it was stopped.`,
    );
  if (kill?.value === 'process' || kill?.value === 'none')
    say(
      'service.stop-fails',
      'warning',
      'KillMode',
      kill,
      `With KillMode=${kill.value} a stop of ${name} leaves processes of buildkitd behind, which keep its lock and its mounts.`,
    );
  else if (rootlesskit !== null && kill?.value !== 'mixed')
    say(
      'service.stop-fails',
      'info',
      'KillMode',
      kill,
      `Without KillMode=mixed systemd tells every process of ${name} to end, and rootlesskit tells buildkitd once more: the stop is slower, and sometimes ends with 255.`,
    );
}

/** systemd's own: so many starts in so many seconds, then no more. */
const LIMIT = { burst: 5, interval: 10, pause: 0.1 };

function judgeRestart(directives: Directives, say: Say): void {
  const restart = lastOf(directives, 'Restart');
  if (restart === null || restart.value === 'no') {
    say(
      'service.restart',
      'info',
      'Restart',
      restart,
      'Nothing starts buildkitd again when it is killed, for one by the kernel for want of memory.',
    );
    return;
  }
  const of = (key: string, section: string): string | null => lastOf(directives, key, section)?.value ?? null;
  const interval = timeSpan(of('StartLimitIntervalSec', 'Unit') ?? of('StartLimitInterval', 'Service') ?? '');
  const burst = Number(of('StartLimitBurst', 'Unit') ?? of('StartLimitBurst', 'Service') ?? LIMIT.burst);
  const pause = timeSpan(of('RestartSec', 'Service') ?? '') ?? LIMIT.pause;
  const within = interval ?? LIMIT.interval;
  if (within > 0 && pause * burst < within) return;
  say(
    'service.restart',
    'info',
    'Restart',
    restart,
    within > 0
      ? `With RestartSec=${pause} there are never ${burst} starts in ${within} seconds, the limit of systemd: a buildkitd that cannot start is started again for ever.`
      : 'Without a start limit a buildkitd that cannot start is started again for ever.',
  );
}

/** A build of an ordinary project has so many processes and open files. */
const ENOUGH = { TasksMax: 1024, LimitNOFILE: 4096 };

function judgeLimits({ directives, rootlesskit, name }: Unit, say: Say): void {
  for (const option of ['TasksMax', 'LimitNOFILE'] as const) {
    const written = lastOf(directives, option);
    const most = Number(written?.value.split(':').at(-1));
    if (written !== null && most < ENOUGH[option])
      say(
        'service.limits',
        'warning',
        option,
        written,
        `${option}=${written.value} is for ${name} and all the RUN steps together: a build with more ${option === 'TasksMax' ? 'processes' : 'open files'} fails.`,
      );
  }
  if (rootlesskit !== null && lastOf(directives, 'Delegate') === null)
    say(
      'service.limits',
      'info',
      'Delegate',
      null,
      `Without Delegate=yes the control group of ${name} is systemd's alone: nothing in it may have limits of its own.`,
    );
}

function judgePath({ directives, assigned, environment, rootlesskit, buildkitd, name }: Unit, say: Say): void {
  const path = environment.PATH ?? '';
  const line = listOf(directives, 'Environment').findLast(({ value }) => value.includes('PATH='));
  if (assigned.PATH === undefined || line === undefined) return;
  if (path.split(':').some((one) => one === '/usr/sbin' || one === '/sbin')) return;
  const net = rootlesskit?.flags.net?.at(-1) ?? 'host';
  const bridge = buildkitd.flags['oci-worker-net']?.at(-1) ?? '';
  const severity = net !== 'host' || bridge === 'bridge' || bridge === 'cni' ? 'warning' : 'info';
  say(
    'service.path',
    severity,
    'PATH',
    { value: path, at: line.at },
    `PATH of ${name} has neither /usr/sbin nor /sbin, where ip, iptables and, on some distributions, runc are.`,
  );
}

/** What the manager of a user has no target for. */
const SYSTEM_TARGETS = new Set(['multi-user.target', 'graphical.target']);

function judgeInstall({ directives, scope, name }: Unit, say: Say): void {
  const wanted = ['WantedBy', 'RequiredBy', 'UpheldBy'].flatMap((key) => listOf(directives, key, 'Install'));
  const also = listOf(directives, 'Also', 'Install');
  const targets = wanted.flatMap(({ value }) => unitWords(value).words);
  if (targets.length === 0 && also.length === 0)
    say(
      'service.not-enabled',
      'info',
      'WantedBy',
      null,
      `${name} has no [Install] section: it cannot be enabled, and starts only by hand.`,
    );
  else if (scope === 'user' && targets.length > 0 && targets.every((target) => SYSTEM_TARGETS.has(target)))
    say(
      'service.not-enabled',
      'warning',
      'WantedBy',
      wanted.at(-1) ?? null,
      `The manager of a user has no ${targets.join(' and no ')}: ${name} is not started at a boot or login, although it is enabled.`,
    );
}

function mannersOfSocket({ rootlesskit }: Unit, socket: UnitSocket | null): readonly Manner[] {
  if (socket === null || rootlesskit !== null) return [];
  const mode = socket.mode === null ? 0o666 : Number.parseInt(socket.mode.value, 8);
  if ((mode & 0o002) === 0) return [];
  return [
    {
      condition: 'service.socket-mode',
      severity: 'warning',
      unit: socket.name,
      option: 'SocketMode',
      value: socket.mode?.value ?? '',
      message:
        socket.mode === null
          ? `${socket.name} has no SocketMode=, and systemd's default is 0666: every account of this host can have buildkitd do as root what it likes.`
          : `With SocketMode=${socket.mode.value} every account of this host can have buildkitd do as root what it likes.`,
      at: socket.mode?.at ?? socket.at,
    },
  ];
}
