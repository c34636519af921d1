import { sinceBaseline } from '../../compare/baseline.ts';
import { readWaivers, type Waiver, waived } from '../../compare/waivers.ts';
import { UsageError } from '../../host/usage-error.ts';
import { CONDITIONS } from '../../knowledge/conditions.ts';
import type { Catalog } from '../../model/catalog.ts';
import type { Report } from '../../model/say.ts';
import { readText, reportOf } from './report-file.ts';

/** What marks a report's problems as known or waived. Throws UsageError where a file cannot be used. */
export function excuses(
  given: { readonly baseline?: string; readonly waivers?: string },
  catalog: Catalog,
): (report: Report) => Report {
  const baseline = given.baseline === undefined ? null : reportOf('--baseline', given.baseline);
  const waivers = given.waivers === undefined ? [] : waiversOf(given.waivers, catalog);
  return (report) => {
    const marked = waived(report, waivers);
    return baseline === null ? marked : sinceBaseline(marked, baseline);
  };
}

function waiversOf(path: string, catalog: Catalog): readonly Waiver[] {
  try {
    return readWaivers(readText(path), new Date().toISOString().slice(0, 10), {
      checks: new Set(catalog.map(({ check }) => check.id)),
      conditions: new Set(Object.keys(CONDITIONS)),
    });
  } catch (error) {
    if (error instanceof Error) throw new UsageError(`--waivers: ${path}: ${error.message}`);
    throw error;
  }
}
