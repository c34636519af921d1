import { setTimeout } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { OpenedArchive } from '../../archive/open.ts';
import { assess } from '../../examine/assess.ts';
import { type Opened, openHost } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { Catalog } from '../../model/catalog.ts';
import type { Request } from '../../model/look.ts';
import type { Report } from '../../model/say.ts';
import { exitCode } from '../../report/exit-code.ts';
import { seconds } from '../../text/seconds.ts';
import { destinationOf, sendReport } from '../call/answer.ts';
import { addBuildOption, addExamineOptions, durationOf, type Question, questionOf } from '../call/examine-options.ts';
import { globalsOf } from '../call/globals.ts';
import { commandsOf } from '../call/own-commands.ts';
import { examined, progressLine } from '../call/progress.ts';
import { recordingFile, takeDown } from '../call/recording-file.ts';
import type { Session } from '../call/session.ts';
import { didYouMean } from '../call/wording.ts';

type AssessArguments = Parameters<typeof assess> extends readonly [unknown, ...infer Rest] ? Rest : never;

/** `bk-doctor [check]`: examines the host; changes nothing. */
export function registerCheck(program: Command, session: Session): void {
  addBuildOption(
    addExamineOptions(
      program
        .command('check', { isDefault: true })
        .summary('examine this host (what bk-doctor does without a command)')
        .description(
          'Examines whether BuildKit can run here, as this user and with this configuration. Changes nothing.',
        )
        .addOption(
          new Option(
            '--wait <duration>',
            'examine again until nothing at or above --fail-on is left, for so long (90s, 5m)',
          )
            .argParser(durationOf)
            .helpGroup('Which checks:'),
        )
        .addOption(
          new Option(
            '--from <archive>',
            'examine the host in a sosreport (.tar, .tar.xz, .tar.gz …, or its unpacked folder); what it lacks is unknown',
          ).helpGroup('What is examined:'),
        )
        .addOption(
          new Option('--baseline <file>', 'an earlier report: only what is new makes the exit code 1').helpGroup(
            'Which checks:',
          ),
        )
        .addOption(
          new Option(
            '--waivers <file>',
            'TOML: what does not make the exit code 1, each with a reason and an end',
          ).helpGroup('Which checks:'),
        )
        .addOption(
          new Option(
            '--with-recording',
            'put what the host answered into the JSON report: check --replay examines it again',
          ).helpGroup('What is examined:'),
        )
        .allowExcessArguments(true),
    ),
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
  const builds = async (): Promise<Catalog> => [
    ...session.catalog,
    ...(await import('../../build-catalog.ts')).buildCatalog,
  ];
  // A recording says itself whether a build was asked about.
  const given = command.opts<{ build?: string; replay?: string }>();
  const asksBuild = given.build !== undefined || given.replay !== undefined;
  const asked = questionOf(command, asksBuild ? await builds() : session.catalog);
  const destination = destinationOf(session, globals, 'report', 'check');
  const recording = recordingFile(session, asked.record);
  const recorded = command.opts<{ withRecording?: true }>().withRecording === true;
  if (recorded && globals.format.name !== 'json')
    throw new UsageError('--with-recording puts what the host answered into the JSON report: add --json');
  const waitMs = command.opts<{ wait?: number }>().wait ?? 0;
  if (waitMs > 0 && asked.replay !== null) throw new UsageError('--wait waits for a host: a recording does not change');
  const progress = progressLine(session, globals.quiet);
  const inventory = globals.verbose || recording !== null || recorded || destination.file !== null;
  const excuse = await excusesOf(command, session);
  const examine = async (): Promise<{ opened: Opened; report: Report }> => {
    const opened = await open(session, asked, recorded || recording !== null);
    const options = { inventory, progress: examined(progress) };
    const catalog = opened.request.build === undefined ? session.catalog : await builds();
    const report = excuse(await assessed(opened, catalog, asked, options).finally(() => progress.clear()));
    return { opened, report };
  };
  const { opened, report } = await untilGood(examine, ({ report: found }) => exitCode(found, asked.failOn) === 0, {
    waitMs,
    signal: session.signal,
    dismiss: (one) => one.opened.close(),
    tell: (left) => progress.show(`not ready yet; waiting for at most ${seconds(left)} more`),
  }).finally(() => progress.clear());
  const writeRecording = await takeDown(session, recording, opened, destination);
  const verify = command.parent?.commands.some((each) => each.name() === 'verify') ?? false;
  const question = { ...asked, elsewhere: opened.replayed, verify };
  await sendReport(session, destination, globals, report, {
    commands: commandsOf(question, report.target, session.streams.env),
    kind: 'report',
    opened,
    recorded,
  });
  writeRecording();
  return globals.format.exitCode?.(report) ?? exitCode(report, asked.failOn);
}

async function assessed(opened: Opened, ...asked: AssessArguments): Promise<Report> {
  if (!('asShown' in opened)) return assess(opened, ...asked);
  const { assessArchive } = await import('../../examine/archive.ts');
  return assessArchive(opened as OpenedArchive, ...asked);
}

/** What `--baseline` and `--waivers` say, read before anything is examined. Throws UsageError. */
async function excusesOf(command: Command, { catalog }: Session): Promise<(report: Report) => Report> {
  const given = command.opts<{ baseline?: string; waivers?: string }>();
  if (given.baseline === undefined && given.waivers === undefined) return (report) => report;
  const { excuses } = await import('../call/excuses.ts');
  return excuses(given, catalog);
}

interface Waiting<T> {
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Of what is not good, before the next try. */
  readonly dismiss: (one: T) => unknown;
  readonly tell: (leftMs: number) => void;
}

/** Between two tries. */
const PAUSE_MS = 2000;

/** Tries again until it is good, or the time is over; answers the last try. */
async function untilGood<T>(
  attempt: () => Promise<T>,
  isGood: (one: T) => boolean,
  { waitMs, signal, dismiss, tell }: Waiting<T>,
): Promise<T> {
  const until = performance.now() + waitMs;
  for (;;) {
    const one = await attempt();
    const left = until - performance.now();
    if (left <= 0 || signal.aborted || isGood(one)) return one;
    await dismiss(one);
    tell(left);
    await setTimeout(Math.min(PAUSE_MS, left));
  }
}

/** Opens what is to be examined; it is closed when the call ends, however it ends. */
export async function open(session: Session, asked: Question, recorded = asked.record !== null): Promise<Opened> {
  if (asked.from !== null) return openArchived(session, asked.from, asked.request);
  const opened = await openHost(asked.request, {
    record: recorded,
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

async function openArchived(session: Session, path: string, request: Request): Promise<Opened> {
  const { openArchive } = await import('../../archive/open.ts');
  const opened = await openArchive(path, request);
  if (opened.because !== null) session.notice(`${opened.because} (--user NAME for another one)`);
  return opened;
}
