import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Answer, validatorOf } from '../schemas.ts';

/** What commands printed at earlier commits of this repository, each in the folder of its commit. */
const FOLDER = 'test/report/earlier';
/** `plan` is what fix --dry-run printed. */
const REPORTS: readonly string[] = ['check', 'plan', 'fix'];

const documents = readdirSync(FOLDER).flatMap((commit) =>
  readdirSync(`${FOLDER}/${commit}`).map((file) => [commit, file.replace(/\.json$/, '')] as const),
);

test.each(documents)('what %s printed for %s is valid still, and every field of it is known', (commit, command) => {
  const valid = validatorOf(REPORTS.includes(command) ? 'report' : (command as Answer));
  valid(JSON.parse(readFileSync(`${FOLDER}/${commit}/${command}.json`, 'utf8')));
  expect(valid.errors ?? []).toEqual([]);
});

test('there are documents of every command that writes one', () => {
  const commands = new Set(documents.map(([, command]) => command));
  for (const command of [...REPORTS, 'list', 'show', 'history', 'undo', 'explain', 'verify', 'lint', 'diff', 'merge'])
    expect(commands, command).toContain(command);
});
