import type { Difference } from '../compare/diff.ts';
import type { Merged } from '../compare/merge.ts';
import type { ComparableProblem } from '../compare/report-shape.ts';
import type { Level } from '../model/say.ts';
import { count } from './findings.ts';
import { type Appearance, type Pen, penOf, SIGNS } from './pen.ts';

/** Two reports: what is new, what is gone, what moved. */
export function differenceText(difference: Difference, look: Appearance): string {
  const pen = penOf(look);
  const { appeared, gone, moved, unknown, facts } = difference;
  const sections = [
    [
      ...pen.text(`Old  ${difference.old.startedAt}  ${difference.old.summary}`, '', '     '),
      ...pen.text(`New  ${difference.new.startedAt}  ${difference.new.summary}`, '', '     '),
    ],
    titled(
      'New problems',
      appeared.flatMap((one) => problemLines(one, one.severity, pen)),
      pen,
    ),
    titled(
      'Moved',
      moved.flatMap((one) => problemLines(one, `${one.was} is now ${one.severity}`, pen)),
      pen,
    ),
    titled(
      'Gone',
      gone.flatMap((one) => problemLines(one, one.severity, pen)),
      pen,
    ),
    titled(
      'Could be told, and cannot now',
      unknown.appeared.flatMap((id) => pen.literal([id], '  ')),
      pen,
    ),
    titled(
      'Could not be told, and can now',
      unknown.gone.flatMap((id) => pen.literal([id], '  ')),
      pen,
    ),
    titled(
      'Host and set-up',
      facts.flatMap(({ name, old, new: now }) =>
        pen.text(`${name}: ${old ?? 'none'} is now ${now ?? 'none'}`, '  ', '    '),
      ),
      pen,
    ),
  ].filter((lines) => lines.length > 0);
  const same = sections.length === 1 ? [['Nothing is different.']] : [];
  return [...sections, ...same].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function problemLines({ check, condition, message }: ComparableProblem, severity: string, pen: Pen): readonly string[] {
  return [...pen.text(`${check}: ${severity}: ${message} (${condition})`, '  ', '    ')];
}

const titled = (title: string, lines: readonly string[], pen: Pen): readonly string[] =>
  lines.length === 0 ? [] : [pen.paint('bold', title), ...lines];

const STATUS = { ready: 'pass', degraded: 'warn', 'not-ready': 'fail', unknown: 'unknown' } as const;
const LEVELS: readonly Level[] = ['not-ready', 'unknown', 'degraded', 'ready'];
/** Of hosts that are ready nobody needs the list. */
const MOST_HOSTS = 200;

/** Many reports: how many hosts have which level, which conditions are on how many, and who differs from the rest. */
export function mergedText(merged: Merged, { verbose }: { readonly verbose: boolean }, look: Appearance): string {
  const pen = penOf(look);
  const { levels, hosts, conditions, differences, unread } = merged;
  const ailing = hosts.filter(({ level }) => verbose || level !== 'ready');
  const named = (number: number, examples: readonly string[]): string =>
    `${examples.join(', ')}${number > examples.length ? ', …' : ''}`;
  const sections = [
    [
      `${count(hosts.length, 'host')}: ${LEVELS.filter((level) => levels[level] > 0)
        .map((level) => `${levels[level]} ${level}`)
        .join(', ')}`,
    ],
    titled(
      'Conditions',
      conditions
        .filter(({ severity }) => verbose || severity !== 'info')
        .flatMap(({ condition, severity, hosts: number, examples }) =>
          pen.text(`${condition} (${severity}) on ${count(number, 'host')}: ${named(number, examples)}`, '  ', '    '),
        ),
      pen,
    ),
    titled(
      'Hosts',
      [
        ...ailing
          .slice(0, MOST_HOSTS)
          .flatMap(({ host, level, summary }) =>
            pen
              .text(`${pen.sign(STATUS[level])} ${host}: ${summary}`, '  ', '    ')
              .map((line, index) =>
                index === 0
                  ? line.replace(pen.sign(STATUS[level]), (sign) => pen.paint(SIGNS[STATUS[level]][3], sign))
                  : line,
              ),
          ),
        ...(ailing.length > MOST_HOSTS ? [`  And ${ailing.length - MOST_HOSTS} more, which --json has.`] : []),
      ],
      pen,
    ),
    titled(
      'Different from most',
      differences.flatMap(({ fact, usual, usualHosts, others }) => [
        ...pen.text(`${fact}: ${usual} on ${count(usualHosts, 'host')}`, '  ', '    '),
        ...others
          .slice(0, verbose ? others.length : 5)
          .flatMap(({ value, hosts: number, examples }) =>
            pen.text(`${value} on ${count(number, 'host')}: ${named(number, examples)}`, '    ', '      '),
          ),
      ]),
      pen,
    ),
    titled(
      'Not read',
      unread.flatMap(({ file, reason }) => pen.text(`${file}: ${reason}`, '  ', '    ')),
      pen,
    ),
  ].filter((lines) => lines.length > 0);
  return sections.map((lines) => `${lines.join('\n')}\n`).join('\n');
}
