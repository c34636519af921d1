import { explanationMarkdown } from '../explanation.ts';
import { findingsMarkdown } from '../file-findings.ts';
import type { Format } from '../format.ts';
import { verificationMarkdown } from '../verification.ts';
import { markdown } from './markdown-report.ts';

export const markdownFormat: Format = {
  name: 'markdown',
  hidesNames: true,
  ending: '.md',
  shows: {
    verification: verificationMarkdown,
    report: ({ report }) => markdown(report),
    plan: ({ report }) => markdown(report),
    findings: findingsMarkdown,
    explanation: explanationMarkdown,
  },
};
