import type { CheckReport, PlannedFix, Report } from '../../model/say.ts';
import { located } from '../../text/located.ts';
import { stepText } from '../../text/steps.ts';
import { count, findingsOf, firstOf, fixesToShow } from '../findings.ts';
import { code, fenced, prose } from '../markdown-text.ts';
import { UNTIL } from '../summary.ts';

/** The report for an issue or a chat: the verdict, the host, the findings, and everything else folded away. */
export function markdown(report: Report): string {
  const { findings, passes, skips, deselected } = findingsOf(report);
  const { target, host, tool } = report;
  const blocks: string[] = [
    `## ${prose(`bk-doctor: ${report.verdict.summary}`)}`,
    table([
      ['BuildKit for', `${target.mode}, ${target.user ?? 'no name'} (uid ${target.uid}), launcher ${target.launcher}`],
      ['Host', [host.os.name, `Linux ${host.kernel}`, host.arch].join(', ')],
      ['Container', host.container ?? 'none'],
      ['Configuration', sourced(target.config, target.sources.config)],
      ['State directory', sourced(target.root, target.sources.root)],
      ['Addresses', sourced(target.addresses.join(', '), target.sources.addresses)],
      ...Object.entries(host.software).map(([name, version]): Row => [name, version ?? 'not found']),
      ['Made by', `${tool.name} ${tool.version}, ${report.startedAt}`],
    ]),
  ];
  if (report.treatments.length > 0)
    blocks.push(
      '### Treated',
      report.treatments
        .map(
          ({ check, result, message }) => `- ${code(check)}: ${result}${message === null ? '' : `. ${prose(message)}`}`,
        )
        .join('\n'),
    );
  for (const check of findings) blocks.push(...findingOrFault(check));
  blocks.push(
    details(`All ${count(report.checks.length, 'check')}`, [
      ...passes.map(({ id, title, problems }) =>
        [`- pass ${code(id)}: ${prose(title)}`, ...problems.map((problem) => `  - ${prose(located(problem))}`)].join(
          '\n',
        ),
      ),
      ...skips.map(({ id, reason }) => `- skip ${code(id)}: ${prose(reason ?? 'does not apply')}`),
      ...deselected.map(({ id }) => `- skip ${code(id)}: not selected`),
      ...findings.map(({ id, status }) => `- ${status} ${code(id)}`),
    ]),
    details(
      'Environment of buildkitd',
      Object.entries(target.environment).map(
        ([name, { value, source }]) => `- ${code(`${name}=${value}`)} (${source})`,
      ),
    ),
  );
  return `${blocks
    .filter((block) => block !== '')
    .map((block) => block.trimEnd())
    .join('\n\n')}\n`;
}

type Row = readonly [name: string, value: string];

function table(rows: readonly Row[]): string {
  return ['| | |', '| --- | --- |', ...rows.map(([name, value]) => `| ${prose(name)} | ${prose(value)} |`)].join('\n');
}

function sourced(value: string, source: string | undefined): string {
  return source === undefined ? value : `${value} (${source})`;
}

/** What cannot be laid out costs its own entry alone. */
function findingOrFault(check: CheckReport): readonly string[] {
  try {
    return finding(check);
  } catch (error) {
    return [`### ${code(check.id)}`, `This entry could not be shown, by an internal error: ${prose(String(error))}`];
  }
}

function finding(check: CheckReport): readonly string[] {
  const word = { fail: 'FAIL', warn: 'WARN', unknown: 'UNKNOWN', pass: 'pass', skip: 'skip' }[check.status];
  const { first, rest } = firstOf(check.problems);
  const fixes = firstOf(fixesToShow(check, true));
  return [
    `### ${word} ${code(check.id)}`,
    [
      ...first.map((problem) => `- ${problem.severity} ${code(problem.condition)}: ${prose(located(problem))}`),
      ...(rest === null ? [] : [`- ${rest}`]),
    ].join('\n'),
    check.reason === null ? '' : `Not known: ${prose(check.reason)}`,
    check.tell === null ? '' : `To find out:\n\n${fenced([check.tell], 'sh')}`,
    ...fixes.first.map(fixText),
    fixes.rest ?? '',
    check.problems.length === 0
      ? ''
      : details('Evidence', [
          fenced(
            first.map(({ condition, evidence }) => `${condition} ${JSON.stringify(evidence)}`),
            'text',
          ),
        ]),
  ].filter((block) => block !== '');
}

function fixText(fix: PlannedFix): string {
  const kind = { safe: 'Fix', risky: 'Risky fix', manual: 'By hand' }[fix.risk];
  const notes = [...(fix.needs === 'root' ? ['as root'] : []), ...(fix.until === undefined ? [] : [UNTIL[fix.until]])];
  const price = fix.consequence === undefined ? '' : ` Consequence: ${prose(fix.consequence)}`;
  const head = `${kind}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}:${price}`;
  const steps = fix.steps.map((step, index) => {
    const { say, block } = stepText(step);
    const text = `${index + 1}. ${prose(say)}`;
    return block.length === 0 ? text : `${text}\n\n${fenced(block, 'text', '   ')}\n`;
  });
  return [head.trim(), steps.join('\n')].filter((part) => part !== '').join('\n\n');
}

function details(summary: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<details><summary>${summary}</summary>\n\n${lines.join('\n')}\n\n</details>`;
}
