import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildCatalog } from '../src/build-catalog.ts';
import { catalog as hosts } from '../src/catalog.ts';
import { documentCatalog } from '../src/documents-catalog.ts';
import { setupCatalog } from '../src/setup-catalog.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const catalog = [...hosts, ...buildCatalog, ...setupCatalog, ...documentCatalog];

function idsBelow(folder: string, ending: string): string[] {
  const base = join(root, folder);
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && path.includes('/'))
    .map((path) => path.slice(0, -ending.length))
    .sort();
}

const ids = catalog.map(({ check }) => check.id).sort();

test('every catalog line has its check file, test table and page, and none is left over', () => {
  // A file of shared judgement may stand beside the checks; what has an id in the catalog must have everything.
  for (const id of ids) {
    expect(existsSync(join(root, `src/checks/${id}.ts`)), `src/checks/${id}.ts`).toBe(true);
    expect(existsSync(join(root, `test/checks/${id}.test.ts`)), `test/checks/${id}.test.ts`).toBe(true);
    expect(existsSync(join(root, `docs/checks/${id}.md`)), `docs/checks/${id}.md`).toBe(true);
  }
  expect(idsBelow('docs/checks', '.md')).toEqual(ids);
  expect(idsBelow('test/checks', '.test.ts')).toEqual(ids);
});

test('a check file names its own id, and a fix stands at the path of its check', () => {
  for (const { check, fix } of catalog) {
    expect(readFileSync(join(root, `src/checks/${check.id}.ts`), 'utf8')).toContain(`'${check.id}'`);
    expect(existsSync(join(root, `src/fixes/${check.id}.ts`)), `src/fixes/${check.id}.ts`).toBe(fix !== undefined);
  }
});

test('every page names the check and each of its conditions', () => {
  // What a build is judged by stands on the pages of the checks of files.
  for (const { check } of [...hosts, ...documentCatalog]) {
    const page = readFileSync(join(root, `docs/checks/${check.id}.md`), 'utf8');
    expect(page).toContain(check.id);
    for (const condition of check.conditions) expect(page, `${check.id}: ${condition}`).toContain(condition);
  }
});

test('ids are unique, and what they refer to exists', () => {
  expect(new Set(ids).size).toBe(ids.length);
  for (const { after, explainedBy } of catalog)
    for (const id of [...(after ?? []), ...(explainedBy ?? [])]) expect(ids).toContain(id);
});
