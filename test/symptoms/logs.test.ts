import { expect, test } from 'vitest';
import type { Condition } from '../../src/knowledge/conditions.ts';
import { SYMPTOMS } from '../../src/knowledge/symptoms/table.ts';
import { labelled } from './fixtures.ts';
import { LOGS, SILENCE } from './logs.ts';
import { judgement } from './reading.ts';

test.each(LOGS)('%s', (answer, log) => {
  const { causes, failure } = judgement(log);
  expect([answer].flat(), JSON.stringify({ causes, failure }, null, 1)).toContain(causes[0]?.condition);
});

test.each(SILENCE)('no host is blamed: %s', (kind, log) => {
  const { causes, failure } = judgement(log);
  expect(causes).toEqual([]);
  expect(failure?.kind ?? null).toBe(kind);
});

test.each(labelled('said.txt'))('texts that programs print: $name', ({ answers, log }) => {
  const { causes, failure } = judgement(log);
  expect(answers, JSON.stringify({ causes, failure }, null, 1)).toContain(causes[0]?.condition);
});

test.each(labelled('silence.txt'))('no host is blamed for $name', ({ answers, log }) => {
  const { causes, failure } = judgement(log);
  expect(causes).toEqual([]);
  expect(answers).toEqual([failure?.kind ?? 'nothing']);
});

test('every condition that a symptom means first has a log', () => {
  const first = new Set<Condition>(
    SYMPTOMS.flatMap(({ means }) => means.find((meaning) => typeof meaning === 'string') ?? []),
  );
  const told = new Set<string>([
    ...LOGS.flatMap(([answer]) => [answer].flat()),
    ...labelled('said.txt').flatMap(({ answers }) => answers),
  ]);
  expect([...first].filter((condition) => !told.has(condition))).toEqual([]);
});
