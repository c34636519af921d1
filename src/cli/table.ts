import { widthOf } from '../report/wrap.ts';
import type { Appearance } from './appearance.ts';

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

/** A table no wider than the screen: the widest column is wrapped. */
export async function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, colour, unicode }: Appearance,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  // Each column has a border and two blanks; one border closes the row.
  const widths = head.map((name, at) => Math.max(widthOf(name), ...rows.map((row) => widthOf(row[at] ?? ''))) + 2);
  const room = columns - head.length - 1;
  const total = widths.reduce((sum, width) => sum + width, 0);
  const widest = widths.indexOf(Math.max(...widths));
  const colWidths = widths.map((width, at) =>
    at === widest ? Math.max(12, width - Math.max(0, total - room)) : width,
  );
  const table = new Table({
    head: [...head],
    colWidths,
    wordWrap: true,
    style: { head: colour ? ['bold'] : [], border: [] },
    ...(unicode ? {} : { chars: ASCII }),
  });
  for (const row of rows) table.push([...row]);
  return `${table.toString()}\n`;
}
