import type { Problem } from '../model/decide.ts';
import type { CheckReport, Report, Status, TreatmentReport, TreatmentResult } from '../model/say.ts';
import { located } from '../text/located.ts';
import { count, findingsOf, firstOf, fixesToShow } from './findings.ts';
import { fixLines } from './fix-text.ts';
import type { Layout } from './format.ts';
import { type Pen, penOf, SIGNS } from './pen.ts';
import { type Commands, nextStep, UNTIL, verdictWords } from './summary.ts';

/** How a terminal report is laid out. */
export interface ReportLayout extends Layout {
  /** Also the diff of each fix (a plan to decide on). */
  readonly diffs: boolean;
  readonly commands: Commands;
}

const RESULTS: { readonly [R in TreatmentResult]: readonly [word: string, status: Status] } = {
  cured: ['cured', 'pass'],
  already: ['already so', 'pass'],
  pending: ['pending', 'warn'],
  'still-failing': ['still failing', 'fail'],
  'partly-cured': ['partly cured', 'warn'],
  'taken-back': ['taken back', 'fail'],
  declined: ['declined', 'skip'],
  'needs-root': ['needs root', 'warn'],
  manual: ['by hand', 'warn'],
  failed: ['failed', 'fail'],
};

/** The report for a person at a terminal: findings first, passes folded, the verdict and the next command last. */
export function terminal(report: Report, layout: ReportLayout): string {
  const pen = penOf(layout);
  const { findings, passes, skips, deselected } = findingsOf(report);
  const sections: (readonly string[])[] = [];
  if (!layout.quiet) sections.push(header(report, pen));
  sections.push(treatmentLines(report, layout, pen));
  for (const check of findings) sections.push(findingOrFault(check, layout, pen));
  if (layout.verbose) {
    for (const check of passes) sections.push(passed(check, pen));
    sections.push(settingsOf(report, pen), inventoryOf(report, pen));
  }
  if (!layout.quiet) sections.push(folded(passes, skips, deselected, layout, pen));
  sections.push([lastLine(report, layout, pen)]);
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function header({ tool, target, host }: Report, pen: Pen): readonly string[] {
  const who = target.user === null ? `uid ${target.uid}` : `${target.user} (uid ${target.uid})`;
  return [
    ...pen.text(`${tool.name} ${tool.version}: ${target.mode} BuildKit for ${who}`),
    ...pen.text(
      [
        host.os.name,
        `Linux ${host.kernel}`,
        host.arch,
        ...(host.container === null ? [] : [`in ${host.container}`]),
      ].join(', '),
    ),
  ];
}

function heading(status: Status, id: string, note: string, pen: Pen): string {
  const [, , word, colour] = SIGNS[status];
  return `${pen.paint(colour, `${pen.sign(status)} ${word}`)}  ${pen.paint('bold', pen.line(id))}${note}`;
}

/** What cannot be laid out costs its own entry alone. */
function findingOrFault(check: CheckReport, layout: ReportLayout, pen: Pen): readonly string[] {
  try {
    return finding(check, layout, pen);
  } catch (error) {
    const fault = `This entry could not be shown, by a fault of bk-doctor itself: ${String(error)}`;
    return [heading(check.status, check.id, '', pen), ...pen.text(fault, '  ')];
  }
}

function finding(check: CheckReport, { verbose, diffs, commands }: ReportLayout, pen: Pen): readonly string[] {
  const lines = [heading(check.status, check.id, '', pen)];
  const shown = check.problems.filter(({ severity }) => verbose || severity !== 'info');
  const several = shown.length > 1;
  const { first, rest } = firstOf(shown);
  for (const problem of first) lines.push(...problemLines(problem, check, several, pen));
  if (rest !== null) lines.push(...pen.text(rest, '  * ', '    '));
  if (check.reason !== null) lines.push(...pen.text(`Not known: ${check.reason}`, '  '));
  if (check.tell !== null) lines.push('  To find out:', ...pen.literal([check.tell], '    '));
  lines.push(...pen.text(`Why it matters: ${check.why}`, '  '));
  const fixes = firstOf(fixesToShow(check, verbose));
  for (const fix of fixes.first) lines.push(...fixLines(fix, diffs, pen));
  if (fixes.rest !== null) lines.push(...pen.text(fixes.rest, '  '));
  lines.push(...pen.literal([`More: ${commands.show} ${check.id}`], '  '));
  if (verbose) lines.push(...details(check, first, pen));
  return lines;
}

function problemLines(problem: Problem, { status }: CheckReport, several: boolean, pen: Pen): readonly string[] {
  const worst = status === 'fail' ? 'error' : status === 'warn' ? 'warning' : 'info';
  const mark =
    problem.severity === worst ? '' : problem.severity === 'info' ? 'Note: ' : `${sentenceCase(problem.severity)}: `;
  return several ? pen.text(mark + located(problem), '  * ', '    ') : pen.text(mark + located(problem), '  ');
}

function details(check: CheckReport, problems: readonly Problem[], pen: Pen): readonly string[] {
  const lines = problems.flatMap(({ condition, evidence }) =>
    pen.text(`${condition} ${JSON.stringify(evidence)}`, '  Evidence: ', '    '),
  );
  return [...lines, ...pen.text(`${check.docs}; took ${Math.round(check.durationMs)} ms`, '  Page: ', '    ')];
}

function passed(check: CheckReport, pen: Pen): readonly string[] {
  return [
    heading('pass', check.id, pen.line(`  ${check.title} (${Math.round(check.durationMs)} ms)`), pen),
    ...check.problems.flatMap((problem) => pen.text(`Note: ${located(problem)}`, '  ')),
  ];
}

/** What was done. What was not even tried is told by the findings; it stands here only where they do not say why. */
function treatmentLines({ treatments, checks }: Report, { verbose }: ReportLayout, pen: Pen): readonly string[] {
  const passes = new Set(checks.filter(({ status }) => status === 'pass' || status === 'skip').map(({ id }) => id));
  const told = treatments
    .filter(({ check, result }) => {
      if (verbose) return true;
      if (result === 'manual') return false;
      return !(passes.has(check) && (result === 'declined' || result === 'needs-root'));
    })
    .map((treatment) => treated(treatment, pen).join('\n'));
  return [...new Set(told)];
}

function treated({ check, result, transaction, message, until }: TreatmentReport, pen: Pen): readonly string[] {
  const [word, status] = RESULTS[result];
  const colour = SIGNS[status][3];
  const head = `${pen.paint(colour, `${pen.sign(status)} ${word}`)}  ${pen.line(check)}`;
  const told = [
    ...(message === null ? [] : [message]),
    ...(result !== 'pending' || until === null || message !== null ? [] : [`It ${UNTIL[until]}.`]),
    ...(transaction === null || result === 'taken-back' || result === 'still-failing'
      ? []
      : [`Transaction ${transaction}.`]),
  ];
  return [head, ...told.flatMap((text) => pen.text(text, '  '))];
}

function folded(
  passes: readonly CheckReport[],
  skips: readonly CheckReport[],
  deselected: readonly CheckReport[],
  { verbose }: ReportLayout,
  pen: Pen,
): readonly string[] {
  const lines: string[] = [];
  const sign = (status: Status): string => `${pen.sign(status)} `;
  const notes = passes.filter(({ problems }) => problems.length > 0).length;
  const more = verbose
    ? ''
    : ` (-v shows ${passes.length === 1 ? 'it' : 'them'}${notes === 0 ? '' : `, ${notes} with notes`})`;
  if (passes.length > 0)
    lines.push(...pen.text(`${count(passes.length, 'check passes', 'checks pass')}${more}`, sign('pass'), '  '));
  if (skips.length > 0) {
    const each = skips.map(({ id, reason }) => `${id} (${reason ?? 'does not apply'})`).join(', ');
    lines.push(...pen.text(`${skips.length} skipped: ${each}`, sign('skip'), '  '));
  }
  if (deselected.length > 0) {
    const each = verbose ? `: ${deselected.map(({ id }) => id).join(', ')}` : '';
    lines.push(...pen.text(`${deselected.length} not selected${each}`, sign('skip'), '  '));
  }
  return lines;
}

function settingsOf({ target }: Report, pen: Pen): readonly string[] {
  const from = (setting: string): string =>
    target.sources[setting] === undefined ? '' : ` (${target.sources[setting]})`;
  return [
    pen.paint('bold', 'Examined'),
    ...row('launcher', target.launcher, pen),
    ...row('unit', target.unit ?? 'none', pen),
    ...row('running', target.running ? 'yes' : 'no', pen),
    ...row('config', `${target.config}${from('config')}`, pen),
    ...row('root', `${target.root}${from('root')}`, pen),
    ...target.addresses.flatMap((address) => row('address', `${address}${from('addresses')}`, pen)),
    ...Object.entries(target.environment).flatMap(([name, { value, source }]) =>
      row(name, `${value} (${source})`, pen),
    ),
  ];
}

function inventoryOf({ host }: Report, pen: Pen): readonly string[] {
  return [
    pen.paint('bold', 'Host'),
    ...row(
      'system',
      `${host.os.name} (${[host.os.id, host.os.version].filter((part) => part !== null).join(' ')})`,
      pen,
    ),
    ...row('kernel', `${host.kernel} ${host.arch}`, pen),
    ...row('container', host.container ?? 'none', pen),
    ...row('virtualization', host.virtualization ?? 'none seen', pen),
    ...row('processors', String(host.cpus), pen),
    ...row('memory', `${Math.round(host.memoryBytes / 1024 ** 2)} MiB`, pen),
    ...(host.hardware === undefined
      ? []
      : [
          ...row('machine', host.hardware.system || 'not told', pen),
          ...row('processor', host.hardware.cpu || 'not told', pen),
          ...row('hypervisor', host.hardware.hypervisor ?? 'none told', pen),
        ]),
    ...Object.entries(host.software).flatMap(([name, version]) => row(name, version ?? 'not found', pen)),
  ];
}

function row(name: string, value: string, pen: Pen): readonly string[] {
  const [first = ''] = pen.literal([name], '');
  return pen.text(value, `  ${first.padEnd(16)} `, ' '.repeat(19));
}

function lastLine(report: Report, { commands }: ReportLayout, pen: Pen): string {
  const colour = { ready: 'green', degraded: 'yellow', 'not-ready': 'red', unknown: 'cyan' } as const;
  const verdict = pen.paint(colour[report.verdict.level], pen.line(verdictWords(report)));
  const next = nextStep(report, commands);
  if (next === null) return `${verdict}.`;
  const where = commands.elsewhere ? ', on that host' : '';
  const first = next.first === null ? '' : `${pen.line(next.first)}${next.first.startsWith('as ') ? ': ' : ', then: '}`;
  return `${verdict}. Next${where}: ${first}${pen.paint('bold', pen.line(next.command))}`;
}

const sentenceCase = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
