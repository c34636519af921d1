import { findingsJson } from '../file-findings.ts';
import type { Format } from '../format.ts';
import { hashOf } from './hash.ts';
import { jsonText } from './json-text.ts';

const SEVERITY = { error: 'critical', warning: 'minor', info: 'info' } as const;

/** A report of GitLab's Code Quality. */
export const gitlabFormat: Format = {
  name: 'gitlab',
  hidesNames: false,
  ending: '.json',
  shows: {
    findings: (files) =>
      jsonText(
        findingsJson(files).files.flatMap(({ file, problems }) =>
          problems.map(({ condition, severity, path, line, message }, index) => ({
            description: message,
            check_name: condition,
            fingerprint: hashOf([file, condition, path, message, index].join('\n')),
            severity: SEVERITY[severity],
            location: { path: file.replace(/^\.\//, ''), lines: { begin: line ?? 1 } },
          })),
        ),
      ),
  },
};
