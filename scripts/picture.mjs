// The imports between the folders of src, drawn into docs/architecture.md. `npm run picture` writes it anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'docs/architecture.md');
const BEGIN = '<!-- picture: made by npm run picture -->';
const END = '<!-- end of the picture -->';

/** From what everything stands on to what a person types: a folder imports from those before it alone. */
const ORDER = [
  'knowledge',
  'knowledge/errors',
  'knowledge/remedies',
  'knowledge/symptoms',
  'model',
  'text',
  'package',
  'rights',
  'buildkit',
  'buildkit/dockerfile',
  'buildkit/toml',
  'buildkit/config',
  'secrets',
  'names',
  'symptoms',
  'compare',
  'documents',
  'builds/model',
  'builds/commands',
  'builds/targets',
  'builds/dockerfile',
  'builds',
  'facts/machine',
  'facts/target',
  'facts/programs',
  'facts/config',
  'facts/confinement',
  'facts/start',
  'facts/cache',
  'facts/rights',
  'facts/net',
  'facts/build',
  'checks',
  'fixes',
  'catalog.ts',
  'build-catalog.ts',
  'setup-catalog.ts',
  'documents-catalog.ts',
  'report',
  'report/formats',
  'host/looks',
  'host/probes',
  'host',
  'apply/disk',
  'apply/adopt',
  'apply/steps',
  'apply/journal',
  'apply/script',
  'apply',
  'archive',
  'examine',
  'treat',
  'verify',
  'cli/manual',
  'cli/call',
  'cli/commands',
  'cli',
];

/** A file's folder as the picture shows it: checks and fixes lie in one folder an area, which is no layer. */
function folderOf(file) {
  const folder = dirname(file);
  if (folder === '.') return file;
  return /^(checks|fixes)\//.test(folder) ? folder.split('/')[0] : folder;
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Every import from one folder into another: folder → folder → the files that import. */
function importsOf(source = join(ROOT, 'src')) {
  const imports = new Map();
  for (const path of filesBelow(source)) {
    const from = folderOf(relative(source, path));
    if (!imports.has(from)) imports.set(from, new Map());
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(/(?:from\s+|import\(\s*|import\s+)'(\.[^']+)'/g)) {
      const target = relative(source, join(dirname(path), specifier));
      const to = folderOf(target);
      if (to === from || target.startsWith('..')) continue;
      const files = imports.get(from).get(to) ?? [];
      imports.get(from).set(to, [...files, `${relative(source, path)} → ${target}`]);
    }
  }
  return imports;
}

/** Imports from a folder into one that stands on it, or is in no layer: there must be none. With none there is no circle. */
function upwards(imports) {
  return [...imports].flatMap(([from, targets]) =>
    [...targets]
      .filter(([to]) => !ORDER.includes(to) || ORDER.indexOf(to) >= ORDER.indexOf(from))
      .flatMap(([, files]) => files),
  );
}

/** What is reached through another import already is not drawn. */
function needed(imports, from) {
  const direct = [...(imports.get(from)?.keys() ?? [])];
  const reached = (folder, seen = new Set()) => {
    for (const next of imports.get(folder)?.keys() ?? []) if (!seen.has(next)) reached(next, seen.add(next));
    return seen;
  };
  return direct.filter((to) => !direct.some((other) => other !== to && reached(other).has(to)));
}

function picture(imports = importsOf()) {
  const name = (folder) => folder.replace(/[^a-z]/g, '_');
  const arrows = ORDER.flatMap((from) =>
    needed(imports, from)
      .toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
      .map((to) => `  ${name(from)} --> ${name(to)}`),
  );
  return [
    BEGIN,
    '```mermaid',
    'flowchart TD',
    ...[...ORDER].reverse().map((folder) => `  ${name(folder)}["${folder}"]`),
    ...arrows,
    '```',
    END,
  ].join('\n');
}

/** The page with today's picture in it. */
function pageWith(drawn, page = readFileSync(PAGE, 'utf8')) {
  const start = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`docs/architecture.md has no place for the picture (${BEGIN})`);
  return page.slice(0, start) + drawn + page.slice(end + END.length);
}

/** What is wrong with the imports or the page, a line each. */
function faults() {
  const imports = importsOf();
  return [
    ...upwards(imports).map((file) => `imports upwards: ${file}`),
    ...(pageWith(picture(imports)) === readFileSync(PAGE, 'utf8')
      ? []
      : ['docs/architecture.md shows an old picture: npm run picture']),
  ];
}

if (process.argv.includes('--check')) {
  const found = faults();
  for (const line of found) process.stderr.write(`${line}\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
} else writeFileSync(PAGE, pageWith(picture()));
