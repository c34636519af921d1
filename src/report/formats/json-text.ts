import type { Step } from '../../model/plan.ts';
import type { Report } from '../../model/say.ts';
import { octal } from '../../text/octal.ts';
import { stepText } from '../../text/steps.ts';
import { safeJson } from '../../text/visible.ts';

/** Any answer as JSON text of several lines, with no character in it that a terminal would obey. */
export function jsonText(value: unknown): string {
  return `${safeJson(JSON.stringify(value, null, 2))}\n`;
}

/** The report itself; what a fix does not say is null, never absent, and every step says in words what it does. */
export function json(report: Report): string {
  return jsonText({
    ...report,
    checks: report.checks.map((check) => ({
      ...check,
      fixes: check.fixes.map((fix) => ({ until: null, consequence: null, ...fix, steps: fix.steps.map(told) })),
    })),
    treatments: report.treatments.map((treatment) => ({ ...treatment, steps: treatment.steps.map(told) })),
  });
}

/** A step with its sentence, the command where it is one, and modes as people write them. */
export function told(step: Step): object {
  const { say, block } = stepText(step);
  const isCommand = step.do === 'run' || (step.do === 'tell' && block.length > 0);
  return { ...step, ...modes(step), say, command: isCommand ? block.join('\n') : null };
}

function modes(step: Step): object {
  if (step.do === 'mode') return { fromText: octal(step.from), toText: octal(step.to) };
  return 'mode' in step ? { modeText: octal(step.mode) } : {};
}
