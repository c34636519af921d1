import type { Appearance } from '../../report/pen.ts';
import { ascii, visible } from '../../text/visible.ts';
import { widthOf } from '../../text/wrap.ts';

const ASCII = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '+',
  right: '|',
  'right-mid': '+',
  middle: '|',
} as const;

/** No column is made narrower. */
const MINIMUM = 12;

/** A table no wider than the screen: the first column keeps its words whole, the widest others are wrapped. */
export async function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, colour, unicode }: Appearance,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const plain = (text: string): string => (unicode ? visible(text) : ascii(visible(text)));
  const cells = rows.map((row) => row.map(plain));
  // Each cell has two blanks; borders stand between the columns and at both ends.
  const room = columns - head.length - 1;
  const colWidths = head.map((name, at) => Math.max(...[name, ...cells.map((row) => row[at] ?? '')].map(widthOf)) + 2);
  while (colWidths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = Math.max(...colWidths.slice(1));
    if (widest <= MINIMUM) break;
    colWidths[colWidths.lastIndexOf(widest)] = widest - 1;
  }
  const table = new Table({
    head: [...head],
    colWidths,
    wordWrap: true,
    style: { head: colour ? ['bold'] : [], border: [] },
    ...(unicode ? {} : { chars: ASCII, truncate: '~' }),
  });
  for (const row of cells) table.push(row);
  return `${table.toString()}\n`;
}
