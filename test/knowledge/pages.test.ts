import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('every condition has its page as the tables say it, and pages of checks link to them', () => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/pages.mjs', '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
