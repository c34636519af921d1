import type { Report } from '../model/say.ts';
import type { Names } from '../names/names.ts';
import { learnRecording, redactedRecording } from '../names/recording.ts';
import { redact } from './redact.ts';

/** The report with what the host answered inside, so that it can be replayed; `names`: both with the same stand-ins. */
export function withRecording(
  report: Report,
  recording: Parameters<typeof learnRecording>[0],
  names: Names | null,
): Report {
  if (names === null) return { ...report, recording };
  learnRecording(recording, names);
  return { ...redact(report, names), recording: redactedRecording(recording, names) };
}
