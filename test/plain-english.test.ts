import { expect, test } from 'vitest';
import { catalog } from '../src/catalog.ts';
import { documentCatalog } from '../src/documents-catalog.ts';
import { CONDITIONS } from '../src/knowledge/conditions.ts';
import { REMEDIES } from '../src/knowledge/remedies/table.ts';
import { sentence } from '../src/text/sentence.ts';
import { faultsOf } from './plain-english.ts';

const checks = [...catalog, ...documentCatalog].map(({ check }) => check);

test('titles of checks and of fixes are no sentences, and say what is, or is done', () => {
  expect(checks.flatMap(({ title }) => faultsOf(title, 'none'))).toEqual([]);
  const fixes = [...catalog, ...documentCatalog].flatMap(({ fix }) => fix?.title ?? []);
  expect(fixes.flatMap((title) => faultsOf(title, 'none'))).toEqual([]);
  expect(fixes.filter((title) => /^(Say|See|Get) /.test(title))).toEqual([]);
});

test('why a check matters is told in sentences', () => {
  expect(checks.flatMap(({ why }) => faultsOf(why, 'stop'))).toEqual([]);
});

test('a condition is defined in words, without a full stop; its remedies are sentences and commands', () => {
  expect(Object.values(CONDITIONS).flatMap((text) => faultsOf(text, 'none'))).toEqual([]);
  const told = Object.values(REMEDIES).flatMap(({ why, steps, tell }) => [
    why,
    ...Object.values(steps).flat(),
    ...(tell ?? []),
  ]);
  expect(told.filter((text) => !text.startsWith('$ ')).flatMap((text) => faultsOf(text, 'stop or colon'))).toEqual([]);
});

test('words that are put together become a sentence, and one stays as it is', () => {
  expect(sentence('another process answers on /run/s: buildkitd would take it')).toBe(
    'Another process answers on /run/s: buildkitd would take it.',
  );
  expect(sentence('newuidmap refuses: "write to uid_map failed"')).toBe(
    'newuidmap refuses: "write to uid_map failed".',
  );
  for (const whole of ['It is so.', 'It prints "no."', 'As root, run:', 'A long text …', ''])
    expect(sentence(whole)).toBe(whole);
});
