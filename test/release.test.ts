import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** What the release script says of a small repository with these files of ours, and this tag. */
function judged(tag: string | null, change: (tree: string) => void = () => {}, ...args: readonly string[]) {
  const tree = mkdtempSync(join(tmpdir(), 'bk-doctor-release-'));
  onTestFinished(() => rmSync(tree, { recursive: true }));
  for (const name of ['package.json', 'package-lock.json', 'CHANGELOG.md']) cpSync(name, join(tree, name));
  change(tree);
  const git = (...words: readonly string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], { cwd: tree });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'all');
  if (tag !== null) git('tag', tag);
  const ran = spawnSync(process.execPath, [resolve('scripts/release.mjs'), ...args], { cwd: tree, encoding: 'utf8' });
  return { code: ran.status, said: ran.stderr + ran.stdout };
}

const rewrite = (name: string, from: string, to: string) => (tree: string) =>
  writeFileSync(join(tree, name), readFileSync(join(tree, name), 'utf8').replace(from, to));

test('a release is let through where version, changes and tag agree', () => {
  expect(judged(`v${version}`)).toMatchObject({ code: 0 });
  expect(judged(`v${version}`, () => {}, `v${version}`)).toMatchObject({ code: 0 });
});

test.each([
  ['no tag', null, () => {}, [], 'the tag is missing'],
  ['another tag', 'v9.9.9', () => {}, [], 'the tag is v9.9.9'],
  ['a tag that stands nowhere', null, () => {}, [`v${version}`], 'does not stand on this commit'],
  ['a newer change', `v${version}`, rewrite('CHANGELOG.md', `## ${version} -`, '## 9.9.9 -'), [], 'is 9.9.9'],
  [
    'another lock',
    `v${version}`,
    rewrite('package-lock.json', `"version": "${version}"`, '"version": "9.9.9"'),
    [],
    'package-lock.json says 9.9.9',
  ],
] as const)('a release is held back by %s', (_what, tag, change, args, sentence) => {
  const { code, said } = judged(tag, change, ...args);
  expect(code).toBe(1);
  expect(said).toContain(sentence);
});
