import { count } from './findings.ts';
import { penOf, SIGNS } from './pen.ts';

/** What became of one transaction that was to be taken back. */
interface Undone {
  readonly id: string;
  readonly check: string;
  readonly result: 'undone' | 'refused';
  readonly reason: string | null;
  readonly paths: readonly string[];
}

/** For a person: one paragraph for each transaction, the sum last. */
export function undoText(
  { transactions }: { readonly transactions: readonly Undone[] },
  look: { readonly columns: number; readonly colour: boolean; readonly unicode: boolean },
  /** The command line that examines the host again. */
  check: string,
): string {
  const pen = penOf(look);
  const lines: string[] = [];
  for (const { id, check, result, reason, paths } of transactions) {
    const status = result === 'undone' ? 'pass' : 'fail';
    const word = result === 'undone' ? 'undone' : 'REFUSED';
    lines.push(`${pen.paint(SIGNS[status][3], `${pen.sign(status)} ${word}`)}  ${pen.line(`${check} (${id})`)}`);
    if (reason !== null) lines.push(...pen.text(reason, '  '));
    lines.push(...pen.literal(paths, '    '));
  }
  const undone = transactions.filter(({ result }) => result === 'undone').length;
  const refused = transactions.length - undone;
  const rest = refused === 0 ? '' : `, ${refused} refused`;
  lines.push('', `${count(undone, 'treatment')} undone${rest}.`, `Next: ${check}`);
  return `${lines.join('\n')}\n`;
}
