import type { Status } from '../model/say.ts';
import { ascii, visible, visibleLines } from '../text/visible.ts';
import { wrap } from '../text/wrap.ts';
import { type Colour, type Paint, painter } from './paint.ts';

export const SIGNS: {
  readonly [S in Status]: readonly [unicode: string, ascii: string, word: string, colour: Colour];
} = {
  fail: ['✗', 'x', 'FAIL', 'red'],
  warn: ['!', '!', 'WARN', 'yellow'],
  unknown: ['?', '?', 'UNKNOWN', 'cyan'],
  pass: ['✓', '+', 'pass', 'green'],
  skip: ['-', '-', 'skip', 'dim'],
};

/** How text looks where it is written to. */
export interface Appearance {
  readonly columns: number;
  readonly colour: boolean;
  /** False: ASCII only. */
  readonly unicode: boolean;
}

/** Wraps, paints and, where need be, turns into ASCII. Text given to it may come from a host. */
export interface Pen {
  readonly paint: Paint;
  /** Wrapped; several lines only where all of them are indented, so that no host can write a line that looks like ours. */
  text(text: string, first?: string, rest?: string): readonly string[];
  /** Lines that are not wrapped, so that they can be copied. */
  literal(lines: readonly string[], indent: string): readonly string[];
  line(text: string): string;
  sign(status: Status): string;
}

export function penOf({ columns, colour, unicode }: Appearance): Pen {
  const paint = painter(colour);
  const plain = (text: string): string => (unicode ? text : ascii(text));
  return {
    paint,
    text: (text, first = '', rest = first) =>
      (rest === '' ? [visible(text)] : visibleLines(text)).flatMap((line, index) =>
        wrap(plain(line), columns, index === 0 ? first : rest, rest),
      ),
    literal: (lines, indent) => lines.flatMap(visibleLines).map((line) => indent + plain(line)),
    line: (text) => plain(visible(text)),
    sign: (status) => SIGNS[status][unicode ? 0 : 1],
  };
}
