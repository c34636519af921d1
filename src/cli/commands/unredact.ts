import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { UsageError } from '../../host/usage-error.ts';
import { whoIsWho } from '../../host/who.ts';
import { visibleLines } from '../../text/visible.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import { globalsOf, refuseRedact } from '../call/globals.ts';
import { OURSELVES } from '../call/ourselves.ts';
import { Undelivered } from '../call/outlet.ts';
import { entriesOf } from '../call/redaction.ts';
import type { Session } from '../call/session.ts';

const LONGEST = 16 * 1024 * 1024;

/** `bk-doctor unredact [ANSWER]`: what somebody wrote who saw only a redacted report, with this host's names again. */
export function registerUnredact(program: Command, session: Session): void {
  program
    .command('unredact')
    .summary('translate an answer to a redacted report back into names of this host')
    .description(
      'Reads an answer (a file or standard input) that speaks of user1, host1, registry1.example, and prints it with the names that they stand for here. Knows those of every redacted report that this account has made on this host.',
    )
    .argument('[answer]', 'a file; - or none is standard input')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const globals = globalsOf(command);
      refuseRedact(globals, 'unredact is there to show names');
      const destination = destinationOf(session, globals, 'answer', 'unredact');
      const [{ logFile }, { translated }] = await Promise.all([
        import('../call/log-input.ts'),
        import('../../names/translate.ts'),
      ]);
      const entries = await keptHere(session);
      if (entries.length === 0)
        throw new UsageError('no report of this account was redacted on this host: there is nothing to translate by');
      const named = given ?? '-';
      const text = await textOf(named, named === '-' ? session.streams.stdin : logFile(named));
      const { text: shown, replaced } = translated(text, entries);
      await sendAnswer(destination, globals, { schema: 1, text: shown, replaced }, () =>
        visibleLines(shown)
          .map((line) => `${line}\n`)
          .join(''),
      );
      if (replaced === 0) session.notice('nothing in it stands for a name of this host');
    });
}

async function keptHere({ streams }: Session): Promise<ReturnType<typeof entriesOf>> {
  const [{ readNameMap }, { stateDirectory }, { Refused }] = await Promise.all([
    import('../../apply/journal/name-map.ts'),
    import('../../apply/journal/state-directory.ts'),
    import('../../apply/disk/refused.ts'),
  ]);
  const { self } = await whoIsWho(OURSELVES, streams.env);
  const state = stateDirectory(self, streams.env);
  try {
    return state === null ? [] : entriesOf(readNameMap(state, self.uid));
  } catch (error) {
    throw error instanceof Refused ? new Undelivered(error.message) : error;
  }
}

async function textOf(path: string, input: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of input) {
      pieces.push(Buffer.from(piece as Buffer));
      length += pieces.at(-1)?.length ?? 0;
      if (length > LONGEST) throw new UsageError(`"${path}" is longer than 16 MiB`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`"${path}" cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'no reason'}`);
  }
  return Buffer.concat(pieces).toString('utf8');
}
