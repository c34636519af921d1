import { expect, test } from 'vitest';
import { dockerfileRows } from '../../builds/dockerfile-rows.ts';
import { judged, short } from '../../builds/judged.ts';
import { lackingRows } from '../../builds/lacking-rows.ts';
import { valueRows } from '../../builds/value-rows.ts';

test.each([...dockerfileRows, ...valueRows, ...lackingRows])('$name', (row) => {
  expect(judged(row).map(short).toSorted()).toEqual(row.finds.toSorted());
});

test('what is too old names what would be new enough', () => {
  const [found] = judged({ dockerfile: 'FROM alpine\nCOPY --parents a /\n', buildkit: 'v0.11.6', finds: [] });
  expect(found?.needs).toEqual({ frontend: '1.20', buildkit: 'v0.26.0' });
  expect(found?.message).toContain('1.5, built into buildkitd v0.11.6');
  expect(found?.remedy.join(' ')).toContain('# syntax=docker/dockerfile:1');
});
