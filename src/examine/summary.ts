import type { Problem } from '../model/decide.ts';
import type { Json } from '../model/look.ts';
import type { CheckReport, Verdict } from '../model/say.ts';
import { withoutTrailing } from '../text/trailing.ts';

/** A reason longer than this is cut: the finding has all of it. */
const MOST = 110;

/** The verdict in one sentence that names its first reason, without a full stop. */
export function summaryOf(verdict: Omit<Verdict, 'summary'>, checks: readonly CheckReport[]): string {
  const selected = checks.filter(({ status, reason }) => !(status === 'skip' && reason === 'not selected'));
  const basis = [
    ...(verdict.partial ? [`${selected.length} of ${checks.length} checks selected`] : []),
    ...(verdict.proved ? [] : ['judged from files, not proved']),
  ];
  const note = basis.length === 0 ? '' : ` (${basis.join('; ')})`;
  return `${words(verdict, selected)}${note}`;
}

function words({ level, snapshotter, reasons }: Omit<Verdict, 'summary'>, checks: readonly CheckReport[]): string {
  const using = snapshotter === null ? '' : `, snapshotter ${snapshotter}`;
  const blamed = reasons.flatMap((reason) => checks.filter(({ id }) => id === reason));
  // What another failing check explains is no reason of its own.
  const roots = blamed.filter(({ explainedBy }) => explainedBy === undefined);
  const [first] = roots.length > 0 ? roots : blamed;
  const others = Math.max(roots.length - 1, 0);
  const more = (one: string, many: string): string =>
    others === 0 ? '' : `; ${others} more ${others === 1 ? one : many}`;
  switch (level) {
    case 'ready':
      return `READY${using}`;
    case 'degraded':
      return `READY${using}, but ${first === undefined ? 'a check warns' : because(first, 'warning')}${more('check warns', 'checks warn')}`;
    case 'not-ready':
      return `NOT READY: ${onlyBuildkitd(checks) ?? (first === undefined ? 'a check fails' : because(first, 'error'))}${more('check fails', 'checks fail')}`;
    case 'unknown':
      return `UNKNOWN: ${first === undefined ? 'a required check could not be made' : unknownOf(first)}${more('required check could not be made', 'required checks could not be made')}`;
  }
}

function because({ id, problems, title }: CheckReport, severity: Problem['severity']): string {
  const problem = problems.find((one) => one.severity === severity) ?? problems[0];
  return `${problem === undefined ? title : placed(problem)} (${id})`;
}

function unknownOf({ id, reason, title }: CheckReport): string {
  return `${shortened(reason ?? title)} (${id})`;
}

function placed({ message, at }: Problem): string {
  const words = shortened(message);
  if (at === undefined) return words;
  const file = at.path.slice(at.path.lastIndexOf('/') + 1);
  return words.includes(file) ? words : `${file} line ${at.line}: ${words}`;
}

/** Its first sentence, within bounds. */
function shortened(text: string): string {
  const [first = ''] = text.split(/\.\s|\n/, 1);
  const plain = first.replace(/[.:]\s*$/, '').trim();
  if (plain.length <= MOST) return plain;
  const cut = plain.slice(0, MOST);
  return `${withoutTrailing(cut.slice(0, Math.max(cut.lastIndexOf(' '), MOST - 30)), ' ,;:')} …`;
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
