import type { CheckReport, PlannedFix, Report, Status } from '../../model/say.ts';
import { located } from '../../text/located.ts';
import { stepText } from '../../text/steps.ts';
import { visible, visibleLines } from '../../text/visible.ts';
import { count, type Folded, findingsOf, firstOf, fixesToShow, folded } from '../findings.ts';
import { SIGNS } from '../pen.ts';
import { type Commands, nextStep, UNTIL } from '../summary.ts';
import { chainOf, type Link } from './chain.ts';
import { STYLE } from './html-style.ts';
import { escaped } from './xml.ts';

const LEVELS = { ready: 'pass', degraded: 'warn', 'not-ready': 'fail', unknown: 'unknown' } as const;

const text = (value: string): string => escaped(visible(value));
const code = (value: string): string => `<code>${text(value)}</code>`;
const block = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<pre tabindex="0">${lines.flatMap(visibleLines).map(escaped).join('\n')}</pre>`;
const word = (status: Status): string => `${SIGNS[status][0]} ${SIGNS[status][2]}`;

/** The report as one page of HTML: no script, nothing from outside, nothing of a host that is markup. */
export function html(report: Report, commands: Commands): string {
  const { tool, target, host, verdict, startedAt } = report;
  const { findings, passes, skips, deselected } = findingsOf(report);
  const who = target.user === null ? `uid ${target.uid}` : `${target.user} (uid ${target.uid})`;
  const title = `bk-doctor: ${verdict.summary}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${text(`${target.mode} BuildKit for ${who}`)}</h1>
<p class="soft">${text([host.os.name, `Linux ${host.kernel}`, host.arch, ...(host.container === null ? [] : [`in ${host.container}`])].join(', '))}</p>
</header>
<main>
<p class="verdict ${LEVELS[verdict.level]}">${text(verdict.summary)}</p>
${nextLines(report, commands)}
<h2>The way to a build</h2>
<ol class="chain">${chainOf(report).map(linkItem).join('')}</ol>
${findings.length === 0 ? '' : `<h2>Findings</h2>\n${folded(findings).map(article).join('\n')}`}
<h2>Everything else</h2>
${section(count(passes.length, 'check passes', 'checks pass'), passes.map(passed))}
${section(
  `${count(skips.length + deselected.length, 'check')} not made`,
  [...skips, ...deselected].map(({ id, reason }) => `<li>${code(id)}: ${text(reason ?? 'does not apply')}</li>`),
)}
${details(
  'Settings and environment',
  table([
    ['launcher', target.launcher],
    ['unit', target.unit ?? 'none'],
    ['running', target.running ? 'yes' : 'no'],
    ['configuration', sourced(target.config, target.sources.config)],
    ['state directory', sourced(target.root, target.sources.root)],
    ['addresses', sourced(target.addresses.join(', '), target.sources.addresses)],
    ...Object.entries(target.environment).map(([name, { value, source }]): Row => [name, `${value} (${source})`]),
  ]),
)}
${details(
  'Host',
  table([
    ['container', host.container ?? 'none'],
    ['virtualization', host.virtualization ?? 'none seen'],
    ['processors', String(host.cpus)],
    ['memory', `${Math.round(host.memoryBytes / 1024 ** 2)} MiB`],
    ...Object.entries(host.software).map(([name, version]): Row => [name, version ?? 'not found']),
  ]),
)}
${details(
  'Timings',
  table(
    report.checks
      .filter(({ status }) => status !== 'skip')
      .toSorted((a, b) => b.durationMs - a.durationMs)
      .map(({ id, durationMs }): Row => [id, `${Math.round(durationMs)} ms`]),
  ),
)}
</main>
<footer><p class="soft">${text(`${tool.name} ${tool.version}, ${startedAt}, ${Math.round(report.durationMs)} ms`)}</p></footer>
</body>
</html>
`;
}

function nextLines(report: Report, commands: Commands): string {
  const next = nextStep(report, commands);
  if (next === null) return '';
  const where = commands.elsewhere ? ', on that host' : '';
  const after = next.after === null ? '' : `<p>Then:</p>${block([next.after])}`;
  return `<p>Next${where}: ${text(next.first ?? '')}</p>${block(next.commands)}${after}`;
}

function linkItem({ name, status, checks }: Link): string {
  const blamed = checks.filter(
    (check) => check.status === status && (status === 'fail' || status === 'warn' || status === 'unknown'),
  );
  const of = blamed.length === 0 ? '' : ` (${blamed.map(({ id }) => id).join(', ')})`;
  return `<li class="${status}${status === 'fail' ? ' broken' : ''}">${text(`${SIGNS[status][0]} ${name}: ${SIGNS[status][2]}${of}`)}</li>`;
}

function article({ check, alike, explains, awaited }: Folded): string {
  const { first, rest } = firstOf(check.problems);
  const problems = [
    ...first.map(
      (problem) =>
        `<li>${problem.severity === 'error' ? '' : `${problem.severity}: `}${text(located(problem))} <span class="soft">(${text(problem.condition)})</span></li>`,
    ),
    ...(rest === null ? [] : [`<li>${text(rest)}</li>`]),
  ];
  const lines = [
    `<h3>${text(`${word(check.status)} ${[check, ...alike].map(({ id }) => id).join(', ')}`)}</h3>`,
    problems.length === 0 ? '' : `<ul>${problems.join('')}</ul>`,
    check.reason === null ? '' : `<p>${text(`Not known: ${check.reason}`)}</p>`,
    check.tell === null ? '' : `<p>To find out:</p>${block([check.tell])}`,
    ...explains.map(
      ({ id, problems: followed }) => `<p>${text(`It also explains ${id}: ${followed.map(located).join(' ')}`)}</p>`,
    ),
    awaited.length === 0 ? '' : `<p>${text(`Waiting for it: ${awaited.map(({ id }) => id).join(', ')}`)}</p>`,
    alike.length > 0 ? '' : `<p class="soft">${text(`Why it matters: ${check.why}`)}</p>`,
    ...fixesToShow(check, true).map(fixText),
  ];
  return `<article class="${check.status}"><div>${lines.filter((line) => line !== '').join('\n')}</div></article>`;
}

function fixText(fix: PlannedFix): string {
  const kind = { safe: 'Fix', risky: 'Risky fix', manual: 'By hand' }[fix.risk];
  const notes = [...(fix.needs === 'root' ? ['as root'] : []), ...(fix.until === undefined ? [] : [UNTIL[fix.until]])];
  const price = fix.consequence === undefined ? '' : ` Consequence: ${text(fix.consequence)}`;
  const steps = fix.steps.map((step) => {
    const { say, block: lines } = stepText(step);
    return `<li>${text(say)}${block(lines)}</li>`;
  });
  return `<p><strong>${kind}</strong>${notes.length === 0 ? '' : ` (${text(notes.join('; '))})`}:${price}</p><ol>${steps.join('')}</ol>`;
}

const passed = ({ id, title, problems }: CheckReport): string =>
  `<li>${code(id)}: ${text(title)}${problems.length === 0 ? '' : `<ul>${problems.map((problem) => `<li>${text(located(problem))}</li>`).join('')}</ul>`}</li>`;

type Row = readonly [name: string, value: string];
const table = (rows: readonly Row[]): string =>
  `<table><tbody>${rows.map(([name, value]) => `<tr><th scope="row">${text(name)}</th><td>${text(value)}</td></tr>`).join('')}</tbody></table>`;
const section = (summary: string, items: readonly string[]): string =>
  items.length === 0 ? '' : details(summary, `<ul>${items.join('')}</ul>`);
const details = (summary: string, inner: string): string =>
  `<details><summary>${text(summary)}</summary>${inner}</details>`;
const sourced = (value: string, source: string | undefined): string =>
  source === undefined ? value : `${value} (${source})`;
