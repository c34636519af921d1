import { visible } from '../../text/visible.ts';
import type { Format } from '../format.ts';

/** One line, for the message of the day and for chats: the verdict as it stands at the end of the report. */
export const summaryFormat: Format = {
  name: 'summary',
  hidesNames: false,
  ending: '.txt',
  shows: { report: ({ report }) => `bk-doctor: ${visible(report.verdict.summary)}\n` },
};
