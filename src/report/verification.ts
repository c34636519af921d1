import type { Condition } from '../model/decide.ts';
import type { Diagnosis } from '../symptoms/diagnose.ts';
import { remedyMarkdown } from './explanation.ts';
import type { Layout } from './format.ts';
import { code, fenced, prose } from './markdown-text.ts';
import { type Pen, penOf, SIGNS } from './pen.ts';

/** What `bk-doctor verify` found, as its JSON says it. */
export interface VerificationAnswer {
  readonly schema: 1;
  readonly ok: boolean;
  readonly stages: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly durationMs: number;
    readonly message: string | null;
  }[];
  readonly snapshotter: string | null;
  readonly log: readonly string[];
  readonly diagnoses: readonly {
    readonly check: string;
    readonly condition: Condition;
    readonly message: string;
    readonly docs: string;
    /**
     * Why it matters.
     * @later
     */
    readonly why: string;
    /**
     * What to do about it; a line that begins with "$ " is a command.
     * @later
     */
    readonly remedy: readonly string[];
  }[];
  /**
   * What the words of the programs tell, as `explain` would of the same log.
   * @later
   */
  readonly told: readonly Diagnosis[];
}

/** The answer, and the command line that comes next; null where there is none. */
export interface ShownVerification {
  readonly answer: VerificationAnswer;
  readonly next: string | null;
}

/** The answer for a person: a line a stage, what explains a failure, the last words of the programs, and what to do next. */
export function verificationText({ answer, next }: ShownVerification, layout: Layout): string {
  const pen = penOf(layout);
  const { ok } = answer;
  const sum = sumOf(answer);
  const sections = [
    ...(layout.quiet && ok ? [] : [answer.stages.flatMap((stage) => stageLines(stage, pen))]),
    ...(ok ? [] : [causeLines(answer, pen), lastWords(answer, layout, pen)]),
    [
      ...pen.text(sum, '', '  ').map((line) => pen.paint(ok ? 'green' : 'red', line)),
      ...(next === null ? [] : [`Next: ${pen.paint('bold', pen.line(next))}`]),
    ],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** How it went, in a sentence. */
function sumOf({ ok, snapshotter, stages }: VerificationAnswer): string {
  const used = snapshotter === null ? '' : ` (snapshotter ${snapshotter})`;
  if (ok) return `PASSED: buildkitd started, and the build succeeded${used}.`;
  const failed = stages.find((stage) => !stage.ok)?.name;
  if (failed === 'start' || failed === undefined) return 'FAILED: buildkitd did not start.';
  return `FAILED: buildkitd started, but ${FAILURES[failed] ?? `the stage “${failed}” failed`}${used}.`;
}

const FAILURES: { readonly [stage: string]: string } = {
  connect: 'did not answer',
  build: 'the build failed',
  'clean-up': 'could not be stopped and tidied up',
};

function stageLines(
  { name, ok, durationMs, message }: VerificationAnswer['stages'][number],
  pen: Pen,
): readonly string[] {
  const status = ok ? 'pass' : 'fail';
  const head = `${pen.paint(SIGNS[status][3], pen.sign(status))} ${pen.line(name).padEnd(8)} ${String(durationMs).padStart(6)} ms`;
  return [head, ...(message === null ? [] : pen.text(message, '    '))];
}

function causeLines({ diagnoses, told }: VerificationAnswer, pen: Pen): readonly string[] {
  if (diagnoses.length > 0)
    return diagnoses.flatMap(({ check, message, remedy }) => [
      `${pen.paint('bold', 'Cause:')} ${pen.line(check)}`,
      ...pen.text(message, '  '),
      ...remedyLines(remedy, pen),
    ]);
  const [first] = told;
  if (first === undefined) return ['No check of bk-doctor fails: the last words below are the evidence.'];
  return [
    `${pen.paint('bold', 'Cause:')} ${pen.line(`${first.condition} (${first.confidence}, from the last words below)`)}`,
    ...pen.text(`${first.definition}.`, '  '),
    ...remedyLines(first.remedy, pen),
  ];
}

/** So many of the last lines are shown; with -v all of them. */
const MOST_LINES = 3;

function lastWords({ log }: VerificationAnswer, { verbose }: Layout, pen: Pen): readonly string[] {
  if (log.length === 0) return [];
  const shown = verbose ? log : log.slice(-MOST_LINES);
  const more = shown.length < log.length ? ' (-v shows all)' : '';
  return [`Last words of the programs${more}:`, ...shown.flatMap((line) => pen.text(line, '  ', '    '))];
}

function remedyLines(remedy: readonly string[], pen: Pen): readonly string[] {
  return remedy.flatMap((step) =>
    step.startsWith('$ ') ? pen.literal([step.slice(2)], '      ') : pen.text(step, '    '),
  );
}

/** The answer for a ticket: the sum, the stages, what explains a failure, and the last words of the programs. */
export function verificationMarkdown({ answer }: ShownVerification): string {
  const { ok, stages, diagnoses, told, log } = answer;
  const causes = [
    ...diagnoses.map(({ check, message, remedy }) => [`${code(check)}: ${prose(message)}`, ...remedyMarkdown(remedy)]),
    ...(diagnoses.length > 0 ? [] : told.slice(0, 1)).map(({ condition, definition, remedy }) => [
      `${code(condition)}: ${prose(definition)}`,
      ...remedyMarkdown(remedy),
    ]),
  ].flat();
  const blocks = [
    `## ${prose(`bk-doctor verify: ${sumOf(answer)}`)}`,
    stages
      .map(
        (stage) =>
          `- ${stage.ok ? 'passed' : '**failed**'} ${code(stage.name)}, ${stage.durationMs} ms${stage.message === null ? '' : `: ${prose(stage.message)}`}`,
      )
      .join('\n'),
    ...(ok || causes.length === 0 ? [] : ['### Cause', ...causes]),
    ...(ok || log.length === 0 ? [] : ['### Last words of the programs', fenced(log, 'text')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}
