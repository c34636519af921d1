import { readConfig } from '../../buildkit/config/read.ts';
import { ANY_RELEASE } from '../../buildkit/version.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import type { Check } from '../../model/decide.ts';
import { conditionOf } from '../config/buildkitd-text.ts';
import { type ContainerEvidence, judging } from './judging.ts';

const needs = { document: described };

export const containerConfiguration: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/configuration',
  title: 'buildkitd understands the configuration that the file brings',
  why: 'buildkitd ends at a value of the wrong type, and passes over a key that it does not know.',
  decides: true,
  conditions: [
    'config.toml-syntax',
    'config.wrong-type',
    'config.unknown-key',
    'config.misplaced-key',
    'config.deprecated-key',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const { text, span, path } of document.configs) {
      const first = document.lines.lineOf(span.start);
      // The text of a block begins on the line below its key.
      const header = /^[|>]/.test(document.text.slice(span.start, span.start + 1)) ? 1 : 0;
      for (const problem of readConfig(text, ANY_RELEASE).problems) {
        const severity = problem.stops
          ? problem.versions === null
            ? 'error'
            : 'warning'
          : problem.inner || problem.kind === 'deprecated'
            ? 'info'
            : 'warning';
        const start = offsetOf(document.text, first + header + problem.line - 1);
        const words =
          problem.versions === null ? problem.message : `${problem.message} This concerns ${problem.versions}.`;
        const subject = path === '' ? problem.key : `${path}: ${problem.key}`;
        judge.say(
          conditionOf(problem.kind),
          severity,
          { path: subject, span: { start, end: start + 1 } },
          words,
          'toml',
          { values: { key: problem.key } },
        );
      }
    }
    return judge.found;
  },
};

/** Where the text of a line begins. */
function offsetOf(text: string, line: number): number {
  let at = 0;
  for (let number = 1; number < line; number++) {
    const next = text.indexOf('\n', at);
    if (next < 0) break;
    at = next + 1;
  }
  while (text[at] === ' ') at++;
  return at;
}
