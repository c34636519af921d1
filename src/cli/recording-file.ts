import type { Opened } from '../host/open.ts';
import { type Globals, refuseRedact } from './globals.ts';
import { type PrivateFile, preparePrivateFile } from './private-file.ts';
import type { Session } from './session.ts';

/** The file of `--record`, checked before anything is looked at; null when none is asked for. */
export function recordingFile(session: Session, path: string | null, globals: Globals): PrivateFile | null {
  if (path !== null)
    refuseRedact(globals, '--record keeps the names of the host, without which nothing could be examined again');
  return path === null ? null : preparePrivateFile('--record', path, session.streams.env);
}

/** Takes down what the host has answered until now. It is written by the answer of this: after the report, so that the report is given in any case. */
export function takeDown(session: Session, file: PrivateFile | null, opened: Opened): () => void {
  if (file === null) return () => {};
  const text = opened.recording();
  return () => {
    file.write(text);
    session.notice(
      `recording written to ${file.path} (it holds names, paths and settings of this host, and none of its secrets)`,
    );
  };
}
