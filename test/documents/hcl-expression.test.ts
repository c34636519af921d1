// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of HCL
import { expect, test } from 'vitest';
import { expressionValue, templateValue } from '../../src/documents/hcl-expression.ts';
import type { HclValue } from '../../src/documents/hcl-functions.ts';

const VALUES: { readonly [name: string]: HclValue } = {
  TAG: '1.2',
  LIST: ['a', 'b'],
  EMPTY: '',
  N: 3,
  ON: true,
  MAP: { x: 'y', list: ['z'] },
};
const lookup = (name: string): HclValue | undefined => VALUES[name];

/** Each was printed so by `docker buildx bake --print`. */
test.each<readonly [expression: string, value: HclValue]>([
  ['TAG', '1.2'],
  ['"x:${TAG}"', 'x:1.2'],
  ['"$${TAG}"', '${TAG}'],
  ['concat(LIST, ["c"])', ['a', 'b', 'c']],
  ['TAG == "1.2" ? "yes" : "no"', 'yes'],
  ['ON ? "yes" : "no"', 'yes'],
  ['[for x in LIST : "${x}-${TAG}"]', ['a-1.2', 'b-1.2']],
  ['[for x in LIST : upper(x) if x != "a"]', ['B']],
  ['{for k in LIST : k => upper(k)}', { a: 'A', b: 'B' }],
  ['notequal("", EMPTY)', false],
  ['EMPTY != "" ? [EMPTY] : []', []],
  ['LIST[1]', 'b'],
  ['MAP.list[0]', 'z'],
  ['join(",", LIST)', 'a,b'],
  ['N + 2 * 3 > 8 && !false', true],
  ['format("%s-%d", TAG, N)', '1.2-3'],
  ['coalesce(EMPTY, TAG)', '1.2'],
  ['replace("a.b.c", ".", "-")', 'a-b-c'],
  ['split("-", "a-b")', ['a', 'b']],
  ['"say \\"${TAG}\\""', 'say "1.2"'],
])('%s', (expression, value) => {
  expect(expressionValue(expression, lookup)).toEqual(value);
});

test.each([
  'NOPE',
  '"${NOPE}"',
  '[NOPE]',
  '[for x in NOPE : x]',
  '[for x in LIST : NOPE]',
  'NOPE ? 1 : 2',
  'timestamp()',
  'target.app.tags',
  'LIST[*]',
  'one two',
  '',
  '"${"${'.repeat(5000),
  '['.repeat(10_000),
  '('.repeat(10_000),
  `[for a in ${'[for b in LIST : '.repeat(200)}`,
])('is not known: %.40s', (expression) => {
  expect(expressionValue(expression, lookup)).toBeUndefined();
});

test('a text is put together from what is known', () => {
  expect(templateValue('${TAG}-${N}', lookup)).toBe('1.2-3');
  expect(templateValue('${LIST}', lookup)).toEqual(['a', 'b']);
  expect(templateValue('x ${LIST}', lookup)).toBeUndefined();
  expect(templateValue('plain', lookup)).toBe('plain');
});
