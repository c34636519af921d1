import { expect, test } from 'vitest';
import type { CatalogEntry } from '../src/catalog.ts';
import { createLook, examine } from '../src/diagnose.ts';
import { rights } from '../src/facts/rights.ts';
import { permittedPlan } from '../src/knowledge/permitted-plan.ts';
import type { CheckReport, Request, Status, Step } from '../src/model.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from './virtual-host.ts';

export interface Ailing {
  host: VirtualHostOptions;
  request?: Partial<Request>;
  /** Conditions found, in order. */
  conditions: readonly string[];
  status?: Status;
  /** Words that the messages must contain. */
  says?: readonly string[];
  /** Nothing is changed for these: the advice has these words, one text a fix. */
  byHand?: readonly string[];
  /** Applies the planned steps to the virtual host's options; the check must then pass (or at least no longer fail). Omit where there is no automatic cure. */
  cure?: (options: VirtualHostOptions, steps: readonly Step[]) => VirtualHostOptions;
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
  const look = createLook(new VirtualHost(options), { ...ASK, ...request });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}

/** What a fix plans for root is what the apply room's rule of places lets root do; nothing has to be made `manual` afterwards. */
async function demandRights(
  { fix }: CatalogEntry,
  { host, request }: Ailing,
  { problems }: CheckReport,
): Promise<void> {
  const allowed = await createLook(new VirtualHost(host), { ...ASK, ...request }).get(rights);
  const planned = fix === undefined || problems.length === 0 ? [] : fix.plan(problems);
  expect(permittedPlan(planned, allowed)).toEqual(planned);
}

/** One table per catalog line; the tester itself demands determinism, JSON evidence, declared conditions and working cures. */
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
      expect(report.problems.map((problem) => problem.condition)).toEqual(row.conditions);
      if (row.status !== undefined) expect(report.status).toBe(row.status);
      for (const problem of report.problems) {
        expect(entry.check.conditions).toContain(problem.condition);
        expect(JSON.parse(JSON.stringify(problem.evidence))).toEqual(problem.evidence);
      }
      const words = report.problems.map((problem) => problem.message).join('\n');
      for (const says of row.says ?? []) expect(words).toContain(says);
      for (const fix of report.fixes) {
        expect(fix.for.every((index) => report.problems[index] !== undefined)).toBe(true);
        if (fix.risk === 'risky') expect(fix.consequence).toBeTruthy();
      }
      await demandRights(entry, row, report);
      if (row.byHand !== undefined) {
        expect(report.fixes.map(({ risk }) => risk)).toEqual(report.fixes.map(() => 'manual'));
        const texts = report.fixes.map(({ steps }) =>
          steps.map((step) => (step.do === 'tell' ? step.text : '')).join('\n'),
        );
        expect(texts).toEqual(row.byHand.map((words) => expect.stringContaining(words)));
      }
      if (row.cure !== undefined) {
        const steps = report.fixes.filter((fix) => fix.risk !== 'manual').flatMap((fix) => fix.steps);
        expect(steps.length).toBeGreaterThan(0);
        const cured = await examineOnce(entry, row.cure(row.host, steps), row.request);
        expect(cured.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
      }
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
