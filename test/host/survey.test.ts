import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surveyReader } from '../../src/host/looks/survey.ts';
import { survey } from '../../src/host/verbs.ts';
import { canMakeWorlds } from '../e2e/world.ts';

describe.skipIf(!canMakeWorlds())('ownership of a real tree', () => {
  let at: string;
  beforeAll(() => {
    at = fs.mkdtempSync('/var/tmp/bkd-survey-');
    for (const name of ['own', 'sub', 'edge', 'beyond', 'root', 'group']) fs.writeFileSync(join(at, name), '');
    fs.chownSync(at, 2000, 2000);
    fs.chownSync(join(at, 'own'), 2000, 2000);
    fs.chownSync(join(at, 'sub'), 300_000, 300_000);
    fs.chownSync(join(at, 'edge'), 300_099, 300_099);
    fs.chownSync(join(at, 'beyond'), 300_100, 300_000);
    fs.chownSync(join(at, 'group'), 2000, 0);
    fs.symlinkSync('/etc', join(at, 'link'));
    fs.lchownSync(join(at, 'link'), 2000, 2000);
    fs.writeFileSync(join(at, 'line\nbreak\tand tab'), '');
  });
  afterAll(() => fs.rmSync(at, { recursive: true, force: true }));

  const ids = [
    { start: 2000, count: 1 },
    { start: 300_000, count: 100 },
  ];

  test('only what belongs to nobody allowed is named, edges included, links not followed', async () => {
    const { foreign, owners, first, unentered } = await survey(at, { uids: ids, gids: ids });
    expect(first.map(({ path }) => path.slice(at.length + 1)).sort()).toEqual([
      'beyond',
      'group',
      'line\nbreak\tand tab',
      'root',
    ]);
    expect(foreign).toBe(4);
    expect(owners).toEqual({ '300100:300000': 1, '2000:0': 1, '0:0': 2 });
    expect(unentered).toEqual([]);
  });

  test('another mount below is not entered', async () => {
    fs.mkdirSync(join(at, 'other'));
    fs.chownSync(join(at, 'other'), 2000, 2000);
    const script = `mount -t tmpfs tmpfs ${at}/other && : >${at}/other/foreign && find ${at} -xdev -name foreign`;
    expect(execFileSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' })).toBe('');
  });
});

test('what is read arrives in pieces of any size', () => {
  const whole = Buffer.from('f\t0\t0\t1\t/a/b\0d\t7\t0\t2\t/a/\u00fc\0');
  for (let size = 1; size <= whole.length; size++) {
    const reader = surveyReader();
    for (let at = 0; at < whole.length; at += size) reader.take(whole.subarray(at, at + size));
    expect(reader.finish('')).toMatchObject({
      foreign: 2,
      owners: { '0:0': 1, '7:0': 1 },
      first: [{ path: '/a/b' }, { path: '/a/\u00fc', kind: 'directory', nlink: 2 }],
    });
  }
});

test('directories that could not be entered are named', () => {
  expect(surveyReader().finish('find: \u2018/a/b\u2019: Permission denied\nfind: noise\n').unentered).toEqual(['/a/b']);
});
