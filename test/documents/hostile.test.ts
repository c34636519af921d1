import { expect, test } from 'vitest';
import { readContent } from '../../src/documents/content.ts';
import { readYaml } from '../../src/documents/yaml.ts';
import { lint } from '../../src/examine/documents.ts';
import { expectLinearGrowth } from '../growth.ts';

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: buildkitd}\n';

test('aliases that multiply end in a sentence', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++)
    lines.push(`a${level}: &a${level} [${new Array(10).fill(`*a${level - 1}`).join(', ')}]`);
  const { error, documents } = readYaml(lines.join('\n'), 0);
  expect(error?.message).toContain('aliases');
  expect(documents).toEqual([]);
});

test.each([
  ['brackets', `${HEAD}spec: ${'['.repeat(20_000)}`],
  [
    'maps in maps',
    `${HEAD}spec:\n${Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth + 1)}a:\n`).join('')}`,
  ],
  ['dashes', `${HEAD}spec:\n  ${'- '.repeat(5000)}x\n`],
  ['tabs', `${HEAD}\tspec: {}\n`],
  ['an alias of itself', `${HEAD}spec: &a [*a]\n`],
])('%s: one error at most, and no exception', async (_name, text) => {
  const { checks, skipped } = await lint({ path: 'a.yaml', text, file: null });
  expect(skipped).toBeNull();
  expect(checks.map(({ fault }) => fault).filter((fault) => fault !== undefined)).toEqual([]);
  expect(checks.flatMap(({ problems }) => problems).length).toBeLessThan(3);
});

test('a NUL is no text', () => {
  expect(readContent('a.yaml', 'buildkit: \0').skipped).toContain('NUL');
});

test('a merge that brings itself back, and keys that are maps, are read', () => {
  const { documents } = readYaml('base: &base {image: moby/buildkit}\na:\n  <<: *base\n  {b: c}: d\n', 0);
  expect(documents).toHaveLength(1);
});

test('reading takes time in proportion to the text', async () => {
  const manifests = (size: number): string =>
    `${HEAD}spec:\n  containers:\n${'    - {name: buildkitd, image: moby/buildkit:rootless, args: ["--addr", "tcp://0.0.0.0:1"]}\n'.repeat(size)}`;
  await expectLinearGrowth(60, manifests, (text) => readContent('a.yaml', text));
  const commands = (size: number): string =>
    `#!/bin/sh\n${"docker run -e 'A=$(x)' \\\n  moby/buildkit # it's\n".repeat(size)}`;
  await expectLinearGrowth(300, commands, (text) => readContent('a.sh', text));
});

test.each([
  ['notes.md', '# BuildKit\n\nRun it: `docker run moby/buildkit`\n'],
  ['notes', 'This is a note about BuildKit:\n\n  and nothing else.\n'],
])('prose is no YAML: %s', (name, text) => {
  expect(readContent(name, text)).toMatchObject({ error: null, pods: [] });
});

test('variables that stand for many of each other end', () => {
  const lines = Array.from({ length: 30 }, (_, level) => `A${level}="${`$A${level + 1} `.repeat(100)}"`);
  const { pods } = readContent('a.sh', `#!/bin/sh\n${lines.join('\n')}\ndocker run --privileged moby/buildkit:$A0\n`);
  expect(pods).toHaveLength(1);
});

test('more containers than anybody writes end in a sentence', async () => {
  const text = `#!/bin/sh\n${'docker run $A moby/buildkit\n'.repeat(2000)}`;
  const { checks } = await lint({ path: 'a.sh', text, file: null });
  expect(checks.flatMap(({ problems }) => problems).map(({ message }) => message)).toEqual([
    'It describes 2000 containers, and more than 1000 are not examined.',
  ]);
});

test('calls in calls of a Jenkinsfile are read in proportion', async () => {
  const text = (size: number): string =>
    `podTemplate(containers: [\n${'containerTemplate('.repeat(size)}\n// buildkit\n`;
  await expectLinearGrowth(2000, text, (one) => readContent('Jenkinsfile', one));
});
