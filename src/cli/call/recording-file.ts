import type { Opened } from '../../host/open.ts';
import type { Names } from '../../names/names.ts';
import { survivorIn } from '../../names/proof.ts';
import { type Destination, refuseSurvivor } from './answer.ts';
import { type PrivateFile, preparePrivateFile } from './private-file.ts';
import type { Session } from './session.ts';

/** The file of `--record`, checked before anything is looked at; null when none is asked for. */
export function recordingFile(session: Session, path: string | null): PrivateFile | null {
  return path === null ? null : preparePrivateFile('--record', path, session.streams.env);
}

/** Takes down what the host has answered until now. It is written by the answer of this: after the report, so that the report is given in any case. */
export async function takeDown(
  session: Session,
  file: PrivateFile | null,
  opened: Opened,
  { redaction }: Destination,
): Promise<() => void> {
  if (file === null) return () => {};
  const names = redaction.ofRecording ? await redaction.names(opened) : null;
  const text = names === null ? opened.recording() : await hiddenIn(opened.recording(), names);
  if (names !== null) await redaction.keep();
  return () => {
    refuseSurvivor('the recording', survivorIn(text, opened.secrets, names));
    file.write(text);
    const holds =
      names === null
        ? 'names, paths and settings of this host, and none of its secrets'
        : 'settings of this host, and none of its names and secrets';
    session.notice(`recording written to ${file.path} (it holds ${holds})`);
  };
}

async function hiddenIn(text: string, names: Names): Promise<string> {
  const { learnRecording, redactedRecording } = await import('../../names/recording.ts');
  const recording = JSON.parse(text) as Parameters<typeof learnRecording>[0];
  learnRecording(recording, names);
  return `${JSON.stringify(redactedRecording(recording, names), null, 1)}\n`;
}
