// The page of every condition from the tables, and its links in the pages of checks. `npm run pages` writes them anew.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const load = async (path) => (await runnerImport(join(ROOT, path))).module;

const { CONDITIONS } = await load('src/knowledge/conditions.ts');
const { conditionPage } = await load('src/report/condition-page.ts');
const { catalog } = await load('src/catalog.ts');
const { buildCatalog } = await load('src/build-catalog.ts');
const { documentCatalog } = await load('src/documents-catalog.ts');

/** A condition in a page of a check, where it is no link yet. */
const linked = (page) =>
  page.replace(/(?<!\[)`([a-z0-9]+\.[a-z0-9-]+)`/g, (whole, name) =>
    name in CONDITIONS ? `[${whole}](../../conditions/${name}.md)` : whole,
  );

/** Every page, by its path. */
function pages() {
  const ofHosts = [...catalog, ...buildCatalog].map(({ check }) => check);
  const ofFiles = documentCatalog.map(({ check }) => check);
  const all = new Map(
    Object.keys(CONDITIONS).map((condition) => [
      `docs/conditions/${condition}.md`,
      conditionPage(condition, ofHosts, ofFiles),
    ]),
  );
  for (const { id } of [...ofHosts, ...ofFiles]) {
    const path = `docs/checks/${id}.md`;
    all.set(path, linked(readFileSync(join(ROOT, path), 'utf8')));
  }
  return all;
}

/** What is wrong with the pages, a line each. */
function faults(wanted) {
  const read = (path) => {
    try {
      return readFileSync(join(ROOT, path), 'utf8');
    } catch {
      return null;
    }
  };
  const left = readdirSync(join(ROOT, 'docs/conditions')).filter((name) => !wanted.has(`docs/conditions/${name}`));
  return [
    ...[...wanted]
      .filter(([path, page]) => read(path) !== page)
      .map(([path]) => `${path} is not what the tables say: npm run pages`),
    ...left.map((name) => `docs/conditions/${name} is of no condition`),
  ];
}

const wanted = pages();
if (process.argv.includes('--check')) {
  const found = faults(wanted);
  for (const line of found) process.stderr.write(`${line}\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
} else {
  rmSync(join(ROOT, 'docs/conditions'), { recursive: true, force: true });
  mkdirSync(join(ROOT, 'docs/conditions'), { recursive: true });
  for (const [path, page] of wanted) writeFileSync(join(ROOT, path), page);
}
