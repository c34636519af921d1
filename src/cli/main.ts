import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { catalog } from '../catalog.ts';
import { slowness } from '../host/pace.ts';
import { UsageError } from '../host/usage-error.ts';
import { VERSION } from '../package/version.ts';
import { maskText } from '../secrets/text.ts';
import { visible } from '../text/visible.ts';
import { endDescendants, endLooks, killDescendants } from './call/descendants.ts';
import { deliver, remark, tolerateClosedReaders, Undelivered } from './call/outlet.ts';
import { withoutNpm } from './call/own-environment.ts';
import { Interrupted, type Session, type Streams } from './call/session.ts';
import { createProgram, misuse } from './program.ts';

export type { Streams } from './call/session.ts';

/** Signals that end us; a terminal's Ctrl-C is the first. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What tidying up, or taking back, may take after a signal. */
const TIDY_MS = 1800;

/** One call of bk-doctor, whose start took so many milliseconds until here. Answers the exit code; never throws. */
export async function main(argv: readonly string[], given: Streams, startMs = 0): Promise<number> {
  const { stdin, stdout, stderr } = given;
  const streams: Streams = { stdin, stdout, stderr, env: withoutNpm(given.env) };
  const restoreStreams = tolerateClosedReaders(streams);
  const desk = openDesk(streams, argv.includes('-q') || argv.includes('--quiet'), slowness(startMs));
  // Nothing that goes wrong ends us with Node's own words and code.
  const onCrash = (error: unknown): void => {
    failure(error, argv, desk, streams).then((code) => {
      killDescendants();
      process.exit(code);
    });
  };
  process.on('uncaughtException', onCrash);
  try {
    const code = await run(argv, desk, streams).catch((error) => failure(error, argv, desk, streams));
    await desk.tidyUp();
    return desk.signalled() ?? code;
  } catch (error) {
    return failure(error, argv, desk, streams);
  } finally {
    process.off('uncaughtException', onCrash);
    desk.close();
    restoreStreams();
  }
}

async function run(argv: readonly string[], desk: Desk, streams: Streams): Promise<number> {
  const { program, printed } = createProgram(desk.session);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return desk.code();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const misused = misuse(error, program, argv);
    if (misused !== null) throw misused;
    await deliver(streams.stdout, printed());
    return 0;
  }
}

/** Says on stderr what went wrong, in one sentence, and answers the exit code. */
async function failure(error: unknown, argv: readonly string[], desk: Desk, streams: Streams): Promise<number> {
  const { stderr, stdout } = streams;
  const sayTo = (stream: Streams['stderr'], before: string, sentence: string): Promise<void> =>
    remark(stream, `${before}${visible(maskText(sentence))}\n`);
  const say = (sentence: string): Promise<void> => sayTo(stderr, 'bk-doctor: ', sentence);
  const signalled = desk.signalled();
  if (error instanceof Interrupted) {
    if (error.message !== '') await say(error.message);
    return signalled ?? 128 + constants.signals.SIGINT;
  }
  if (signalled !== null) return signalled;
  if (error instanceof UsageError) {
    // A plugin's engine takes 2 for a host that is not ready, and reads its output alone.
    if (isForNagios(argv))
      return sayTo(stdout, 'BUILDKIT UNKNOWN - ', error.message.replaceAll('|', '/')).then(() => 3);
    await say(error.message);
    return 2;
  }
  if (error instanceof Undelivered) {
    await say(error.message);
    return 3;
  }
  const trace = argv.includes('-v') || argv.includes('--verbose');
  const what = error instanceof Error ? error.message : String(error);
  const more = trace ? '' : ', and add the trace that --verbose prints';
  await say(`internal error: ${what}. Please report it${more}, with the version (${VERSION})`);
  if (trace && error instanceof Error && error.stack !== undefined)
    await remark(stderr, `${error.stack.split('\n').slice(1).map(visible).join('\n')}\n`);
  return 3;
}

const isForNagios = (argv: readonly string[]): boolean =>
  argv.includes('--format=nagios') || argv[argv.indexOf('--format') + 1] === 'nagios';

interface Desk {
  readonly session: Session;
  tidyUp(): Promise<void>;
  /** Of a call that went well. */
  code(): number;
  /** 128 + the signal's number, once one has come. */
  signalled(): number | null;
  close(): void;
}

function openDesk(streams: Streams, quiet: boolean, slow: number): Desk {
  const abort = new AbortController();
  const tasks = new Set<() => unknown>();
  /** What is said of each task that is not waited for to its end. */
  const unfinished: string[] = [];
  let code = 0;
  let ended: number | null = null;
  let ending = false;

  const tidyUp = async (): Promise<void> => {
    const waiting = [...tasks].reverse();
    tasks.clear();
    for (const task of waiting) await task();
  };
  let deadline: NodeJS.Timeout | undefined;
  const leave = (): void => {
    killDescendants();
    for (const sentence of unfinished) streams.stderr.write(`bk-doctor: ${sentence}\n`);
    process.exit(ended ?? 1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const again = ended !== null;
    ended = 128 + constants.signals[signal];
    abort.abort();
    deadline ??= setTimeout(leave, TIDY_MS).unref();
    // While a change is being made the first signal waits for it to be taken back; a second one does not.
    if (unfinished.length > 0 && !again) {
      endLooks();
      return;
    }
    ending = true;
    if (again) {
      endDescendants().then(leave);
      return;
    }
    // A cursor that a prompt has hidden, a line of progress.
    if (streams.stderr.isTTY) streams.stderr.write('\r\u001b[K\u001b[?25h');
    // While whoever started them is still there: orphans would no longer be ours to end.
    endDescendants().then(tidyUp).then(leave, leave);
  };
  for (const signal of ENDING) process.on(signal, onSignal);

  return {
    session: {
      catalog,
      streams,
      slowness: slow,
      signal: abort.signal,
      isEnding: () => ending,
      tidy(task) {
        tasks.add(task);
        return () => tasks.delete(task);
      },
      async patiently(task, sentence) {
        unfinished.push(sentence);
        try {
          return await task();
        } finally {
          unfinished.splice(unfinished.indexOf(sentence), 1);
        }
      },
      finish(value) {
        code = value;
      },
      notice(text) {
        if (!quiet) streams.stderr.write(`bk-doctor: ${visible(maskText(text))}\n`);
      },
    },
    tidyUp,
    code: () => code,
    signalled: () => ended,
    close: () => {
      clearTimeout(deadline);
      for (const signal of ENDING) process.off(signal, onSignal);
    },
  };
}
