import type { Command } from 'commander';
import { assess, targetOf } from '../../examine/assess.ts';
import { examine } from '../../examine/examine.ts';
import { createLook } from '../../examine/look.ts';
import { UsageError } from '../../host/usage-error.ts';
import { lacksService, startOf } from '../../report/summary.ts';
import { destinationOf, sendVerification } from '../call/answer.ts';
import { addExamineOptions, questionOf } from '../call/examine-options.ts';
import { globalsOf } from '../call/globals.ts';
import { commandsOf } from '../call/own-commands.ts';
import { progressLine } from '../call/progress.ts';
import type { Session } from '../call/session.ts';
import { open } from './check.ts';
import { explainedText } from './explain.ts';

/** `bk-doctor verify`: starts buildkitd for real and builds a small image, offline. */
export function registerVerify(program: Command, session: Session): void {
  addExamineOptions(
    program
      .command('verify')
      .summary('start BuildKit for real in a scratch directory and build a small image')
      .description(
        'Starts buildkitd as it would be started here, but with a root, a socket and a state directory of its own, builds FROM scratch with a RUN step, offline, and removes all of it.',
      ),
  ).action(async (_options: unknown, command: Command) => {
    session.finish(await run(session, command));
  });
}

async function run(session: Session, command: Command): Promise<number> {
  const globals = globalsOf(command);
  const asked = questionOf(command, session.catalog);
  if (asked.replay !== null || asked.record !== null)
    throw new UsageError('verify starts BuildKit on this host: --record and --replay belong to check');
  if (asked.request.root !== null || asked.request.addresses !== null)
    throw new UsageError(
      'verify uses a scratch directory and a socket of its own: --root and --address belong to check',
    );
  const destination = destinationOf(session, globals, 'verification', 'verify');
  const { explanationsOf, verify } = await import('../../verify/index.ts');
  const opened = await open(session, asked);
  const progress = progressLine(session, globals.quiet);
  // A signal stops the trial, and waits until what it started has ended and what it wrote is gone.
  const trial = await session.patiently(
    () => verify(opened, session.signal, (stage) => progress.show(`verify: ${stage}`)),
    'it was ended before the trial had tidied up: a directory bkd-… can be left where temporary files are',
  );
  progress.show('verify: looking for what explains it');
  const diagnoses =
    trial.ok || session.signal.aborted
      ? []
      : await explanationsOf((await assess(opened, session.catalog, asked, { inventory: false })).checks, opened);
  const told = trial.ok
    ? []
    : await explainedText(
        [...trial.stages.flatMap(({ message }) => message ?? []), ...trial.log].join('\n'),
        session.catalog,
      );
  progress.clear();
  const look = createLook({ host: opened.host, request: opened.request });
  const target = await targetOf(look);
  const commands = commandsOf({ ...asked, elsewhere: false, verify: false }, target, session.streams.env);
  const answer = { schema: 1, ...trial, diagnoses, told } as const;
  const service = trial.ok ? await examine(look, session.catalog, { isSelected: (id) => id === 'service/state' }) : [];
  const start = lacksService(service) ? commands.setup : startOf(target);
  const next = trial.ok ? (target.running ? null : start) : commands.check;
  await sendVerification(destination, globals, { answer, next }, opened);
  return trial.ok ? 0 : 1;
}
