import { expect, test } from 'vitest';
import { examine } from '../src/examine/examine.ts';
import { createLook } from '../src/examine/look.ts';
import { permittedPlan } from '../src/examine/permitted-plan.ts';
import { summaryOf } from '../src/examine/summary.ts';
import { rights } from '../src/facts/rights/rights.ts';
import type { CatalogEntry } from '../src/model/catalog.ts';
import type { Problem, Severity } from '../src/model/decide.ts';
import type { Request } from '../src/model/look.ts';
import type { Step } from '../src/model/plan.ts';
import type { CheckReport, PlannedFix, Report } from '../src/model/say.ts';
import { terminal } from '../src/report/terminal.ts';
import { located } from '../src/text/located.ts';
import { carryOut } from './carry-out.ts';
import { demandPlainEnglish } from './plain-english.ts';
import { everything, layout } from './report/everything.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from './virtual-host.ts';

export interface Ailing {
  host: VirtualHostOptions;
  request?: Partial<Request>;
  /** Conditions found, in order. */
  conditions: readonly string[];
  /** Of every problem, in order; one word where all have the same. The worst of them is the check's status. */
  severity: Severity | readonly Severity[];
  /** Words that the messages must contain, with the places before them. */
  says?: readonly string[];
  /**
   * The planned steps, carried out on the virtual host, take away what they treat and bring up no error. A function says what
   * else changes then, such as the answer of a probe.
   */
  cure?: true | ((options: VirtualHostOptions, steps: readonly Step[]) => VirtualHostOptions);
  /** What a person is told to do: words of every fix that changes nothing, in order. */
  advice?: readonly string[];
  /** Why there is nothing to be done, where nothing is planned. */
  none?: string;
}
export interface CheckTable {
  healthy: { readonly [name: string]: { host: VirtualHostOptions; request?: Partial<Request> } };
  ailing: { readonly [name: string]: Ailing };
  /** Hosts where the check does not apply, or cannot tell. */
  other?: {
    readonly [name: string]: {
      host: VirtualHostOptions;
      request?: Partial<Request>;
      status: 'skip' | 'unknown';
      says?: string;
    };
  };
}

async function examineOnce(
  entry: CatalogEntry,
  options: VirtualHostOptions,
  request: Partial<Request> = {},
): Promise<CheckReport> {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK, ...request } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  demandPlainEnglish(report);
  return report;
}

/** What a fix plans for root is what the apply room's rule of places lets root do; nothing has to be made `manual` afterwards. */
async function demandRights({ host, request }: Ailing, { fixes }: CheckReport): Promise<void> {
  const allowed = await createLook({ host: new VirtualHost(host), request: { ...ASK, ...request } }).get(rights);
  expect(permittedPlan(fixes, allowed)).toEqual(fixes);
}

const STATUS = { error: 'fail', warning: 'warn', info: 'pass' } as const;

function expectProblems(entry: CatalogEntry, report: CheckReport, row: Ailing): void {
  const { problems } = report;
  expect(problems.map(({ condition }) => condition)).toEqual(row.conditions);
  const wanted = typeof row.severity === 'string' ? problems.map(() => row.severity) : row.severity;
  expect(problems.map(({ severity }) => severity)).toEqual(wanted);
  const worst = (['error', 'warning', 'info'] as const).find((severity) => wanted.includes(severity));
  expect(worst, 'what finds nothing does not ail').toBeDefined();
  expect(report.status).toBe(STATUS[worst ?? 'info']);
  for (const { condition, evidence } of problems) {
    expect(entry.check.conditions).toContain(condition);
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  }
  const words = problems.map(located).join('\n');
  for (const says of row.says ?? []) expect(words).toContain(says);
}

const isAutomatic = ({ risk }: PlannedFix): boolean => risk !== 'manual';

/** What is planned is what the row states: a cure, advice, or that there is none. */
function expectFixes(report: CheckReport, row: Ailing): void {
  for (const fix of report.fixes) {
    expect(fix.for.every((index) => report.problems[index] !== undefined)).toBe(true);
    if (fix.risk === 'risky') expect(fix.consequence).toBeTruthy();
  }
  const advice = report.fixes
    .filter((fix) => !isAutomatic(fix))
    .map(({ steps }) => steps.map((step) => (step.do === 'tell' ? step.text : '')).join('\n'));
  expect(advice).toEqual((row.advice ?? []).map((words) => expect.stringContaining(words)));
  expect(report.fixes.some(isAutomatic), 'planned steps, and a cure in the row').toBe(row.cure !== undefined);
  expect(report.fixes.length === 0, 'nothing planned, and the row says why').toBe(row.none !== undefined);
}

/** A terminal of 24 lines shows one fault whole: its cause, what to do and the next step. */
const TALL = 24;

function expectToFit(report: CheckReport): void {
  const faults = report.problems.filter(({ severity }) => severity !== 'info');
  if (report.status !== 'fail' || faults.length > 1) return;
  const shown: Report = {
    ...everything,
    treatments: [],
    checks: [report, ...everything.checks.filter(({ id }) => id === 'userns/limits')],
  };
  const verdict = { ...everything.verdict, level: 'not-ready', partial: false, reasons: [report.id] } as const;
  const summary = summaryOf(verdict, shown.checks);
  const lines = terminal({ ...shown, verdict: { ...verdict, summary } }, layout).split('\n');
  expect(lines.length - 1, lines.join('\n')).toBeLessThanOrEqual(TALL);
}

/** After the steps what they treat is gone, or is a fact that harms nobody any more; and nothing else stops a build. */
async function expectCure(
  entry: CatalogEntry,
  report: CheckReport,
  row: Ailing,
  cure: NonNullable<Ailing['cure']>,
): Promise<void> {
  const fixes = report.fixes.filter(isAutomatic);
  const named = ({ condition, subject }: Problem): string => `${condition} ${subject}`;
  const treated = fixes.flatMap((fix) => fix.for.flatMap((index) => report.problems[index] ?? []));
  expect(treated.length).toBeGreaterThan(0);
  const steps = fixes.flatMap((fix) => fix.steps);
  const options = cure === true ? carryOut(row.host, steps) : cure(row.host, steps);
  const after = (await examineOnce(entry, options, row.request)).problems;
  const stays = (problem: Problem): boolean =>
    after.some((one) => named(one) === named(problem) && (one.severity !== 'info' || problem.severity === 'info'));
  expect(treated.filter(stays)).toEqual([]);
  const before = new Set(report.problems.map(named));
  expect(after.filter((problem) => problem.severity === 'error' && !before.has(named(problem)))).toEqual([]);
}

/** One table per catalog line; the tester itself demands determinism, JSON evidence, declared conditions, severities, and cures that work. */
export function testCheck(entry: CatalogEntry, table: CheckTable): void {
  const { id } = entry.check;
  for (const [name, { host, request }] of Object.entries(table.healthy)) {
    test(`${id}: healthy: ${name}`, async () => {
      const report = await examineOnce(entry, host, request);
      expect({
        status: report.status,
        reason: report.reason,
        problems: report.problems.filter((p) => p.severity !== 'info'),
      }).toEqual({ status: 'pass', reason: null, problems: [] });
    });
  }
  for (const [name, row] of Object.entries(table.ailing)) {
    test(`${id}: ailing: ${name}`, async () => {
      const report = await examineOnce(entry, row.host, row.request);
      const again = await examineOnce(entry, row.host, row.request);
      expect({ ...again, durationMs: 0 }).toEqual({ ...report, durationMs: 0 });
      expectToFit(report);
      expectProblems(entry, report, row);
      expectFixes(report, row);
      await demandRights(row, report);
      if (row.cure !== undefined) await expectCure(entry, report, row, row.cure);
    });
  }
  for (const [name, row] of Object.entries(table.other ?? {})) {
    test(`${id}: ${row.status}: ${name}`, async () => {
      const report = await examineOnce(entry, row.host, row.request);
      expect(report.status).toBe(row.status);
      expect(report.reason ?? '').toContain(row.says ?? '');
    });
  }
}
