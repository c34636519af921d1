import { expect, test } from 'vitest';
import { readPlainYaml } from '../../src/documents/plain-yaml.ts';
import { TEMPLATE_KINDS, template } from '../../src/documents/templates.ts';
import { readWholeYaml } from '../../src/documents/yaml.ts';

const SAMPLES = [
  ...TEMPLATE_KINDS.flatMap((kind) => template(kind, 'rootless') ?? []),
  'a:\n- b: {c: d, "e": [1, 2.5, -0x1]}\n  f: \'g\'\n# said\n- - h\n  - i # j: k\nl:\nm: |-\n  n: o\n\n   p\n  # q\n---\nr: ~\n',
  'on:\n  push:\n    branches: [ main ]\njobs:\n  build:\n    steps:\n      - run: |\n          docker build .\n\n          echo "a: b"\n      - name: x # y\n',
];

const PIECES =
  '\n|  |   |:|: |- |#| #|"|\'|[|]|{|}|, |,|&a |*a|!|? |-|---|---\n|~|.|\n\n|\n  |\n    - |<<: |=|%|@|`|a: b|\\|1e3|0x1f|.5|+|-1|true|null|é|>|>-'
    .split('|')
    .concat('|', '|-', '|2');

/** A text of a few lines of a sample, with something put in or taken out. */
function* mutants(number: number): Generator<string> {
  let seed = 1;
  const below = (count: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * count);
  };
  for (let at = 0; at < number; at++) {
    const lines = (SAMPLES[below(SAMPLES.length)] ?? '').split('\n');
    const from = below(lines.length);
    let text = lines.slice(from, from + 2 + below(14)).join('\n');
    const margin = /^ */.exec(text)?.[0] ?? '';
    text = text.replaceAll(new RegExp(`^${margin}`, 'gm'), '');
    for (let times = below(4); times > 0; times--) {
      const place = below(text.length + 1);
      text =
        text.slice(0, place) +
        (below(3) === 0 ? '' : PIECES[below(PIECES.length)]) +
        text.slice(place + (below(2) === 0 ? 0 : 1 + below(3)));
    }
    yield text;
  }
}

test('what the reader of plain YAML reads is what a whole reader reads, place for place', () => {
  let plain = 0;
  for (const text of [...SAMPLES, ...mutants(2500)]) {
    const documents = readPlainYaml(text, 3);
    if (documents === null) continue;
    plain++;
    expect([text, { documents, error: null }]).toEqual([text, readWholeYaml(text, 3)]);
  }
  expect(plain).toBeGreaterThan(500);
});

test.each(SAMPLES.filter((text) => !/^#!|^\[/m.test(text)).map((text) => [text]))(
  'files of every kind are plain: %j',
  (text) => {
    expect(readPlainYaml(text, 0)).not.toBeNull();
  },
);

test.each([
  'a: &b c\nd: *b\n',
  'a: "b\\n"\n',
  'a: >\n  b\n',
  'a: b\n  c\n',
  'a:\tb\n',
  'a: [b,\n  c]\n',
  '? a\n: b\n',
  'a: !!str 1\n',
])('what only a whole reader knows is left to it: %j', (text) => {
  expect(readPlainYaml(text, 0)).toBeNull();
});
