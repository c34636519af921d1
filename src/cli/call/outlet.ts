import type { Streams } from './session.ts';

/** There is an answer, and it cannot be given: a full disk behind a redirection, a journal that may not be read. */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
}

/** Writes the answer and waits until it is out. A reader that has gone (head, less) is no fault: it had what it wanted. */
export function deliver(stream: Streams['stdout'], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      if (!error || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') resolve();
      else reject(new Undelivered(`the answer could not be written: ${error.message}`));
    });
  });
}

/** A word to the person; where it cannot be written there is nobody to tell. */
export async function remark(stream: Streams['stderr'], text: string): Promise<void> {
  await deliver(stream, text).catch(() => {});
}

/** A stream without a reader raises an event that would end us: the write's own answer is enough. */
export function tolerateClosedReaders({ stdout, stderr }: Pick<Streams, 'stdout' | 'stderr'>): () => void {
  const ignore = (): void => {};
  stdout.on('error', ignore);
  stderr.on('error', ignore);
  return () => {
    // Left on when a reader has gone: the event may come after the last write.
    if (!stdout.destroyed && !stdout.errored) stdout.off('error', ignore);
    if (!stderr.destroyed && !stderr.errored) stderr.off('error', ignore);
  };
}
