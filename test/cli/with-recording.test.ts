import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../src/model/say.ts';
import { validatorOf } from '../schemas.ts';
import { run, temporary } from './run.ts';

/** What is judged, whatever the words for it. */
const judged = ({ verdict: { summary: _summary, ...verdict }, checks }: Report): unknown => [
  verdict,
  checks.map(({ id, status, problems }) => [id, status, problems.map(({ condition }) => condition)]),
];
const read = (path: string): Report => JSON.parse(readFileSync(path, 'utf8')) as Report;

test.each([[[]], [['--no-redact']]])(
  'a report with its recording inside is replayed to the same conditions %j',
  async (more) => {
    const directory = temporary();
    const [path, again] = [join(directory, 'report.json'), join(directory, 'again.json')];
    const made = await run(['--json', '--with-recording', '--output', path, ...more]);
    expect(made.stderr).toMatch(/^bk-doctor: report written to /);
    const report = read(path);
    const valid = validatorOf('report');
    valid(report);
    expect(valid.errors ?? []).toEqual([]);
    const replayed = await run(['--replay', path, '--json', '--output', again]);
    expect(replayed.code).toBe(made.code);
    expect(judged(read(again))).toEqual(judged(report));
  },
);

test('what cannot be recorded or replayed is refused', async () => {
  const plain = join(temporary(), 'plain.json');
  writeFileSync(plain, (await run(['--json', '--no-probe'])).stdout);
  const [words, archive, without] = await Promise.all([
    run(['--with-recording']),
    run(['--with-recording', '--json', '--from', plain]),
    run(['--replay', plain]),
  ]);
  expect([words.code, archive.code, without.code]).toEqual([2, 2, 2]);
  expect(words.stderr).toContain('add --json');
  expect(archive.stderr).toContain('--from cannot be used with --with-recording');
  expect(without.stderr).toContain('is a report without a recording');
});
