import { CONDITIONS, type Condition } from '../../knowledge/conditions.ts';
import type { Problem, Severity } from '../../model/decide.ts';
import type { CheckReport, Excuse, Report } from '../../model/say.ts';
import { VERSION } from '../../package/version.ts';
import { stepText } from '../../text/steps.ts';
import { findingsJson } from '../file-findings.ts';
import { fixesToShow } from '../findings.ts';
import type { ExaminedFile, Format } from '../format.ts';
import { hashOf } from './hash.ts';
import { jsonText } from './json-text.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const;
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** What SARIF wants of a condition that somebody has, and of where it is. */
interface Result {
  readonly condition: Condition;
  readonly severity: Severity;
  /** Sentences. */
  readonly words: readonly string[];
  readonly uri: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** What it is about, as a dotted or slashed name. */
  readonly logical: string;
  /** What makes it the same finding in the next run. */
  readonly same: string;
  readonly excuse?: Excuse;
  /** Only where there is an earlier report. */
  readonly baselineState?: 'new' | 'unchanged';
}

const ruleOf = (id: Condition) => ({
  id,
  name: id
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(''),
  shortDescription: { text: `${CONDITIONS[id]}.` },
  fullDescription: { text: `${CONDITIONS[id]}.` },
  help: { text: `In full: bk-doctor show ${id}` },
});

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function resultOf(result: Result, ids: readonly Condition[]): unknown {
  const { condition, severity, words, uri, line, column, logical, same, excuse, baselineState } = result;
  return {
    ruleId: condition,
    ruleIndex: ids.indexOf(condition),
    level: LEVEL[severity],
    message: { text: words.map(sentence).join(' ') },
    locations: [
      {
        ...(uri === null
          ? {}
          : {
              physicalLocation: {
                artifactLocation: { uri },
                ...(line === null ? {} : { region: { startLine: line, startColumn: column ?? 1 } }),
              },
            }),
        logicalLocations: [{ fullyQualifiedName: logical }],
      },
    ],
    partialFingerprints: { 'bkDoctor/v1': hashOf(same) },
    ...(baselineState === undefined ? {} : { baselineState }),
    ...(excuse?.by === 'waiver'
      ? { suppressions: [{ kind: 'external', status: 'accepted', justification: excuse.reason ?? '' }] }
      : {}),
  };
}

/** `untold`: what could not be examined, which is why the run tells less than all. */
function log(results: readonly Result[], untold: readonly string[]): string {
  const ids = [...new Set(results.map(({ condition }) => condition))].toSorted();
  const invocation = {
    executionSuccessful: untold.length === 0,
    ...(untold.length === 0
      ? {}
      : { toolExecutionNotifications: untold.map((text) => ({ level: 'error', message: { text: sentence(text) } })) }),
  };
  const run = {
    tool: { driver: { name: 'bk-doctor', semanticVersion: VERSION, rules: ids.map(ruleOf) } },
    invocations: [invocation],
    columnKind: 'utf16CodeUnits',
    results: results.map((result) => resultOf(result, ids)),
  };
  return jsonText({ $schema: SCHEMA, version: '2.1.0', runs: [run] });
}

const ofFiles = (files: readonly ExaminedFile[]): readonly Result[] =>
  findingsJson(files).files.flatMap(({ file, problems }) =>
    problems.map(({ condition, severity, path, line, column, message, remedy }) => ({
      condition,
      severity,
      words: [message, ...remedy],
      uri: encodeURI(file.replace(/^\.\//, '')),
      line,
      column,
      logical: path,
      same: `${condition}\n${path}\n${message}`,
    })),
  );

const ofReport = ({ checks, baseline }: Report): readonly Result[] =>
  checks.flatMap((check) => check.problems.map((problem, index) => ofProblem(check, problem, index, baseline)));

function ofProblem(check: CheckReport, problem: Problem, index: number, baseline: Report['baseline']): Result {
  const { condition, severity, subject, message, at } = problem;
  const fixes = fixesToShow(check, true).filter((fix) => fix.for.includes(index));
  const excuse = check.excused?.find((one) => one.problem === index);
  return {
    condition,
    severity,
    words: [message, ...fixes.flatMap(({ steps }) => steps.map((step) => stepText(step).say))],
    uri: at === undefined ? null : encodeURI(`file://${at.path}`),
    line: at?.line ?? null,
    column: at?.column ?? null,
    logical: check.id,
    same: `${condition}\n${subject}`,
    ...(excuse === undefined ? {} : { excuse }),
    ...(baseline === undefined ? {} : { baselineState: excuse?.by === 'baseline' ? 'unchanged' : 'new' }),
  };
}

const untoldOf = ({ checks }: Report): readonly string[] =>
  checks.flatMap(({ id, status, reason }) =>
    status === 'unknown' ? [`${id}: not known: ${reason ?? 'no reason'}`] : [],
  );

/** SARIF 2.1.0, for code scanning: what is written in a file has its place there, all else only its check. */
export const sarifFormat: Format = {
  name: 'sarif',
  hidesNames: false,
  ending: '.sarif',
  shows: {
    report: ({ report }) => log(ofReport(report), untoldOf(report)),
    findings: (files) => log(ofFiles(files), []),
  },
};
