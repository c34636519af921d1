import { findingsJson } from '../file-findings.ts';
import type { Format } from '../format.ts';
import { json, jsonText } from './json-text.ts';

export const jsonFormat: Format = {
  name: 'json',
  hidesNames: false,
  ending: '.json',
  shows: {
    report: ({ report }) => json(report),
    plan: ({ report }) => json(report),
    verification: ({ answer }) => jsonText(answer),
    explanation: jsonText,
    findings: (files) => jsonText(findingsJson(files)),
    answer: ({ value }) => jsonText(value),
  },
};
