import type { Command } from 'commander';
import { historyText } from '../../report/history.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
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
      const told = await history(journalOf(opened, session), opened.host.identity.self.uid).catch((error: unknown) => {
        throw error instanceof Refused ? new Undelivered(error.message) : error;
      });
      await sendAnswer(destination, globals, told, (look, shown) => historyText(shown.runs, look), opened);
    });
}
