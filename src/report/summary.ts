import type { Until } from '../model/plan.ts';
import type { CheckReport, PlannedFix, Report, TargetReport } from '../model/say.ts';
import { commandLine } from '../text/shell.ts';
import { stepText } from '../text/steps.ts';
import { fixesToShow } from './findings.ts';

/** Command lines that a person can type here, complete with the flags that repeat the question. */
export interface Commands {
  readonly check: string;
  readonly fix: string;
  /** The same as root: absolute paths, because sudo's PATH may lack the user's Node. */
  readonly checkAsRoot: string;
  readonly fixAsRoot: string;
  /** Prints the plan as a shell script; for somebody who may not do it himself. */
  readonly script: string;
  /** Followed by a space and a run. */
  readonly undo: string;
  /** Followed by a space and an id. */
  readonly show: string;
  /** Null where this release has no such command. */
  readonly verify: string | null;
  /** Makes a service of it; null where buildkitd is to live for one build only. */
  readonly setup: string | null;
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

/** What to do next. Commands stand each on a line of its own. */
export interface NextStep {
  /** What must be done before the commands, in words. */
  readonly first: string | null;
  readonly commands: readonly string[];
  /** The command that comes after a person's own work; null where the commands are all. */
  readonly after: string | null;
  /** The fix that is told here in full. */
  readonly told?: PlannedFix;
}

export function nextStep(report: Report, commands: Commands): NextStep | null {
  const { checks, verdict, target } = report;
  const only = (command: string, first: string | null = null): NextStep => ({
    first,
    commands: [command],
    after: null,
  });
  const blamed = verdict.reasons.flatMap((reason) => checks.filter(({ id }) => id === reason));
  if (verdict.level === 'ready') {
    if (commands.setup !== null && !target.running && lacksService(checks)) return only(commands.setup);
    if (commands.verify !== null) return only(commands.verify);
    if (target.running) return null;
    const other = commands.isRoot && target.uid !== 0;
    return only(startOf(target), other ? `as ${target.user ?? `uid ${target.uid}`}: ` : null);
  }
  if (verdict.level === 'unknown') {
    const tell = blamed.find((check) => check.tell !== null)?.tell ?? null;
    if (tell !== null) return only(tell);
    if (!commands.isRoot) return only(commands.checkAsRoot);
    return only(`${commands.show} ${blamed[0]?.id ?? ''}`.trim());
  }
  const waits = report.treatments.filter(({ result }) => result === 'pending');
  const waiting = new Set(waits.map(({ check }) => check));
  if (blamed.length > 0 && blamed.every(({ id }) => waiting.has(id))) {
    const until = (['reboot', 'login', 'restart'] as const).find((when) => waits.some((wait) => wait.until === when));
    return only(commands.check, until === undefined ? null : `${RUNTIME[until]}, then: `);
  }
  const fixes = checks.flatMap((check) => check.fixes).filter(({ risk }) => risk !== 'manual');
  if (fixes.length > 0) {
    const asRoot = !commands.isRoot && fixes.some(({ needs }) => needs === 'root');
    const risky = fixes.every(({ risk }) => risk === 'risky') ? ' --risky' : '';
    return only(`${asRoot ? commands.fixAsRoot : commands.fix}${risky}`);
  }
  const [first] = blamed;
  return first === undefined ? null : byHand(first, commands);
}

/** systemd runs, and nothing of it starts buildkitd. */
export const lacksService = (checks: readonly CheckReport[]): boolean =>
  checks.some(
    ({ id, problems }) => id === 'service/state' && problems.some(({ condition }) => condition === 'service.missing'),
  );

/** More lines than this are no step but a text to read. */
const MOST_LINES = 6;

/** Words that are longer stand under By hand, and are not said twice. */
const MOST_WORDS = 160;

/** What a person has to do: what is typed or written if there is such a thing, else in words; then the same question again. */
function byHand(check: CheckReport, { check: again, show }: Commands): NextStep {
  const page: NextStep = { first: null, commands: [`${show} ${check.id}`], after: null };
  const fix = fixesToShow(check, false)[0];
  const advice = fix?.steps.map(stepText) ?? [];
  const told = fix !== undefined && advice.length === 1 ? { told: fix } : {};
  const literal = advice.filter(({ block }) => block.length > 0);
  const commands = literal.flatMap(({ block }) => block);
  if (commands.length > MOST_LINES) return page;
  const [first] = literal.length > 0 ? literal : advice;
  if (first === undefined) return page;
  if (commands.length > 0) return { first: literal.length === 1 ? first.say : null, commands, after: again, ...told };
  return first.say.length > MOST_WORDS
    ? { first: 'do what stands under By hand, then: ', commands: [again], after: null }
    : { first: first.say, commands: [], after: again, ...told };
}

/** How buildkitd is started in this set-up, with what the person asked about. */
export function startOf(target: TargetReport): string {
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
