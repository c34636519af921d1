import type { Catalog } from '../../model/catalog.ts';

/** What a call of bk-doctor is given: a `process` will do. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** One call: its streams, and what must be put in order before it ends, however it ends. */
export interface Session {
  /** What hosts are judged by. */
  readonly catalog: Catalog;
  readonly streams: Streams;
  /** How many times slower than an ordinary machine this one is. */
  readonly slowness: number;
  /** Aborted by a signal that ends us. */
  readonly signal: AbortSignal;
  /** A signal ends us, once what runs has tidied up: nobody waits for an answer any more. */
  isEnding(): boolean;
  /** Registers what must be tidied up; the answer takes it back. */
  tidy(task: () => unknown): () => void;
  /**
   * While this runs a signal aborts `signal` and waits a little: what is being changed must be finished or taken back.
   * `unfinished` is said where that takes too long.
   */
  patiently<T>(task: () => Promise<T>, unfinished: string): Promise<T>;
  /** Sets the exit code of a call that went well; 0 without it. */
  finish(code: number): void;
  /** For stderr. A sentence that nobody asked for; not with --quiet. */
  notice(text: string): void;
}

/** The person stopped at a question; what was said of it is `message`, nothing where it was told already. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
