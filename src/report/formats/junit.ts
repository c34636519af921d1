import type { CheckReport, Report } from '../../model/say.ts';
import { located } from '../../text/located.ts';
import { findingsJson } from '../file-findings.ts';
import type { ExaminedFile, Format } from '../format.ts';
import { element, type Xml, xmlText } from './xml.ts';

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function junit({ checks, durationMs, startedAt, verdict }: Report): string {
  const count = (test: (check: CheckReport) => boolean): string => String(checks.filter(test).length);
  const totals = {
    tests: String(checks.length),
    failures: count(({ status }) => status === 'fail'),
    errors: count(({ status }) => status === 'unknown'),
    skipped: count(({ status }) => status === 'skip'),
    time: seconds(durationMs),
  };
  const { skipped, ...all } = totals;
  const suite = element('testsuite', { name: 'bk-doctor', ...totals, timestamp: startedAt.replace(/\.\d+Z$/, '') }, [
    ...checks.map(testcase),
    element('system-out', {}, [verdict.summary]),
  ]);
  return xmlText(element('testsuites', { name: 'bk-doctor', ...all }, [suite]));
}

function testcase(check: CheckReport): Xml {
  const [area = '', name = ''] = check.id.split('/');
  const attributes = { classname: `bk-doctor.${area}`, name, time: seconds(check.durationMs) };
  return element('testcase', attributes, outcome(check));
}

/** In the order that the schema wants: skipped, error, failure, system-out. */
function outcome({ status, problems, reason, title }: CheckReport): readonly Xml[] {
  const words = [...problems.map((problem) => `${problem.severity}: ${located(problem)}`), reason ?? '']
    .filter((line) => line !== '')
    .join('\n');
  const [worst] = problems.filter(({ severity }) => severity === 'error');
  switch (status) {
    case 'skip':
      return [element('skipped', { message: reason ?? 'does not apply' }, [])];
    case 'unknown':
      return [element('error', { type: 'unknown', message: reason ?? title }, [words])];
    case 'fail':
      return [element('failure', { type: worst?.condition ?? 'fail', message: worst?.message ?? title }, [words])];
    case 'warn':
    case 'pass':
      return words === '' ? [] : [element('system-out', {}, [words])];
  }
}

/** Of files: each is a test, and fails by its first error. */
function junitOfFiles(examined: readonly ExaminedFile[]): string {
  const { files } = findingsJson(examined);
  const cases = files.map(({ file, kind, skipped, problems }) => {
    const words = problems
      .map(({ severity, line, message }) => `${severity}: line ${line ?? '?'}: ${message}`)
      .join('\n');
    const error = problems.find(({ severity }) => severity === 'error');
    const result =
      skipped !== null
        ? [element('skipped', { message: skipped }, [])]
        : error !== undefined
          ? [element('failure', { type: error.condition, message: error.message }, [words])]
          : words === ''
            ? []
            : [element('system-out', {}, [words])];
    return {
      failed: skipped === null && error !== undefined,
      skipped: skipped !== null,
      xml: element('testcase', { classname: `bk-doctor.lint.${kind}`, name: file, time: '0' }, result),
    };
  });
  const totals = {
    tests: String(cases.length),
    failures: String(cases.filter(({ failed }) => failed).length),
    errors: '0',
    time: '0',
  };
  const suite = element(
    'testsuite',
    { name: 'bk-doctor lint', ...totals, skipped: String(cases.filter((one) => one.skipped).length) },
    cases.map(({ xml }) => xml),
  );
  return xmlText(element('testsuites', { name: 'bk-doctor lint', ...totals }, [suite]));
}

/** JUnit's XML, as test reports of CI systems take it: a failing check is a failure, an unknown one an error. */
export const junitFormat: Format = {
  name: 'junit',
  hidesNames: true,
  ending: '.xml',
  shows: { report: ({ report }) => junit(report), findings: junitOfFiles },
};
