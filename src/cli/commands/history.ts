import type { Command } from 'commander';
import type { History } from '../../apply/journal/types.ts';
import { told } from '../../report/formats/json-text.ts';
import { historyText } from '../../report/history.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import type { HistoryAnswer } from '../call/answers.ts';
import { globalsOf } from '../call/globals.ts';
import { openOurselves } from '../call/ourselves.ts';
import { Undelivered } from '../call/outlet.ts';
import type { Session } from '../call/session.ts';

/** `bk-doctor history`: what fix has changed, run by run. */
export function registerHistory(program: Command, session: Session): void {
  program
    .command('history')
    .summary('list the runs of fix and what each has changed')
    .description('Lists the runs of fix with their transactions, oldest first; undo takes either id.')
    .action(async (_options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'history');
      const opened = await openOurselves(session);
      const [{ history, Refused }, { journalOf }] = await Promise.all([
        import('../../apply/index.ts'),
        import('../call/apply-context.ts'),
      ]);
      const found = await history(journalOf(opened, session), opened.host.identity.self.uid).catch((error: unknown) => {
        throw error instanceof Refused ? new Undelivered(error.message) : error;
      });
      await sendAnswer(destination, globals, inWords(found), (look, shown) => historyText(shown.runs, look), opened);
    });
}

const inWords = ({ schema, runs }: History): HistoryAnswer => ({
  schema,
  runs: runs.map((run) => ({
    ...run,
    transactions: run.transactions.map((one) => ({ ...one, steps: one.steps.map(told) })),
  })),
});
