import type { Step, Treatment, Until } from '../../model/plan.ts';
import type { CheckReport, PlannedFix, Report, TreatmentReport } from '../../model/say.ts';
import { octal } from '../../text/octal.ts';
import { stepText } from '../../text/steps.ts';
import { safeJson } from '../../text/visible.ts';

/** Any answer as JSON text of several lines, with no character in it that a terminal would obey. */
export function jsonText(value: unknown): string {
  return `${safeJson(JSON.stringify(value, null, 2))}\n`;
}

/** Modes as people write them, in octal digits as chmod(1) takes them. */
type WithModes<S> = S extends { readonly do: 'mode' }
  ? S & {
      /**
       * In octal digits, as chmod(1) takes it.
       * @pattern ^[0-7]{4}$
       * @later
       */
      readonly fromText: string;
      /**
       * In octal digits, as chmod(1) takes it.
       * @pattern ^[0-7]{4}$
       * @later
       */
      readonly toText: string;
    }
  : S extends { readonly mode: number }
    ? S & {
        /**
         * In octal digits, as chmod(1) takes it.
         * @pattern ^[0-7]{4}$
         * @later
         */
        readonly modeText: string;
      }
    : S;

/** A step as JSON has it: in words and, where it is one, as a command; modes also as people write them. */
export type ToldStep = WithModes<Step> & {
  /**
   * The step in one sentence, for a person.
   * @later
   */
  readonly say: string;
  /**
   * What can be typed into a shell for it; null where there is no such command.
   * @later
   */
  readonly command: string | null;
};

/** A treatment as JSON has it: what it does not say is null, never absent. */
interface ToldFix extends Omit<Treatment, 'until' | 'consequence' | 'steps'>, Pick<PlannedFix, 'needs' | 'diff'> {
  /** When it takes effect, if not at once. */
  readonly until: Until | null;
  /** What is lost or weakened; always there for risky ones. */
  readonly consequence: string | null;
  readonly steps: readonly ToldStep[];
}

interface ToldCheck extends Omit<CheckReport, 'fixes'> {
  readonly fixes: readonly ToldFix[];
}

interface ToldTreatment extends Omit<TreatmentReport, 'steps'> {
  readonly steps: readonly ToldStep[];
}

/** What `bk-doctor check --json` and `bk-doctor fix --json` print. */
export interface ToldReport extends Omit<Report, 'checks' | 'treatments'> {
  /** Every check, in the order of the catalog; deselected ones are skips with the reason "not selected". */
  readonly checks: readonly ToldCheck[];
  /** What fix has done, in order. */
  readonly treatments: readonly ToldTreatment[];
}

/** The report itself; what a fix does not say is null, never absent, and every step says in words what it does. */
export function json(report: Report): string {
  return jsonText(toldReport(report));
}

function toldReport(report: Report): ToldReport {
  return {
    ...report,
    checks: report.checks.map((check) => ({
      ...check,
      fixes: check.fixes.map((fix) => ({ until: null, consequence: null, ...fix, steps: fix.steps.map(told) })),
    })),
    treatments: report.treatments.map((treatment) => ({ ...treatment, steps: treatment.steps.map(told) })),
  };
}

/** A step with its sentence, the command where it is one, and modes as people write them. */
export function told(step: Step): ToldStep {
  const { say, block } = stepText(step);
  const isCommand = step.do === 'run' || (step.do === 'tell' && block.length > 0);
  return { ...withModes(step), say, command: isCommand ? block.join('\n') : null };
}

function withModes(step: Step): WithModes<Step> {
  if (step.do === 'mode') return { ...step, fromText: octal(step.from), toText: octal(step.to) };
  return step.do === 'edit' || step.do === 'directory' ? { ...step, modeText: octal(step.mode) } : step;
}
