import type { HostReader, Request } from '../model/look.ts';
import { Unseen } from '../model/unseen.ts';
import type { KnownSecrets } from '../secrets/known.ts';
import { type Budget, budgetFor } from './budget.ts';
import { discreetHost, SAID } from './discreet.ts';
import { localHost } from './local.ts';
import { looker } from './looks/looker.ts';
import { parseRecording, recordedHost, recordingHost } from './recording.ts';
import { UsageError } from './usage-error.ts';
import { whoIsWho } from './who.ts';

/** A host that can be examined, with what was asked of it. */
export interface Opened {
  readonly host: HostReader;
  readonly request: Request;
  /** The host's architecture in Node's words (x64, arm64 …). */
  readonly arch: string;
  /** True when it is a recording of another time or machine. */
  readonly replayed: boolean;
  /** What is left of the time that this call may wait for what may not answer. */
  readonly budget: Budget;
  /** What the host answered until now, as JSON text; empty when nothing was to be recorded. */
  recording(): string;
  /** The secrets that were met on this host. */
  readonly secrets: KnownSecrets;
  /** It is a recording in which names were replaced already. */
  readonly redacted?: boolean;
  close(): Promise<void>;
}

/** A hundred times what any host has given. */
const MOST_RECORDING = 64 * 1024 * 1024;

export interface OpenOptions {
  readonly record: boolean;
  /** A recording's path; null: this machine. */
  readonly replay: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** By how many times limits are longer than on an ordinary machine; 1 when not given. */
  readonly pace?: number;
}

/** Throws UsageError for an account that cannot be examined, or a recording that cannot be read. */
export async function openHost(request: Request, options: OpenOptions): Promise<Opened> {
  if (options.replay !== null) {
    const recording = parseRecording(readRecording(options.replay), options.replay);
    // One that was made before secrets were masked, or changed since.
    const recorded = discreetHost(recordedHost(recording));
    return {
      host: recorded.host,
      request: { ...recording.request, probe: request.probe && recording.request.probe },
      arch: recording.arch,
      replayed: true,
      budget: budgetFor(recording.identity),
      recording: () => '',
      secrets: recorded.secrets,
      redacted: recording.redacted === true,
      close: async () => {},
    };
  }
  const identity = await whoIsWho(request, options.env, options.pace);
  const budget = budgetFor(identity, options.pace);
  const local = localHost(identity, options.env, budget);
  const close = (): Promise<void> => local.close();
  const { host: discreet, secrets } = discreetHost(local);
  const opened = { request, arch: process.arch, replayed: false, budget, secrets, close } as const;
  if (!options.record) return { ...opened, host: discreet, recording: () => '' };
  const { host, recording } = recordingHost(discreet, request, process.arch);
  return {
    ...opened,
    host,
    recording: () =>
      `${JSON.stringify(recording(), (key, value) => (SAID.has(key) ? hidden(value, secrets.hide) : value), 1)}\n`,
  };
}

/** A program may have said a secret before it was met anywhere else. */
function hidden(value: unknown, hide: (text: string) => string): unknown {
  return typeof value === 'string' ? hide(value) : value;
}

function readRecording(path: string): string {
  try {
    const file = looker.read(path, MOST_RECORDING);
    if (file === null) throw new UsageError(`${path} does not exist`);
    return file.text;
  } catch (error) {
    if (error instanceof Unseen) throw new UsageError(error.why);
    throw error;
  }
}
