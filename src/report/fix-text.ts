import type { PlannedFix } from '../model/say.ts';
import { stepLine, stepText } from '../text/steps.ts';
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
  const lines = headLines(fix, pen);
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

const KINDS = { safe: 'Fix', risky: 'Risky fix', manual: 'By hand' } as const;

function headLines(fix: PlannedFix, pen: Pen): string[] {
  const root = fix.needs === 'root' ? ', as root' : '';
  const until = fix.until === undefined ? '' : ` (${UNTIL[fix.until]})`;
  const price = fix.consequence === undefined ? [] : pen.text(`Consequence: ${fix.consequence}`, '    ');
  return [...pen.text(`${KINDS[fix.risk]}${root}${until}:`, '  '), ...price];
}

/** A fix where room is short: a line for each change; of several ways by hand the first; what `told` says below is not repeated. */
export function briefFix(fix: PlannedFix, only: boolean, told: readonly string[], pen: Pen): readonly string[] {
  const lines = headLines(fix, pen);
  const steps = fix.risk === 'manual' && !only ? fix.steps.slice(0, 1) : fix.steps;
  for (const [index, step] of steps.entries()) {
    const number = fix.steps.length > 1 ? `${index + 1}. ` : '';
    const text = (words: string): readonly string[] =>
      pen.text(words, `    ${number}`, `    ${' '.repeat(number.length)}`);
    if (step.do !== 'tell') {
      lines.push(...text(stepLine(step)));
      continue;
    }
    const { say, block } = stepText(step);
    const below = block.length > 0 && block.every((line) => told.includes(line));
    lines.push(
      ...text(below ? `${say.replace(/:$/, '')} (see Next).` : say),
      ...(below ? [] : pen.literal(block, '        ')),
    );
  }
  const more = fix.steps.length - steps.length;
  return more === 0 ? lines : [...lines, `    (${more} more with -v)`];
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
