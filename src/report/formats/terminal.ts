import { explanationText } from '../explanation.ts';
import { findingsText } from '../file-findings.ts';
import type { Format } from '../format.ts';
import { proposalsOf } from '../plan.ts';
import { terminal } from '../terminal.ts';
import { verificationText } from '../verification.ts';

export const terminalFormat: Format = {
  name: 'terminal',
  hidesNames: false,
  ending: '.txt',
  shows: {
    report: ({ report, commands, lead }, layout) => terminal(report, { ...layout, commands, lead: lead ?? null }),
    plan: ({ report, commands, order }, layout) =>
      terminal(report, { ...layout, commands, lead: null, proposals: proposalsOf(report, order) }),
    verification: verificationText,
    findings: findingsText,
    explanation: explanationText,
    answer: ({ words }, layout) => words(layout),
  },
};
