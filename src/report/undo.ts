import { count } from './findings.ts';
import { penOf, SIGNS } from './pen.ts';

/** What became of one transaction that was to be taken back. */
interface Undone {
  readonly id: string;
  readonly check: string;
  readonly result: 'undone' | 'refused' | 'planned';
  readonly reason: string | null;
  readonly paths: readonly string[];
}

const WORDS = {
  undone: ['pass', 'undone'],
  refused: ['fail', 'REFUSED'],
  planned: ['skip', 'would undo'],
} as const;

/** For a person: one paragraph for each transaction, the sum last. */
export function undoText(
  { transactions }: { readonly transactions: readonly Undone[] },
  look: { readonly columns: number; readonly colour: boolean; readonly unicode: boolean },
  /** The command line that comes next. */
  next: string,
): string {
  const pen = penOf(look);
  const lines: string[] = [];
  for (const { id, check, result, reason, paths } of transactions) {
    const [status, word] = WORDS[result];
    lines.push(`${pen.paint(SIGNS[status][3], `${pen.sign(status)} ${word}`)}  ${pen.line(`${check} (${id})`)}`);
    if (reason !== null) lines.push(...pen.text(reason, '  '));
    lines.push(...pen.literal(paths, '    '));
  }
  const planned = transactions.filter(({ result }) => result === 'planned').length;
  if (planned > 0) {
    lines.push('', `${count(planned, 'treatment')} would be undone.`, `Next: ${next}`);
    return `${lines.join('\n')}\n`;
  }
  const undone = transactions.filter(({ result }) => result === 'undone').length;
  const refused = transactions.length - undone;
  const rest = refused === 0 ? '' : `, ${refused} refused`;
  lines.push('', `${count(undone, 'treatment')} undone${rest}.`, `Next: ${next}`);
  return `${lines.join('\n')}\n`;
}
