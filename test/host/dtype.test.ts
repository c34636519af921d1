import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeDtype } from '../../src/host/probes/files.ts';

let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'bk-dtype-'));
});
afterEach(() => fs.rmSync(scratch, { recursive: true }));

test('a file system of today tells kinds in its listings, and nothing is left behind', async () => {
  expect(await probeDtype(scratch, 5000)).toEqual({ told: true });
  expect(fs.readdirSync(scratch)).toEqual([]);
});

test('where nothing can be made, nothing is told', async () => {
  expect(await probeDtype(join(scratch, 'missing'), 5000)).toEqual({ told: null });
});
