import { CONDITIONS, type Condition } from '../../knowledge/conditions.ts';
import { findingsJson } from '../file-findings.ts';
import type { ExaminedFile, Format } from '../format.ts';
import { hashOf } from './hash.ts';
import { jsonText } from './json-text.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const;
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const ruleOf = (id: Condition) => ({
  id,
  shortDescription: { text: CONDITIONS[id] },
  fullDescription: { text: CONDITIONS[id] },
  help: { text: `bk-doctor show ${id}` },
});

function sarif(files: readonly ExaminedFile[]): unknown {
  const found = findingsJson(files).files;
  const ids = [...new Set(found.flatMap(({ problems }) => problems.map(({ condition }) => condition)))].toSorted();
  const results = found.flatMap(({ file, problems }) =>
    problems.map(({ condition, severity, path, line, column, message, remedy }) => ({
      ruleId: condition,
      ruleIndex: ids.indexOf(condition),
      level: LEVEL[severity],
      message: { text: [message, ...remedy].join(' ') },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(file.replace(/^\.\//, '')) },
            ...(line === null ? {} : { region: { startLine: line, startColumn: column ?? 1 } }),
          },
          logicalLocations: [{ fullyQualifiedName: path }],
        },
      ],
      partialFingerprints: { 'bkDoctor/v1': hashOf(`${condition}\n${path}\n${message}`) },
    })),
  );
  const driver = { name: 'bk-doctor', rules: ids.map(ruleOf) };
  const run = { tool: { driver }, invocations: [{ executionSuccessful: true }], results };
  return { $schema: SCHEMA, version: '2.1.0', runs: [run] };
}

/** SARIF 2.1.0, for code scanning. */
export const sarifFormat: Format = {
  name: 'sarif',
  hidesNames: false,
  ending: '.sarif',
  shows: { findings: (files) => jsonText(sarif(files)) },
};
