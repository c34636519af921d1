// The published schemas of what is printed as JSON, from the types. `npm run schemas` writes them anew.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROMISE = 'Fields may be added; none is renamed or removed within schema 1.';

/** Names are added with every release: a reader of documents needs their form, not today's list. */
const OPEN = {
  Json: { description: 'Any JSON value.' },
  Condition: {
    type: 'string',
    description: 'The stable name of one thing that can be wrong.',
    pattern: '^[a-z0-9-]+\\.[a-z0-9-]+$',
  },
  FailureKind: {
    type: 'string',
    description:
      'What kind of failure it looks like where no host is to blame: dockerfile, registry-auth, test-failed and others.',
  },
  Surrounding: { type: 'string', description: 'Where a log was written: kubernetes, docker, wsl and others.' },
};

const generator = createGenerator({
  path: join(ROOT, 'src/cli/call/answers.ts'),
  tsconfig: join(ROOT, 'tsconfig.json'),
  type: 'Answers',
  skipTypeCheck: true,
  jsDoc: 'extended',
  extraTags: ['later'],
  topRef: false,
  additionalProperties: true,
});
const { properties, definitions } = generator.createSchema('Answers');

/** As JSON Schema 2020-12 has it; a field marked `@later` is missing in documents of earlier releases. */
function published(schema) {
  if (Array.isArray(schema)) return schema.map(published);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { later: _later, ...rest } = schema;
  const known = Object.entries(rest).map(([key, value]) => {
    if (key === '$ref') return [key, value.replace('#/definitions/', '#/$defs/')];
    if (key === 'properties' || key === '$defs')
      return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, published(each)]))];
    if (key === 'required') return [key, value.filter((name) => !('later' in (rest.properties?.[name] ?? {})))];
    return [key, published(value)];
  });
  return Object.fromEntries(known);
}

/** What a schema refers to, and what that refers to. */
function needed(schema, found = new Set()) {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
    if (!found.has(name)) needed(definitions[decodeURIComponent(name)], found.add(name));
  return found;
}
const definitionsOf = (schema) =>
  Object.fromEntries(
    [...needed(schema)].toSorted().map((name) => [name, OPEN[name] ?? definitions[decodeURIComponent(name)]]),
  );

function schemas() {
  const { report, ...answers } = properties;
  const root = definitions[report.$ref.replace('#/definitions/', '')];
  const head = ($id, title, description) => ({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id,
    title,
    description: `${description} ${PROMISE}`,
  });
  return {
    'docs/report.schema.json': {
      ...head('report.schema.json', 'Report of bk-doctor, schema 1', report.description),
      ...published({ ...root, description: undefined, $defs: definitionsOf(root) }),
    },
    'docs/answers.schema.json': {
      ...head(
        'answers.schema.json',
        'What the other commands of bk-doctor print with --json',
        'One definition for each command.',
      ),
      $defs: published({ ...answers, ...definitionsOf(answers) }),
    },
  };
}

const formatted = (path, schema) =>
  execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', `--stdin-file-path=${path}`], {
    cwd: ROOT,
    input: JSON.stringify(schema),
    encoding: 'utf8',
  });
const wanted = Object.entries(schemas()).map(([path, schema]) => [path, formatted(path, schema)]);
for (const [path, text] of wanted)
  if (!process.argv.includes('--check')) writeFileSync(join(ROOT, path), text);
  else if (readFileSync(join(ROOT, path), 'utf8') !== text) {
    process.stderr.write(`${path} is not what the types say: npm run schemas\n`);
    process.exitCode = 1;
  }
