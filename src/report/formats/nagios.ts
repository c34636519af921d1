import type { Level, Report } from '../../model/say.ts';
import { visible } from '../../text/visible.ts';
import { findingsOf } from '../findings.ts';
import type { Format } from '../format.ts';

/** Exit code and word of a plugin, by the Monitoring Plugins' guidelines. */
const STATES: { readonly [L in Level]: readonly [code: 0 | 1 | 2 | 3, word: string] } = {
  ready: [0, 'OK'],
  degraded: [1, 'WARNING'],
  'not-ready': [2, 'CRITICAL'],
  unknown: [3, 'UNKNOWN'],
};
/** What the engines take of a plugin's output, in bytes; what is longer they cut. */
const MOST_BYTES = 4096;

/** Neither a bar, which would begin performance data, nor a line end. */
const plain = (text: string): string => visible(text).replaceAll('|', '/');

function nagios(report: Report): string {
  const { verdict, counts, durationMs } = report;
  const [, word] = STATES[verdict.level];
  const measured = [
    `'fail'=${counts.fail};;0`,
    `'warn'=${counts.warn};0`,
    `'unknown'=${counts.unknown}`,
    `'pass'=${counts.pass}`,
    `'duration'=${(durationMs / 1000).toFixed(3)}s`,
  ].join(' ');
  const lines = [
    `BUILDKIT ${word} - ${plain(verdict.summary)} | ${measured}`,
    ...findingsOf(report).findings.map(({ status, id, problems, reason }) =>
      plain(`${status} ${id}: ${[...problems.map(({ message }) => message), reason ?? ''].join(' ').trim()}`),
    ),
  ];
  return within(lines, MOST_BYTES);
}

/** In UTF-8; the text has no lone surrogates. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The first of the lines that fit. */
function within(lines: readonly string[], most: number): string {
  let text = '';
  for (const line of lines) {
    if (bytesOf(text) + bytesOf(line) + 1 > most) break;
    text += `${line}\n`;
  }
  return text;
}

/** The output of a plugin of Nagios, Icinga and their like, with its exit codes. */
export const nagiosFormat: Format = {
  name: 'nagios',
  hidesNames: true,
  carriesNoNames: true,
  ending: '.txt',
  shows: { report: ({ report }) => nagios(report) },
  exitCode: ({ verdict }) => STATES[verdict.level][0],
};
