import type { Catalog } from '../model/catalog.ts';
import type { CheckReport, Level, Verdict } from '../model/say.ts';
import { summaryOf } from './summary.ts';

export interface Basis {
  /** Were the namespace probes really made? */
  readonly proved: boolean;
  readonly snapshotter: string | null;
  readonly processSandbox: boolean | null;
}

/** Would buildkitd, started as this user with this configuration, start and run an ordinary build? */
export function verdictOf<S>(checks: readonly CheckReport[], catalog: Catalog<S>, basis: Basis): Verdict {
  const level = levelOf(checks);
  const verdict = {
    ready: level === 'unknown' ? null : level !== 'not-ready',
    level,
    proved: basis.proved,
    partial: checks.some(({ status, reason }) => status === 'skip' && reason === 'not selected'),
    snapshotter: basis.snapshotter,
    processSandbox: basis.processSandbox,
    reasons: causeFirst(
      checks.filter((check) => decidedBy(level, check)).map(({ id }) => id),
      catalog,
    ),
  };
  return { ...verdict, summary: summaryOf(verdict, checks) };
}

function levelOf(checks: readonly CheckReport[]): Level {
  if (checks.some(({ status }) => status === 'fail')) return 'not-ready';
  if (checks.some(({ status, decides }) => decides && status === 'unknown')) return 'unknown';
  if (checks.some(({ status }) => status === 'warn')) return 'degraded';
  return 'ready';
}

function decidedBy(level: Level, { status, decides }: CheckReport): boolean {
  switch (level) {
    case 'not-ready':
      return status === 'fail';
    case 'unknown':
      return status === 'unknown' && decides;
    case 'degraded':
      return status === 'warn';
    case 'ready':
      return false;
  }
}

/** Catalog order, but what is explained by others stands after them. */
function causeFirst<S>(ids: readonly string[], catalog: Catalog<S>): readonly string[] {
  const explainers = new Map(catalog.map(({ check, explainedBy }) => [check.id, explainedBy ?? []]));
  const placed: string[] = [];
  const place = (id: string, trail: readonly string[]): void => {
    if (placed.includes(id) || trail.includes(id)) return;
    for (const cause of explainers.get(id) ?? []) if (ids.includes(cause)) place(cause, [...trail, id]);
    placed.push(id);
  };
  for (const id of ids) place(id, []);
  return placed;
}
