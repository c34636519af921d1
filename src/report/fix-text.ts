import type { PlannedFix } from '../model/say.ts';
import { stepText } from '../text/steps.ts';
import { visible } from '../text/visible.ts';
import type { Pen } from './pen.ts';
import { UNTIL } from './summary.ts';

/** So much of a new file is shown where nobody has to decide on it yet. */
const MOST_LINES = 4;

/** What a fix would do, step by step; with its diff where one has to decide on it. */
export function fixLines(
  fix: PlannedFix,
  { diffs, whole }: { readonly diffs: boolean; readonly whole: boolean },
  pen: Pen,
): readonly string[] {
  const root = fix.needs === 'root' ? ', as root' : '';
  const until = fix.until === undefined ? '' : ` (${UNTIL[fix.until]})`;
  const lines: string[] = [];
  switch (fix.risk) {
    case 'safe':
      lines.push(...pen.text(`Fix${root}${until}:`, '  '));
      break;
    case 'risky':
      lines.push(...pen.text(`Risky fix${root}${until}:`, '  '));
      break;
    case 'manual':
      lines.push(...pen.text(`By hand${root}${until}:`, '  '));
      break;
  }
  if (fix.consequence !== undefined) lines.push(...pen.text(`Consequence: ${fix.consequence}`, '    '));
  for (const [index, step] of fix.steps.entries()) {
    const { say, block } = stepText(step);
    const number = fix.steps.length > 1 ? `${index + 1}. ` : '';
    lines.push(...pen.text(say, `    ${number}`, `    ${' '.repeat(number.length)}`));
    const more = block.length - MOST_LINES;
    const cut = !whole && fix.risk !== 'manual' && more > 1;
    lines.push(
      ...pen.literal(cut ? [...block.slice(0, MOST_LINES), `(${more} more lines, with -v)`] : block, '        '),
    );
  }
  if (diffs && fix.diff !== null) lines.push(...diffLines(withoutSteps(fix.diff, fix), pen));
  return lines;
}

/** A preview also has a line for each step that is no edit; those are told already. */
function withoutSteps(diff: string, { steps }: PlannedFix): string {
  const told = new Set(
    steps.map(stepText).map(({ say, block }) => `# ${[say, ...block].map((line) => visible(line)).join(' ')}`),
  );
  return diff
    .split('\n')
    .filter((line) => !told.has(line))
    .join('\n');
}

/** A unified diff: its own signs tell what colour repeats. */
function diffLines(diff: string, pen: Pen): readonly string[] {
  if (diff === '') return [];
  return pen.literal([diff], '').map((line) => {
    const colour = /^(\+\+\+|---)/.test(line)
      ? 'bold'
      : line.startsWith('+')
        ? 'green'
        : line.startsWith('-')
          ? 'red'
          : null;
    return `      ${colour === null ? line : pen.paint(colour, line)}`.trimEnd();
  });
}
