import type { HostReader, Identity, Ran, Request, UnseenReason } from '../model/look.ts';
import { NotRecorded, reasonOf, Unanswered, Unseen, unseenOf } from '../model/unseen.ts';
import { visible } from '../text/visible.ts';
import { fitsRecorded, VERBS, type Verb } from './answers.ts';
import { account, bool, listOf, mapOf, number, oneOf, orAbsent, orNull, record, type Shape, text } from './shape.ts';
import { UsageError } from './usage-error.ts';

/** Everything a host answered, so that it can be examined again on another machine. */
export interface Recording {
  readonly recording: 1;
  readonly recordedAt: string;
  /** Names in it were replaced. */
  readonly redacted?: true;
  readonly now: number;
  readonly arch: string;
  readonly request: Request;
  readonly identity: Identity;
  readonly env: { readonly [name: string]: string };
  /** By verb and arguments; a look at a path is told apart by who looked. */
  readonly answers: { readonly [question: string]: { readonly value?: unknown; readonly unseen?: UnseenReason } };
}

/** The question that identifies an answer. The environment of a probe follows from the request, so it is left out. */
export function question(verb: Verb, args: readonly unknown[]): string {
  const asked =
    verb === 'probe' ? args.slice(0, 3) : verb === 'read' ? args.slice(0, 2) : verb === 'run' ? args.slice(0, 3) : args;
  return JSON.stringify([verb, ...asked]);
}

/** Passes every look on and keeps the answer; secrets were masked by the host before. */
export function recordingHost(
  host: HostReader,
  request: Request,
  arch: string,
): { host: HostReader; recording(): Recording } {
  const answers: { [question: string]: { value?: unknown; unseen?: UnseenReason } } = {};
  let env: { readonly [name: string]: string } = {};
  const started = host.now();
  const wrap =
    (verb: Verb) =>
    async (...args: readonly unknown[]) => {
      const key = question(verb, args);
      try {
        const value = await (host[verb] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
        answers[key] = { value };
        return value;
      } catch (error) {
        if (error instanceof Unseen && !(error instanceof NotRecorded)) answers[key] = { unseen: reasonOf(error) };
        throw error;
      }
    };
  const wrapped = Object.fromEntries(VERBS.map((verb) => [verb, wrap(verb)])) as unknown as HostReader;
  return {
    host: {
      ...wrapped,
      identity: host.identity,
      now: () => host.now(),
      env: async () => {
        env = await host.env();
        return env;
      },
    },
    recording: () => ({
      recording: 1,
      recordedAt: new Date(started).toISOString(),
      now: started,
      arch,
      request,
      identity: host.identity,
      env,
      answers: Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1))),
    }),
  };
}

/** Examines a recording: a question that it lacks is unknown, never absence. */
export function recordedHost(recording: Recording): HostReader {
  const answer =
    (verb: Verb) =>
    async (...args: readonly unknown[]) => {
      const found = recording.answers[question(verb, args)];
      if (found === undefined) throw new NotRecorded();
      if (found.unseen !== undefined) throw unseenOf(found.unseen);
      // As earlier versions wrote it down.
      if (verb === 'run' && (found.value as Ran | null)?.timedOut === true)
        throw new Unanswered(`${String(args[0])} did not answer in time`);
      return found.value;
    };
  const verbs = Object.fromEntries(VERBS.map((verb) => [verb, answer(verb)])) as unknown as HostReader;
  return { ...verbs, identity: recording.identity, now: () => recording.now, env: async () => recording.env };
}

/** Throws UsageError when the text is not a recording of a version that is understood, or was damaged. */
export function parseRecording(text: string, path: string): Recording {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UsageError(`${visible(path)} is not a recording: it is not JSON`);
  }
  if (isReport(parsed)) {
    if (!record({})(parsed.recording))
      throw new UsageError(
        `${visible(path)} is a report without a recording: bk-doctor check --json --with-recording puts one into it`,
      );
    parsed = parsed.recording;
  }
  if (!record({ recording: isThere, answers: isThere, identity: isThere })(parsed))
    throw new UsageError(`${visible(path)} is not a recording made by bk-doctor --record`);
  const { recording, answers } = parsed as { readonly [field: string]: unknown };
  if (recording !== 1)
    throw new UsageError(
      `${visible(path)} was recorded by a newer bk-doctor (format ${visible(String(recording).slice(0, 40))})`,
    );
  const wrong = HEAD.find(([, shape]) => !shape(parsed))?.[0] ?? wrongAnswer(answers);
  if (wrong !== null)
    throw new UsageError(`${visible(path)} is damaged: ${wrong} is not what bk-doctor --record writes`);
  return parsed as Recording;
}

/** A report may hold the recording that it was made from. */
const isReport = (value: unknown): value is { readonly recording?: unknown } =>
  record({ verdict: record({}), checks: isThere })(value);

const isThere: Shape = (value) => value !== undefined;
const words = mapOf(text(4 * 1024 * 1024));
const mode = oneOf('rootless', 'rootful');
const short = text(64 * 1024);
/** What a recording says beside the answers. */
const HEAD: readonly (readonly [string, Shape])[] = [
  ['the time', record({ now: (value) => number(value) && Math.abs(value as number) <= 8.64e15, recordedAt: short })],
  ['the architecture', record({ arch: short })],
  [
    'the request',
    record({
      request: record({
        mode: orNull(mode),
        user: orNull(short),
        env: words,
        config: orNull(short),
        root: orNull(short),
        addresses: orNull(listOf(short, 10_000)),
        probe: bool,
        build: orAbsent(record({ given: text(2 * 1024 * 1024), directory: short })),
      }),
    }),
  ],
  ['the identity', record({ identity: record({ self: account, target: account, mode, sudoUser: orNull(short) }) })],
  ['the environment', record({ env: words })],
];

function wrongAnswer(answers: unknown): string | null {
  if (!record({})(answers)) return 'the list of answers';
  for (const [key, answer] of Object.entries(answers as object)) {
    if (!isAnswer(key, answer)) return `the answer to ${visible(key.slice(0, 200))}`;
  }
  return null;
}

const yes = orAbsent((value) => value === true);
const answered = record({
  unseen: orAbsent(
    record({ why: text(1024 * 1024), command: orAbsent(text(1024 * 1024)), tooMuch: yes, unanswered: yes }),
  ),
});

function isAnswer(key: string, answer: unknown): boolean {
  if (!answered(answer)) return false;
  const { value, unseen } = answer as { readonly value?: unknown; readonly unseen?: unknown };
  if (unseen !== undefined) return true;
  if (value === undefined) return false;
  try {
    const question: unknown = JSON.parse(key);
    if (!Array.isArray(question)) return false;
    const [verb, ...args] = question as readonly unknown[];
    return typeof verb === 'string' && fitsRecorded(verb, args, value);
  } catch {
    return false;
  }
}
