import { findingsJson } from '../file-findings.ts';
import type { Format } from '../format.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'notice' } as const;

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Annotations of a workflow of GitHub Actions. */
export const githubFormat: Format = {
  name: 'github',
  hidesNames: false,
  ending: '.txt',
  shows: {
    findings: (files) =>
      findingsJson(files)
        .files.flatMap(({ file, problems }) =>
          problems.map(({ severity, line, column, condition, message, remedy }) => {
            const place = line === null ? '' : `,line=${line},col=${column ?? 1}`;
            const words = [message, ...remedy].join('\n');
            return `::${LEVEL[severity]} file=${property(file)}${place},title=${property(condition)}::${data(words)}\n`;
          }),
        )
        .join(''),
  },
};
