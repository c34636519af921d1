import { type Command, Option } from 'commander';
import { UsageError } from '../../host/usage-error.ts';
import { undoExitCode } from '../../report/exit-code.ts';
import { undoText } from '../../report/undo.ts';
import { maskText } from '../../secrets/text.ts';
import { commandLine } from '../../text/shell.ts';
import { visible } from '../../text/visible.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import { globalsOf } from '../call/globals.ts';
import { openOurselves } from '../call/ourselves.ts';
import { ownWords } from '../call/own-commands.ts';
import { progressLine } from '../call/progress.ts';
import type { Session } from '../call/session.ts';
import { didYouMean } from '../call/wording.ts';

const CUT_SHORT = 'it was ended before all was undone: bk-doctor undo goes on with it';

/** `bk-doctor undo [ID]`: takes back the last run, or the run or transaction named. */
export function registerUndo(program: Command, session: Session): void {
  program
    .command('undo')
    .summary('undo the last run of fix, or the run or transaction ID')
    .description(
      'Undoes what fix changed, newest first, byte for byte. What somebody changed since is left as it is and named.',
    )
    .argument('[id]', 'a run or a transaction, as bk-doctor history lists them')
    .addOption(new Option('--dry-run', 'only show what would be undone'))
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      session.finish(await takeBack(session, id ?? null, command));
    });
}

async function takeBack(session: Session, id: string | null, command: Command): Promise<number> {
  const globals = globalsOf(command);
  if (id === '') throw new UsageError('undo: an empty text is no id');
  const destination = destinationOf(session, globals, 'answer', 'undo');
  const opened = await openOurselves(session);
  const [{ Busy, history, NoSuchTransaction, Refused, undo, wouldUndo }, { applyContext }] = await Promise.all([
    import('../../apply/index.ts'),
    import('../call/apply-context.ts'),
  ]);
  const line = progressLine(session, globals.quiet);
  const context = await applyContext(session, opened, (text) => line.show(text));
  const dry = command.opts<{ dryRun?: true }>().dryRun === true;
  try {
    const report = await (dry ? wouldUndo(context, id) : session.patiently(() => undo(context, id), CUT_SHORT)).finally(
      () => line.clear(),
    );
    const code = undoExitCode(report.transactions);
    const own = ownWords(session.streams.env);
    const { runs } = await history(context.state, context.identity.self.uid);
    const run = runs.find(({ transactions }) => transactions.some((one) => one.id === report.transactions[0]?.id));
    const who = run?.target === undefined || run.target === run.user ? [] : ['--user', run.target];
    const next = commandLine(dry ? [...own, 'undo', ...(id === null ? [] : [id])] : [...own, 'check', ...who]);
    if (code !== 2 || globals.format.name === 'json')
      await sendAnswer(destination, globals, report, (look, shown) => undoText(shown, look, next), opened);
    if (code === 2)
      session.streams.stderr.write(
        `bk-doctor: there is nothing to undo${id === null ? '' : `: ${visible(id)} is undone already`}\n`,
      );
    return code;
  } catch (error) {
    if (error instanceof NoSuchTransaction)
      throw new UsageError(`${error.message}${didYouMean(id ?? '', error.known)}`);
    if (!(error instanceof Busy || error instanceof Refused)) throw error;
    session.streams.stderr.write(`bk-doctor: nothing was undone: ${visible(maskText(error.message))}\n`);
    return 1;
  }
}
