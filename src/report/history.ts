import type { Step } from '../model/plan.ts';
import { stepLine } from '../text/steps.ts';
import { type Appearance, penOf } from './pen.ts';

/** What the journal tells of one run, as `history` answers it. */
export interface ToldRun {
  readonly id: string;
  readonly at: string;
  readonly user: string;
  readonly target?: string;
  readonly damaged?: string;
  readonly transactions: readonly {
    readonly id: string;
    readonly check: string;
    readonly state: 'applied' | 'taken-back' | 'interrupted';
    readonly steps: readonly Step[];
  }[];
}

const STATES = { applied: 'applied', 'taken-back': 'undone', interrupted: 'interrupted' } as const;

/** Run by run, oldest first: when, by whom, for whom, and a line for each step of each transaction. */
export function historyText(runs: readonly ToldRun[], look: Appearance): string {
  if (runs.length === 0) return 'fix has changed nothing here yet.\n';
  return runs.map((run) => `${runLines(run, look).join('\n')}\n`).join('\n');
}

function runLines({ id, at, user, target, damaged, transactions }: ToldRun, look: Appearance): readonly string[] {
  const pen = penOf(look);
  const who =
    at === '' ? '' : `  ${minute(at)}  by ${user}${target === undefined || target === user ? '' : `, for ${target}`}`;
  const idWidth = Math.max(...transactions.map((one) => one.id.length), 0);
  const checkWidth = Math.max(...transactions.map((one) => one.check.length), 0);
  return [
    `${pen.paint('bold', pen.line(`Run ${id}`))}${pen.line(who)}`,
    ...(damaged === undefined ? [] : pen.text(`${damaged}.`, '  ')),
    ...transactions.flatMap(({ id: transaction, check, state, steps }) => {
      const head = `  ${transaction.padEnd(idWidth)} ${STATES[state].padEnd(11)} ${check.padEnd(checkWidth)}  `;
      const done = steps.filter(({ do: kind }) => kind !== 'tell').map(stepLine);
      // On a narrow screen the steps stand below.
      const beside = head.length <= look.columns / 2;
      const rest = ' '.repeat(beside ? head.length : 6);
      return [
        ...(beside ? [] : [pen.line(head).trimEnd()]),
        ...done.flatMap((line, index) => pen.text(line, beside && index === 0 ? head : rest, rest)),
        ...(beside && done.length === 0 ? [head.trimEnd()] : []),
      ];
    }),
  ];
}

/** An ISO time as people write it, to the minute, in the time zone that it names. */
const minute = (at: string): string => at.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, ' UTC');
