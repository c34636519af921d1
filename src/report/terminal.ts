import type { Problem } from '../model/decide.ts';
import type { CheckReport, PlannedFix, Report, Status } from '../model/say.ts';
import { located } from '../text/located.ts';
import { firstSentence } from '../text/sentence.ts';
import { widthOf } from '../text/wrap.ts';
import { count, type Folded, findingsOf, firstOf, fixesToShow, folded } from './findings.ts';
import { briefFix, fixLines } from './fix-text.ts';
import type { Layout } from './format.ts';
import { type Pen, penOf, SIGNS } from './pen.ts';
import { type Proposal, planSections } from './plan.ts';
import { type Commands, type NextStep, nextStep } from './summary.ts';
import { treatmentLines } from './treated.ts';

/** How a terminal report is laid out. */
export interface ReportLayout extends Layout {
  readonly commands: Commands;
  /** A sentence that comes before everything else. */
  readonly lead: string | null;
  /** A plan to decide on stands in the place of the findings that it is for. */
  readonly proposals?: readonly Proposal[];
}

/** Lines of an ordinary terminal: a report of one finding has no more. */
const TALL = 24;

/** The report for a person at a terminal: findings first, passes folded, the verdict and the next command last. */
export function terminal(report: Report, layout: ReportLayout): string {
  const whole = laidOut(report, layout, false);
  const isTall = whole.split('\n').length - 1 > TALL && folded(findingsOf(report).findings).length === 1;
  return isTall && !layout.verbose ? laidOut(report, layout, true) : whole;
}

/** `brief`: what -v and show tell, and what the last lines say again, is left out. */
function laidOut(report: Report, layout: ReportLayout, brief: boolean): string {
  const pen = penOf(layout);
  const { findings, passes, skips, deselected } = findingsOf(report);
  const sections: (readonly string[])[] = [];
  if (!layout.quiet) sections.push(header(report, pen));
  if (layout.lead !== null) sections.push(pen.text(layout.lead, '', '  '));
  sections.push(...treatmentLines(report, layout, pen));
  const entries = layout.verbose ? findings.map(alone) : folded(findings);
  const planned = new Set(layout.proposals?.map(({ check }) => check));
  sections.push(...planSections(layout.proposals ?? [], pen));
  // What the last lines tell just below is not told twice.
  const next = nextStep(report, layout.commands);
  const below = { told: entries.length === 1 && !layout.verbose ? (next?.told ?? null) : null, next, brief };
  for (const entry of entries)
    if (!planned.has(entry.check.id)) sections.push(findingOrFault(entry, layout, below, pen));
  if (layout.verbose) {
    for (const check of passes) sections.push(passed(check, pen));
    sections.push(settingsOf(report, pen), inventoryOf(report, pen));
  }
  if (!layout.quiet) sections.push(counted(passes, skips, deselected, layout, pen));
  sections.push(lastLines(report, next, layout, pen));
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

const alone = (check: CheckReport): Folded => ({ check, alike: [], explains: [], awaited: [] });

/** What the last lines tell below a finding. */
interface Below {
  /** A fix that they tell in full. */
  readonly told: PlannedFix | null;
  readonly next: NextStep | null;
  readonly brief: boolean;
}

/** What cannot be laid out costs its own entry alone. */
function findingOrFault(entry: Folded, layout: ReportLayout, below: Below, pen: Pen): readonly string[] {
  try {
    return finding(entry, layout, below, pen);
  } catch (error) {
    const fault = `This entry could not be shown, by an internal error: ${String(error)}`;
    return [heading(entry.check.status, entry.check.id, '', pen), ...pen.text(fault, '  ')];
  }
}

function finding(
  entry: Folded,
  { verbose, commands }: ReportLayout,
  { told, next, brief }: Below,
  pen: Pen,
): readonly string[] {
  const { check, alike } = entry;
  const lines = [heading(check.status, [check, ...alike].map(({ id }) => id).join(', '), '', pen)];
  const shown = check.problems.filter(({ severity }) => verbose || severity !== 'info');
  const several = shown.length > 1;
  const { first, rest } = firstOf(shown);
  for (const problem of first) lines.push(...problemLines(problem, check, several, pen));
  if (rest !== null) lines.push(...pen.text(rest, '  * ', '    '));
  if (check.reason !== null) lines.push(...pen.text(`Not known: ${check.reason}`, '  '));
  if (check.tell !== null) lines.push('  To find out:', ...pen.literal([check.tell], '    '));
  lines.push(...consequences(entry, pen));
  if (alike.length === 0 && !brief)
    lines.push(...pen.text(`Why it matters: ${verbose ? check.why : firstSentence(check.why)}`, '  '));
  const fixes = firstOf(fixesToShow(check, verbose));
  const only = fixes.first.length === 1;
  for (const fix of fixes.first)
    if (fix !== told)
      lines.push(
        ...(brief
          ? briefFix(fix, only, next?.commands ?? [], pen)
          : fixLines(fix, { diffs: false, whole: verbose }, pen)),
      );
  if (fixes.rest !== null) lines.push(...pen.text(fixes.rest, '  '));
  if (verbose) lines.push(...pen.literal([`More: ${commands.show} ${check.id}`], '  '), ...details(check, first, pen));
  return lines;
}

/** What follows from a finding, a line or two for each check. */
function consequences({ explains, awaited }: Folded, pen: Pen): readonly string[] {
  const lines = explains.flatMap(({ id, problems }) => {
    const [first] = problems.filter(({ severity }) => severity === 'error');
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    return pen.text(`It also explains ${id}: ${first === undefined ? 'fails' : located(first)}${more}`, '  ');
  });
  if (awaited.length === 0) return lines;
  const ids = awaited.map(({ id }) => id).join(', ');
  const wait = awaited.length === 1 ? 'This check waits' : `${awaited.length} checks wait`;
  return [...lines, ...pen.text(`${wait} for it: ${ids}`, '  ')];
}

function problemLines(problem: Problem, check: CheckReport, several: boolean, pen: Pen): readonly string[] {
  const { status } = check;
  const worst = status === 'fail' ? 'error' : status === 'warn' ? 'warning' : 'info';
  const mark =
    problem.severity === worst ? '' : problem.severity === 'info' ? 'Note: ' : `${sentenceCase(problem.severity)}: `;
  const text = `${mark}${located(problem)}${excuseOf(problem, check)}`;
  return several ? pen.text(text, '  * ', '    ') : pen.text(text, '  ');
}

/** Why it does not count for the exit code. */
function excuseOf(problem: Problem, { problems, excused = [] }: CheckReport): string {
  const excuse = excused.find((one) => one.problem === problems.indexOf(problem));
  if (excuse === undefined) return '';
  return excuse.by === 'baseline'
    ? ' (known: the baseline has it)'
    : ` (waived until ${excuse.until}: ${excuse.reason})`;
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

function counted(
  passes: readonly CheckReport[],
  skips: readonly CheckReport[],
  deselected: readonly CheckReport[],
  { verbose }: ReportLayout,
  pen: Pen,
): readonly string[] {
  const notes = passes.filter(({ problems }) => problems.length > 0).length;
  const parts = [
    ...(passes.length === 0 ? [] : [`${count(passes.length, 'check passes', 'checks pass')}${noted(notes)}`]),
    ...(skips.length === 0 ? [] : [`${skips.length} ${skips.length === 1 ? 'does' : 'do'} not apply`]),
    ...(deselected.length === 0 ? [] : [`${deselected.length} not selected`]),
  ];
  if (parts.length === 0) return [];
  const sign = pen.sign(passes.length > 0 ? 'pass' : 'skip');
  const lines = pen.text(`${parts.join(', ')}${verbose ? '' : ` (-v lists all)`}`, `${sign} `, '  ');
  if (!verbose) return lines;
  return [
    ...lines,
    ...skips.flatMap(({ id, reason }) => pen.text(`${id}: ${reason ?? 'does not apply'}`, '  - ', '    ')),
    ...deselected.flatMap(({ id }) => pen.text(`${id}: not selected`, '  - ', '    ')),
  ];
}

const noted = (notes: number): string => (notes === 0 ? '' : ` (${notes} with notes)`);

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

/** The verdict, and on lines of their own what to do next. */
function lastLines(
  report: Report,
  next: NextStep | null,
  { commands, columns }: ReportLayout,
  pen: Pen,
): readonly string[] {
  const colour = { ready: 'green', degraded: 'yellow', 'not-ready': 'red', unknown: 'cyan' } as const;
  const paint = (line: string): string => pen.paint(colour[report.verdict.level], line);
  const lines = pen.text(report.verdict.summary, '', '  ').map(paint);
  if (report.baseline !== undefined) lines.push(...pen.text(baselineText(report), '', '  '));
  if (next === null) return lines;
  const label = `Next${commands.elsewhere ? ', on that host' : ''}: `;
  const [command = '', ...others] = next.commands.flatMap((text) => pen.literal([text], ''));
  const bold = (text: string): string => pen.paint('bold', text);
  const beside = `${label}${pen.line(next.first ?? '')}`;
  const fits = next.first === null || widthOf(beside) + widthOf(command) <= columns;
  if (others.length === 0 && next.after === null && fits) lines.push(`${beside}${bold(command)}`);
  else {
    lines.push(...(next.first === null ? [label.trimEnd()] : pen.text(next.first.trimEnd(), label, '  ')));
    lines.push(...(next.commands.length === 0 ? [] : [command, ...others]).map((text) => `  ${bold(text)}`));
  }
  if (next.after !== null) lines.push(`then: ${bold(pen.line(next.after))}`);
  if (command.startsWith(commands.fixAsRoot) && !commands.elsewhere)
    lines.push(...scriptOffer(commands.script, columns, pen));
  return lines;
}

/** What a baseline is worth is how old it is. */
function baselineText({ baseline, startedAt, checks }: Report): string {
  const days = Math.floor((Date.parse(startedAt) - Date.parse(baseline?.startedAt ?? '')) / 86_400_000);
  const known = checks.flatMap(({ excused = [] }) => excused).filter(({ by }) => by === 'baseline').length;
  const age = days >= 1 ? `${count(days, 'day')} old` : days >= 0 ? 'of today' : 'of an unknown day';
  return `Against a baseline that is ${age} (bk-doctor ${baseline?.version}): ${count(known, 'problem')} known.`;
}

/** For who may not become root: what to give to somebody who may. */
function scriptOffer(script: string, columns: number, pen: Pen): readonly string[] {
  const line = `No root? A script for an administrator: ${script} >fix.sh`;
  return line.length <= columns
    ? [pen.line(line)]
    : ['No root? A script for an administrator:', `  ${pen.line(`${script} >fix.sh`)}`];
}

const sentenceCase = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
