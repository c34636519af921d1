import { expect, test } from 'vitest';
import { jsonPlaces, placeIn } from '../../src/text/json-places.ts';

const SOUND = [
  '{}',
  ' [] ',
  '{"a":{"b":[1,-2.5e+3,true,false,null,"\\u00e9\\n\\"",{}]},"c":[[],[{}]]}',
  '"text"',
  '0',
  '{"a":1,"a":2}\n',
  '"\x7f\u0085\u{1f600}"',
];

test('a fault is found where JSON.parse finds one, and in no text that it takes', () => {
  for (const text of SOUND) {
    JSON.parse(text);
    expect(jsonPlaces(text).fault, text).toBe(null);
    // Whatever is cut off or put in: both say the same of it.
    for (let at = 0; at <= text.length; at++)
      for (const changed of [
        text.slice(0, at),
        ...'{}[]:,"0x\\\n'.split('').map((c) => text.slice(0, at) + c + text.slice(at)),
      ]) {
        let takes = true;
        try {
          JSON.parse(changed);
        } catch {
          takes = false;
        }
        expect(jsonPlaces(changed).fault === null, JSON.stringify(changed)).toBe(takes);
      }
  }
});

test('the first fault is where reading ends', () => {
  const faults: { readonly [text: string]: number } = {
    '': 0,
    '\ufeff{}': 0,
    '{"features":': 12,
    '{"a":1,}': 7,
    '{"a" 1}': 5,
    '[1 2]': 3,
    '{"a":tru}': 5,
    '{"a":"b': 5,
    '{} x': 3,
    '[1}': 2,
    "{'a':1}": 1,
  };
  for (const [text, at] of Object.entries(faults)) expect(jsonPlaces(text).fault, text).toBe(at);
});

test('keys of two levels have their places, of equal ones the last', () => {
  const text = '{\n  "a": {"b": {"deep": 1}},\n  "a\\u0062": 2, "a": {\n    "c": []\n  }\n}';
  const { keys } = jsonPlaces(text);
  expect([...keys].map(([key, { from, to }]) => [key, text.slice(from, to)])).toEqual([
    ['a', '"a"'],
    ['a\nb', '"b"'],
    ['ab', '"a\\u0062"'],
    ['a\nc', '"c"'],
  ]);
  const { from, to } = keys.get('a\nc') ?? { from: 0, to: 0 };
  expect(placeIn('/f', text, from, to, true)).toEqual({ path: '/f', line: 4, column: 5, endLine: 4, endColumn: 7 });
  expect(placeIn('/f', text, from, to, false)).toEqual({ path: '/f', line: 4, column: 1 });
  expect(keys.get('a')?.from).toBe(text.lastIndexOf('"a"'));
});

test('a long text of nothing but brackets is read to its end', () => {
  const many = 200_000;
  expect(jsonPlaces('['.repeat(many)).fault).toBe(many);
  expect(jsonPlaces(`${'['.repeat(many)}${']'.repeat(many)}`).fault).toBe(null);
});
