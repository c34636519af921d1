import { parse, TomlError } from 'smol-toml';
import type { Problem } from '../model/decide.ts';
import type { CheckReport, Report } from '../model/say.ts';

/** What somebody has decided to live with, until a day. */
export interface Waiver {
  readonly check: string | null;
  readonly condition: string | null;
  /** Null: whatever it is about. */
  readonly subject: string | null;
  readonly reason: string;
  /** The last day on which it holds, as `2027-01-31`. */
  readonly until: string;
  /** The line of its `[[waiver]]`. */
  readonly line: number;
}

/** A file of waivers that cannot be used: what is wrong, with the line. */
export class BadWaivers extends Error {
  override readonly name = 'BadWaivers';
}

const KEYS: ReadonlySet<string> = new Set(['check', 'condition', 'subject', 'reason', 'until']);

/** Reads a file of waivers. `today` is a day in UTC, as `2027-01-31`. Throws BadWaivers also where one has expired. */
export function readWaivers(
  text: string,
  today: string,
  known: { readonly checks: ReadonlySet<string>; readonly conditions: ReadonlySet<string> },
): readonly Waiver[] {
  const { waiver, ...others } = parsed(text);
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new BadWaivers(`“${other}” is no key of a waivers file: it has [[waiver]] tables alone`);
  if (waiver === undefined) return [];
  if (!Array.isArray(waiver)) throw new BadWaivers('waiver must be a list of tables: write [[waiver]]');
  const lines = linesOf(text);
  return waiver.map((entry: unknown, index) => waiverOf(entry, lines[index] ?? 1, today, known));
}

function parsed(text: string): { readonly [key: string]: unknown } {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new BadWaivers(
      `line ${error.line}: ${error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')}`,
    );
  }
}

const linesOf = (text: string): readonly number[] =>
  text.split('\n').flatMap((line, index) => (/^\s*\[\[\s*waiver\s*\]\]/.test(line) ? [index + 1] : []));

function waiverOf(
  entry: unknown,
  line: number,
  today: string,
  { checks, conditions }: { readonly checks: ReadonlySet<string>; readonly conditions: ReadonlySet<string> },
): Waiver {
  const bad = (what: string): BadWaivers => new BadWaivers(`line ${line}: ${what}`);
  if (typeof entry !== 'object' || entry === null) throw bad('a waiver must be a table');
  const fields = entry as { readonly [key: string]: unknown };
  const unknown = Object.keys(fields).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw bad(`“${unknown}” is no key of a waiver (${[...KEYS].join(', ')})`);
  const text = (key: string): string | null => {
    const value = fields[key];
    if (value === undefined) return null;
    if (typeof value !== 'string' || value.trim() === '') throw bad(`${key} must be a string that is not empty`);
    return value;
  };
  const [check, condition, subject, reason] = [text('check'), text('condition'), text('subject'), text('reason')];
  if (check === null && condition === null) throw bad('a waiver names a check or a condition');
  if (check !== null && !checks.has(check)) throw bad(`there is no check “${check}”`);
  if (condition !== null && !conditions.has(condition)) throw bad(`there is no condition “${condition}”`);
  if (reason === null) throw bad('a waiver needs a reason');
  const until = dayOf(fields.until);
  if (until === null) throw bad('until must be a day, such as 2027-01-31');
  if (until < today)
    throw bad(`the waiver of ${condition ?? check} expired on ${until}: mend what it is about, or renew it`);
  return { check, condition, subject, reason, until, line };
}

/** A day, written as TOML's date or as a string. */
function dayOf(value: unknown): string | null {
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text ? null : text;
}

const covers = (waiver: Waiver, check: string, { condition, subject }: Problem): boolean =>
  (waiver.check === null || waiver.check === check) &&
  (waiver.condition === null || waiver.condition === condition) &&
  (waiver.subject === null || waiver.subject === subject);

/** The report in which what is waived says so. The verdict stays: it tells what buildkitd does. */
export function waived(report: Report, waivers: readonly Waiver[]): Report {
  if (waivers.length === 0) return report;
  return { ...report, checks: report.checks.map((check) => waivedCheck(check, waivers)) };
}

function waivedCheck(check: CheckReport, waivers: readonly Waiver[]): CheckReport {
  const excused = check.problems.flatMap((problem, index) => {
    const waiver = waivers.find((one) => covers(one, check.id, problem));
    if (waiver === undefined) return [];
    return [{ problem: index, by: 'waiver', reason: waiver.reason, until: waiver.until } as const];
  });
  return excused.length === 0 ? check : { ...check, excused: [...(check.excused ?? []), ...excused] };
}
