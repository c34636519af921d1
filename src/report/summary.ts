import type { Json } from '../model/look.ts';
import type { Until } from '../model/plan.ts';
import type { CheckReport, Report } from '../model/say.ts';
import { commandLine } from '../text/shell.ts';
import { count } from './findings.ts';

/** Command lines that a person can type here, complete with the flags that repeat the question. */
export interface Commands {
  readonly check: string;
  readonly fix: string;
  /** The same as root: absolute paths, because sudo's PATH may lack the user's Node. */
  readonly checkAsRoot: string;
  readonly fixAsRoot: string;
  /** Followed by a space and an id. */
  readonly show: string;
  /** Null where this release has no such command. */
  readonly verify: string | null;
  readonly isRoot: boolean;
  /** True for a recording: the commands are for the host that it was made on. */
  readonly elsewhere: boolean;
}

const RUNTIME: { readonly [U in Until]: string } = {
  login: 'log out and in again',
  restart: 'restart buildkitd',
  reboot: 'reboot',
};
export const UNTIL: { readonly [U in Until]: string } = {
  login: 'takes effect at the next login',
  restart: 'takes effect when buildkitd is started again',
  reboot: 'takes effect at the next boot',
};

/** The verdict in a few words, without a full stop. */
export function verdictWords({ verdict, checks }: Report): string {
  const selected = checks.filter(({ status, reason }) => !(status === 'skip' && reason === 'not selected'));
  const number = (test: (check: CheckReport) => boolean): number => selected.filter(test).length;
  const basis = [
    ...(verdict.partial ? [`${selected.length} of ${checks.length} checks selected`] : []),
    ...(verdict.proved ? [] : ['judged from files, not proved']),
  ];
  const note = basis.length === 0 ? '' : ` (${basis.join('; ')})`;
  switch (verdict.level) {
    case 'ready':
      return `READY${withSnapshotter(verdict.snapshotter)}${note}`;
    case 'degraded': {
      const warn = number(({ status }) => status === 'warn');
      return `READY, but ${count(warn, 'check warns', 'checks warn')}${withSnapshotter(verdict.snapshotter)}${note}`;
    }
    case 'not-ready': {
      const only = onlyBuildkitd(selected);
      if (only !== null) return `NOT READY: ${only}${note}`;
      const fail = number(({ status }) => status === 'fail');
      return `NOT READY: ${count(fail, 'check fails', 'checks fail')}${note}`;
    }
    case 'unknown': {
      const unknown = number(({ status, decides }) => decides && status === 'unknown');
      return `UNKNOWN: ${count(unknown, 'check that decides', 'checks that decide')} could not be made${note}`;
    }
  }
}

function withSnapshotter(snapshotter: string | null): string {
  return snapshotter === null ? '' : `, snapshotter ${snapshotter}`;
}

/** What to say where nothing but buildkitd itself is missing or broken. */
function onlyBuildkitd(checks: readonly CheckReport[]): string | null {
  const errors = checks.flatMap(({ problems }) => problems).filter(({ severity }) => severity === 'error');
  if (errors.length === 0 || errors.some(({ condition }) => condition !== 'binary.buildkitd-missing')) return null;
  const isThere = errors.some(({ evidence }) => isObject(evidence) && evidence.path != null);
  return isThere
    ? 'buildkitd cannot be run, and nothing else is wrong'
    : 'buildkitd is not installed, and that is all it lacks';
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What to do next: a command line to type, after words where something else must come first. */
export function nextStep(
  report: Report,
  commands: Commands,
): { readonly first: string | null; readonly command: string } | null {
  const { checks, verdict, target } = report;
  const blamed = verdict.reasons.flatMap((reason) => checks.filter(({ id }) => id === reason));
  if (verdict.level === 'ready') {
    if (commands.verify !== null) return { first: null, command: commands.verify };
    if (target.running) return null;
    const other = commands.isRoot && target.uid !== 0;
    return { first: other ? `as ${target.user ?? `uid ${target.uid}`}` : null, command: startOf(report) };
  }
  if (verdict.level === 'unknown') {
    const tell = blamed.find((check) => check.tell !== null)?.tell ?? null;
    if (tell !== null) return { first: null, command: tell };
    if (!commands.isRoot) return { first: null, command: commands.checkAsRoot };
    return { first: null, command: `${commands.show} ${blamed[0]?.id ?? ''}`.trim() };
  }
  const waits = report.treatments.filter(({ result }) => result === 'pending');
  const waiting = new Set(waits.map(({ check }) => check));
  if (blamed.length > 0 && blamed.every(({ id }) => waiting.has(id))) {
    const until = (['reboot', 'login', 'restart'] as const).find((when) => waits.some((wait) => wait.until === when));
    return { first: until === undefined ? null : RUNTIME[until], command: commands.check };
  }
  const fixes = checks.flatMap((check) => check.fixes).filter(({ risk }) => risk !== 'manual');
  if (fixes.length > 0) {
    const asRoot = !commands.isRoot && fixes.some(({ needs }) => needs === 'root');
    const risky = fixes.every(({ risk }) => risk === 'risky') ? ' --risky' : '';
    return { first: null, command: `${asRoot ? commands.fixAsRoot : commands.fix}${risky}` };
  }
  const first = blamed[0];
  return first === undefined ? null : { first: null, command: `${commands.show} ${first.id}` };
}

/** How buildkitd is started in this set-up, with what the person asked about. */
function startOf({ target }: Report): string {
  if (target.unit !== null) {
    const user = target.unit.includes('/systemd/user/') ? ['--user'] : [];
    return commandLine(['systemctl', ...user, 'start', target.unit.slice(target.unit.lastIndexOf('/') + 1)]);
  }
  const { sources } = target;
  return commandLine([
    ...(target.launcher === 'rootlesskit' ? ['rootlesskit'] : []),
    'buildkitd',
    ...(sources.config === 'option' ? ['--config', target.config] : []),
    ...(sources.root === 'option' ? ['--root', target.root] : []),
    ...(sources.addresses === 'option' ? target.addresses.flatMap((address) => ['--addr', address]) : []),
  ]);
}
