import { explanationText } from './explanation.ts';
import { findingsText } from './file-findings.ts';
import type { Format } from './format.ts';
import { terminal } from './terminal.ts';
import { verificationText } from './verification.ts';

export const terminalFormat: Format = {
  name: 'terminal',
  hidesNames: false,
  ending: '.txt',
  shows: {
    report: ({ report, commands }, layout) => terminal(report, { ...layout, commands, diffs: false }),
    plan: ({ report, commands }, layout) => terminal(report, { ...layout, commands, diffs: true }),
    verification: verificationText,
    findings: findingsText,
    explanation: explanationText,
    answer: ({ words }, layout) => words(layout),
  },
};
