import type { HostReader, Identity, Request, UnseenReason } from '../model/look.ts';
import { NotRecorded, reasonOf, Unanswered, Unseen } from '../model/unseen.ts';
import { UsageError } from './usage-error.ts';

/** Everything a host answered, so that it can be examined again on another machine. */
export interface Recording {
  readonly recording: 1;
  readonly recordedAt: string;
  readonly now: number;
  readonly arch: string;
  readonly request: Request;
  readonly identity: Identity;
  readonly env: { readonly [name: string]: string };
  /** By verb and arguments; a look at a path is told apart by who looked. */
  readonly answers: { readonly [question: string]: { readonly value?: unknown; readonly unseen?: UnseenReason } };
}

type Verb = Exclude<keyof HostReader, 'identity' | 'now' | 'env'>;

/** The question that identifies an answer. The environment of a probe follows from the request, so it is left out. */
export function question(verb: Verb, args: readonly unknown[]): string {
  const asked =
    verb === 'probe' ? args.slice(0, 3) : verb === 'read' ? args.slice(0, 2) : verb === 'run' ? args.slice(0, 3) : args;
  return JSON.stringify([verb, ...asked]);
}

const VERBS: readonly Verb[] = [
  'read',
  'stat',
  'lstat',
  'readlink',
  'realpath',
  'list',
  'statfs',
  'mountOf',
  'access',
  'run',
  'survey',
  'socketHolder',
  'hardware',
  'probe',
];

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
        if (error instanceof Unseen && !(error instanceof Unanswered)) answers[key] = { unseen: reasonOf(error) };
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
      if (found.unseen !== undefined) throw new Unseen(found.unseen.why, found.unseen.command, found.unseen.tooMuch);
      return found.value;
    };
  const verbs = Object.fromEntries(VERBS.map((verb) => [verb, answer(verb)])) as unknown as HostReader;
  return { ...verbs, identity: recording.identity, now: () => recording.now, env: async () => recording.env };
}

/** Throws UsageError when the text is not a recording of a version that is understood. */
export function parseRecording(text: string, path: string): Recording {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is not a recording: it is not JSON`);
  }
  const candidate = parsed as Partial<Recording> | null;
  if (
    typeof candidate !== 'object' ||
    candidate === null ||
    candidate.recording === undefined ||
    typeof candidate.answers !== 'object' ||
    candidate.identity === undefined
  ) {
    throw new UsageError(`${path} is not a recording made by bk-doctor --record`);
  }
  if (candidate.recording !== 1)
    throw new UsageError(`${path} was recorded by a newer bk-doctor (format ${String(candidate.recording)})`);
  return candidate as Recording;
}
