import type { Condition, Problem, Severity } from '../model/decide.ts';
import type { CheckReport, PlannedFix } from '../model/say.ts';
import { maskText } from '../secrets/text.ts';
import { stepText } from '../text/steps.ts';
import { visible } from '../text/visible.ts';
import { widthOf } from '../text/wrap.ts';
import { count } from './findings.ts';
import type { ExaminedFile, Layout } from './format.ts';
import { code, prose } from './markdown-text.ts';
import { type Pen, penOf } from './pen.ts';

/** One problem of a file, as JSON has it. */
interface FileFinding {
  readonly condition: Condition;
  readonly severity: Severity;
  /** What it is about: a key, a name. */
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly needs: { readonly [what: string]: string };
  readonly remedy: readonly string[];
  /** How the file would be changed; null where a person has to. */
  readonly mend: { readonly risk: 'safe' | 'risky'; readonly diff: string | null } | null;
}

export interface FindingsDocument {
  readonly schema: 1;
  readonly files: readonly {
    readonly file: string;
    readonly kind: string;
    readonly skipped: string | null;
    readonly problems: readonly FileFinding[];
    readonly mended?: { readonly diff: string; readonly written: boolean };
  }[];
}

const fixesFor = ({ fixes }: CheckReport, index: number): readonly PlannedFix[] =>
  fixes.filter((fix) => fix.for.includes(index));

/** What a person is told to do; the change itself only where nothing is told. */
function remedyOf(fixes: readonly PlannedFix[]): readonly string[] {
  return fixes.flatMap(({ steps }) => {
    const told = steps.filter((step) => step.do === 'tell');
    return (told.length > 0 ? told : steps).flatMap((step) => [stepText(step).say, ...stepText(step).block]);
  });
}

/** What a finding of a build says it needs. */
function needsOf(evidence: unknown): { readonly [what: string]: string } {
  if (typeof evidence !== 'object' || evidence === null || !('needs' in evidence)) return {};
  const entries = Object.entries(evidence.needs ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function findingOf(problem: Problem, fixes: readonly PlannedFix[]): FileFinding {
  const { condition, severity, subject, message, at } = problem;
  const automatic = fixes.find(({ risk }) => risk !== 'manual');
  return {
    condition,
    severity,
    path: subject,
    line: at?.line ?? null,
    column: at?.column ?? null,
    message,
    needs: needsOf(problem.evidence),
    remedy: remedyOf(fixes),
    mend:
      automatic === undefined || automatic.risk === 'manual' ? null : { risk: automatic.risk, diff: automatic.diff },
  };
}

/** In the order of the file; what stands nowhere in it comes last. */
function findingsOf({ checks }: ExaminedFile): readonly FileFinding[] {
  return checks
    .flatMap((check) => check.problems.map((problem, index) => findingOf(problem, fixesFor(check, index))))
    .toSorted((a, b) => (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER));
}

export function findingsJson(files: readonly ExaminedFile[]): FindingsDocument {
  return {
    schema: 1,
    files: files.map((examined) => ({
      file: examined.file,
      kind: examined.kind,
      skipped: examined.skipped,
      problems: findingsOf(examined),
      ...(examined.mended === undefined ? {} : { mended: examined.mended }),
    })),
  };
}

const placeOf = (file: string, { line, column }: FileFinding): string =>
  line === null ? file : `${file}:${line}:${column ?? 1}`;

function sum(files: FindingsDocument['files']): string {
  const all = files.flatMap(({ problems }) => problems);
  const number = (severity: Severity): number => all.filter((one) => one.severity === severity).length;
  const examined = files.filter(({ skipped }) => skipped === null).length;
  return `${count(examined, 'file')}: ${count(number('error'), 'error')}, ${count(number('warning'), 'warning')}.`;
}

/** A line of somebody's file, with nothing secret in it. */
const shown = (line: string): string => maskText(line.length > 200 ? `${line.slice(0, 200)}…` : line);

/** The line that a finding is about, with a sign below its column; without one where a secret or an end was left out before it. */
function quotedLines(line: string, column: number | null, pen: Pen): readonly string[] {
  const [told = ''] = pen.literal([shown(line)], '    | ');
  if (column === null || column > line.length + 1) return [told];
  const [before = ''] = pen.literal([`${line.slice(0, column - 1)}.`], '    | ');
  const start = before.slice(0, -1);
  return told.startsWith(start) ? [told, `${'    | '}${' '.repeat(widthOf(start) - 6)}^`] : [told];
}

/** For a person: each problem with its place before it, what to do below it, and the sum last. */
export function findingsText(files: readonly ExaminedFile[], layout: Layout): string {
  const pen = penOf(layout);
  const { files: found } = findingsJson(files);
  const lines: string[] = [];
  for (const [index, { file, skipped, problems, mended }] of found.entries()) {
    const written = files[index]?.text?.split('\n');
    if (skipped !== null && !layout.quiet) lines.push(...pen.text(`${file}: not examined: ${skipped}`, '', '  '));
    for (const finding of problems) {
      if (finding.severity === 'info' && !layout.verbose) continue;
      const place = placeOf(file, finding);
      lines.push(...pen.text(`${place}: ${finding.severity}: ${finding.message} (${finding.condition})`, '', '  '));
      const line = finding.line === null ? undefined : written?.[finding.line - 1];
      if (line !== undefined) lines.push(...quotedLines(line, finding.column, pen));
      for (const words of finding.remedy) lines.push(...pen.text(words, '    '));
      if (finding.mend?.diff) lines.push(...pen.literal([finding.mend.diff.trimEnd()], '      '));
    }
    if (mended === undefined) continue;
    lines.push('', ...pen.text(mended.written ? `${file} is mended:` : `${file} can be mended so:`));
    lines.push(...pen.literal(mended.diff.trimEnd().split('\n'), '  '), '');
  }
  return `${[...lines, sum(found)].join('\n')}\n`;
}

/** For a ticket: a list for each file. */
export function findingsMarkdown(files: readonly ExaminedFile[]): string {
  const { files: found } = findingsJson(files);
  const blocks = found.flatMap(({ file, skipped, problems }) => [
    `### ${code(file)}`,
    skipped === null ? '' : `Not examined: ${prose(skipped)}`,
    problems
      .map((finding) => {
        const place = finding.line === null ? '' : ` line ${finding.line}`;
        const head = `- ${finding.severity} ${code(finding.condition)}${place}: ${prose(finding.message)}`;
        return [head, ...finding.remedy.map((words) => `  - ${prose(visible(words))}`)].join('\n');
      })
      .join('\n'),
  ]);
  return `${[...blocks.filter((block) => block !== ''), sum(found)].join('\n\n')}\n`;
}
