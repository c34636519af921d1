import type { Command } from 'commander';
import { assess } from '../examine/assess.ts';
import { type Opened, openHost } from '../host/open.ts';
import { UsageError } from '../host/usage-error.ts';
import { exitCode } from '../report/exit-code.ts';
import { destinationOf, sendReport } from './answer.ts';
import { addExamineOptions, type Question, questionOf } from './examine-options.ts';
import { globalsOf } from './globals.ts';
import { commandsOf } from './own-commands.ts';
import { examined, progressLine } from './progress.ts';
import { recordingFile, takeDown } from './recording-file.ts';
import type { Session } from './session.ts';
import { didYouMean } from './wording.ts';

/** `bk-doctor [check]`: examines the host; changes nothing. */
export function registerCheck(program: Command, session: Session): void {
  addExamineOptions(
    program
      .command('check', { isDefault: true })
      .summary('examine this host (what bk-doctor does without a command)')
      .description('Examines whether BuildKit can run here, as this user and with this configuration. Changes nothing.')
      .allowExcessArguments(true),
  ).action(async (_options: unknown, command: Command) => {
    refuseWords(program, command);
    session.finish(await check(session, command));
  });
}

/** The default command gets every word that is no command's name. */
function refuseWords(program: Command, command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const known = program.commands.map((each) => each.name());
  if (known.includes(word)) throw new UsageError(`write the command first: bk-doctor ${word} …`);
  throw new UsageError(`there is no command "${word}"${didYouMean(word, known)}`);
}

async function check(session: Session, command: Command): Promise<number> {
  const globals = globalsOf(command);
  const asked = questionOf(command, session.catalog);
  const destination = destinationOf(session, globals, 'report', 'check');
  const recording = recordingFile(session, asked.record, globals);
  const opened = await open(session, asked);
  const progress = progressLine(session, globals.quiet);
  const inventory = globals.verbose || recording !== null || destination.file !== null;
  const report = await assess(opened, session.catalog, asked, {
    inventory,
    progress: examined(progress),
  }).finally(() => progress.clear());
  const writeRecording = takeDown(session, recording, opened);
  const verify = command.parent?.commands.some((each) => each.name() === 'verify') ?? false;
  const question = { ...asked, elsewhere: opened.replayed, verify };
  await sendReport(session, destination, globals, report, {
    commands: commandsOf(question, report.target, session.streams.env),
    kind: 'report',
    opened,
  });
  writeRecording();
  return exitCode(report, asked.failOn);
}

/** Opens what is to be examined; it is closed when the call ends, however it ends. */
export async function open(session: Session, asked: Question): Promise<Opened> {
  const opened = await openHost(asked.request, {
    record: asked.record !== null,
    replay: asked.replay,
    env: session.streams.env,
    pace: session.slowness * asked.patience,
  });
  session.tidy(() => opened.close());
  const { mode } = asked.request;
  if (opened.replayed && mode !== null && mode !== opened.host.identity.mode)
    throw new UsageError(`--replay: the recording is of a ${opened.host.identity.mode} set-up, not a ${mode} one`);
  return opened;
}
