import type { Command } from 'commander';
import type { History } from '../apply/journal/types.ts';
import { openHost } from '../host/open.ts';
import type { Appearance } from '../report/pen.ts';
import { ascii, visible } from '../text/visible.ts';
import { destinationOf, sendAnswer } from './answer.ts';
import { globalsOf } from './globals.ts';
import { Undelivered } from './outlet.ts';
import type { Session } from './session.ts';
import { tableText } from './table.ts';
import { OURSELVES } from './undo.ts';

/** `bk-doctor history`: what fix has changed, run by run. */
export function registerHistory(program: Command, session: Session): void {
  program
    .command('history')
    .summary('list the runs of fix and what each has changed')
    .description('Lists the runs of fix with their transactions, oldest first; undo takes either id.')
    .action(async (_options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'history');
      const opened = await openHost(OURSELVES, {
        record: false,
        replay: null,
        env: session.streams.env,
        pace: session.slowness,
      });
      session.tidy(() => opened.close());
      const [{ history, Refused }, { journalOf }] = await Promise.all([
        import('../apply/index.ts'),
        import('./apply-context.ts'),
      ]);
      const told = await history(journalOf(opened, session), opened.host.identity.self.uid).catch((error: unknown) => {
        throw error instanceof Refused ? new Undelivered(error.message) : error;
      });
      await sendAnswer(destination, globals, told, (look, shown) => historyText(shown, look), opened);
    });
}

async function historyText({ runs }: History, look: Appearance): Promise<string> {
  if (runs.length === 0) return 'fix has changed nothing here yet.\n';
  const plain = (text: string): string => (look.unicode ? visible(text) : ascii(visible(text)));
  const parts: string[] = [];
  for (const { id, at, user, damaged, transactions } of runs) {
    parts.push(at === '' ? `Run ${plain(id)}` : `Run ${plain(id)}, ${plain(at)}, by ${plain(user)}`);
    if (damaged !== undefined) parts.push(`${plain(damaged)}.`);
    if (transactions.length > 0)
      parts.push(
        await tableText(
          ['Transaction', 'Check', 'State', 'Steps'],
          transactions.map((one) => [one.id, one.check, one.state, String(one.steps.length)]),
          look,
        ),
      );
  }
  return `${parts.join('\n')}\n`;
}
