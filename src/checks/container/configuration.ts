import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { readConfig } from '../../buildkit/config/read.ts';
import { ANY_RELEASE, type Bracket, compareReleases, NEWEST, parseRelease } from '../../buildkit/version.ts';
import { type Described, type DocumentSubject, described } from '../../documents/subject.ts';
import type { Check, Severity } from '../../model/decide.ts';
import { conditionOf } from '../config/buildkitd-text.ts';
import { type ContainerEvidence, judging } from './judging.ts';

const needs = { document: described };

export const containerConfiguration: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/configuration',
  title: 'buildkitd understands the configuration that the file brings',
  why: 'buildkitd ends at a value of the wrong type, and silently ignores a key that it does not know.',
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
    const releases = releasesOf(document);
    for (const { text, span, path } of document.configs) {
      const first = document.lines.lineOf(span.start);
      // The text of a block begins on the line below its key.
      const header = /^[|>]/.test(document.text.slice(span.start, span.start + 1)) ? 1 : 0;
      const here = readConfig(text, releases).problems;
      const known = new Set(here.map(keyOf));
      const elsewhere = readConfig(text, ANY_RELEASE).problems.filter((problem) => !known.has(keyOf(problem)));
      for (const problem of [...here, ...elsewhere]) {
        const severity = known.has(keyOf(problem)) ? severityOf(problem) : 'info';
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

function severityOf({ stops, versions, inner, kind }: ConfigProblem): Severity {
  if (stops) return versions === null ? 'error' : 'warning';
  return inner || kind === 'deprecated' ? 'info' : 'warning';
}

const keyOf = ({ kind, key }: ConfigProblem): string => `${kind} ${key}`;

/** The releases that images of the file name, else the newest: what only others do not know does not concern it. */
function releasesOf({ setups }: Described): Bracket {
  const named = setups
    .map(({ container }) => parseRelease(container.image?.value.tag ?? ''))
    .filter((release) => release !== null);
  const [oldest = NEWEST, ...others] = named.toSorted(compareReleases);
  return { min: oldest, max: others.at(-1) ?? oldest, text: null };
}

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
