import type { Severity } from '../model/decide.ts';
import type { Level, Status } from '../model/say.ts';

/** What is compared of a report, of this release or an earlier one. */
export interface Comparable {
  readonly startedAt: string;
  readonly version: string;
  /** Null in reports that do not tell, or hide it. */
  readonly host: string | null;
  readonly level: Level;
  readonly summary: string;
  readonly problems: readonly ComparableProblem[];
  readonly unknown: readonly string[];
  /** What kind of machine and set-up it is: a value for each name. */
  readonly facts: { readonly [name: string]: string };
}

export interface ComparableProblem {
  readonly check: string;
  readonly condition: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
}

const LEVELS: readonly string[] = ['ready', 'degraded', 'not-ready', 'unknown'] satisfies Level[];
const STATUSES: readonly string[] = ['pass', 'warn', 'fail', 'skip', 'unknown'] satisfies Status[];
const SEVERITIES: readonly string[] = ['error', 'warning', 'info'] satisfies Severity[];

type Fields = { readonly [name: string]: unknown };
const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A report read from JSON; a sentence where it is none. Fields that nobody knows are passed over. */
export function comparable(value: unknown): Comparable | string {
  const report = fieldsOf(value);
  if (report === null) return 'it is no report of bk-doctor';
  if (report.schema !== 1) return `it has the schema ${JSON.stringify(report.schema) ?? 'of nobody'}, not 1`;
  const verdict = fieldsOf(report.verdict);
  const level = textOf(verdict?.level);
  if (verdict === null || level === null || !LEVELS.includes(level) || !Array.isArray(report.checks))
    return 'it is no report of check or fix';
  const checks = report.checks.map(fieldsOf).filter((check) => check !== null);
  const unread = checks.some(({ id, status }) => textOf(id) === null || !STATUSES.includes(String(status)));
  if (unread || checks.length !== report.checks.length) return 'it has a check without an id or a status';
  const host = fieldsOf(report.host) ?? {};
  const name = textOf(host.name);
  const reasons = listOf(verdict.reasons).map(String);
  return {
    startedAt: textOf(report.startedAt) ?? '',
    version: textOf(fieldsOf(report.tool)?.version) ?? '',
    host: name === null || /^<host\d+>$/.test(name) ? null : name,
    level: level as Level,
    // Reports of earlier releases have no sentence.
    summary: textOf(verdict.summary) ?? [level.toUpperCase(), ...reasons].join(' '),
    problems: checks.flatMap((check) => listOf(check.problems).flatMap((one) => problemOf(String(check.id), one))),
    unknown: checks.filter(({ status }) => status === 'unknown').map(({ id }) => String(id)),
    facts: factsOf(report, host, verdict),
  };
}

function problemOf(check: string, value: unknown): readonly ComparableProblem[] {
  const problem = fieldsOf(value);
  const [condition, severity] = [textOf(problem?.condition), textOf(problem?.severity)];
  if (problem === null || condition === null || severity === null || !SEVERITIES.includes(severity)) return [];
  return [
    {
      check,
      condition,
      severity: severity as Severity,
      subject: textOf(problem.subject) ?? '',
      message: textOf(problem.message) ?? '',
    },
  ];
}

function factsOf(report: Fields, host: Fields, verdict: Fields): Comparable['facts'] {
  const target = fieldsOf(report.target) ?? {};
  const os = fieldsOf(host.os) ?? {};
  const named: readonly (readonly [string, unknown])[] = [
    ['system', os.name],
    ['kernel', host.kernel],
    ['architecture', host.arch],
    ['container', host.container],
    ['mode', target.mode],
    ['launcher', target.launcher],
    ['configuration', target.config],
    ['state directory', target.root],
    ['addresses', listOf(target.addresses).join(', ')],
    ['unit', target.unit],
    ['snapshotter', verdict.snapshotter],
    ...Object.entries(fieldsOf(host.software) ?? {}).map(([name, version]) => [`${name} version`, version] as const),
  ];
  return Object.fromEntries(
    named.flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [[name, value]] : [])),
  );
}

/** What makes a problem the same one in two reports. */
export const keyOf = ({
  check,
  condition,
  subject,
}: Pick<ComparableProblem, 'check' | 'condition' | 'subject'>): string => JSON.stringify([check, condition, subject]);
