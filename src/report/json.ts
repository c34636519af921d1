import type { Report } from '../model/say.ts';
import { safeJson } from '../text/visible.ts';

/** Any answer as JSON text of several lines, with no character in it that a terminal would obey. */
export function jsonText(value: unknown): string {
  return `${safeJson(JSON.stringify(value, null, 2))}\n`;
}

/** The report itself; what a fix does not say is null, never absent. */
export function json(report: Report): string {
  return jsonText({
    ...report,
    checks: report.checks.map((check) => ({
      ...check,
      fixes: check.fixes.map((fix) => ({ until: null, consequence: null, ...fix })),
    })),
  });
}
