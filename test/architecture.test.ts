import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, onTestFinished, test } from 'vitest';

/** Asks the script that draws the picture whether it is current and nothing imports upwards, of a copy of the sources. */
function faultsAfter(change: (tree: string) => void): string {
  const tree = mkdtempSync(join(tmpdir(), 'bk-doctor-picture-'));
  onTestFinished(() => rmSync(tree, { recursive: true, force: true }));
  for (const part of ['src', 'docs/architecture.md', 'scripts/picture.mjs'])
    cpSync(part, join(tree, part), { recursive: true });
  change(tree);
  const { stderr, status } = spawnSync(process.execPath, [join(tree, 'scripts/picture.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect(status).toBe(stderr === '' ? 0 : 1);
  return stderr;
}

test("no folder imports from one that stands on it, and the picture in docs/architecture.md is today's", () => {
  expect(faultsAfter(() => {})).toBe('');
});

test('an import upwards is found, and so is a picture of yesterday', () => {
  const found = faultsAfter((tree) => {
    const file = join(tree, 'src/text/octal.ts');
    writeFileSync(
      file,
      `import '../cli/main.ts';\nimport { main } from '../cli/main.ts';\n${readFileSync(file, 'utf8')}`,
    );
  });
  expect(found).toContain('imports upwards: text/octal.ts → cli/main.ts');
  expect(found).toContain('shows an old picture');
});

test('every folder of src has its import rule, and the rules hold', () => {
  const { overrides } = JSON.parse(readFileSync('biome.json', 'utf8')) as {
    overrides: { includes: string[]; linter: { rules: { style?: { noRestrictedImports?: unknown } } } }[];
  };
  const ruled = overrides
    .filter(({ linter }) => linter.rules.style?.noRestrictedImports)
    .flatMap((one) => one.includes);
  const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // Nothing stands on the command line, and the package's own place and version stand below everything.
  const wanted = rooms
    .map(({ name }) => `src/${name}/**`)
    .filter((room) => !['src/cli/**', 'src/package/**'].includes(room));
  expect(ruled.toSorted()).toEqual(wanted.toSorted());
  const tree = mkdtempSync(join(tmpdir(), 'bk-doctor-lint-'));
  onTestFinished(() => rmSync(tree, { recursive: true, force: true }));
  cpSync('biome.json', join(tree, 'biome.json'));
  mkdirSync(join(tree, 'src/checks/kernel'), { recursive: true });
  writeFileSync(
    join(tree, 'src/checks/kernel/wrong.ts'),
    "import { changeKernel } from '../../fixes/kernel/version.ts';\n\nexport const wrong = changeKernel;\n",
  );
  const { stdout, stderr, status } = spawnSync(resolve('node_modules/.bin/biome'), ['lint', '--vcs-enabled=false'], {
    cwd: tree,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stdout + stderr).toContain('A check decides from its facts and nothing else.');
});

/** What a fact does with a look that was not made other than to let it through, by a named rule of src/model/unseen.ts. */
function swallowed(path: string, text: string): readonly string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const contains = (node: ts.Node, test: (node: ts.Node) => boolean): boolean =>
    test(node) || (ts.forEachChild(node, (child) => contains(child, test)) ?? false);
  const say = (node: ts.Node): void => {
    found.push(
      `${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText().slice(0, 80)}`,
    );
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTryStatement(node) && node.catchClause && contains(node.tryBlock, ts.isAwaitExpression)) say(node);
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const method = node.expression.name.text;
      const rule = node.arguments[0]?.getText() ?? '';
      // A promise that is awaited later, or not at all: its value is not used here.
      const isSilenced = rule === '() => {}' && ts.isExpressionStatement(node.parent);
      if (method === 'catch' && !isSilenced && !['asAbsent', 'decidesNothing'].includes(rule)) say(node);
      if (method === 'allSettled' || (method === 'then' && node.arguments.length > 1)) say(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('a fact takes nothing that was not seen for absence', () => {
  const wrong = [
    'await host.stat(path).catch(() => null);',
    'await host.list(path).catch((error) => []);',
    'host.read(path).then((file) => file, () => null);',
    'try { await host.read(path); } catch { return null; }',
    'await Promise.allSettled([look.get(unit)]);',
  ];
  for (const line of wrong) expect(swallowed('wrong.ts', `async () => { ${line} }`), line).toHaveLength(1);
  const right = [
    'await host.stat(path).catch(asAbsent);',
    'ahead.catch(() => {});',
    'try { JSON.parse(text); } catch {}',
  ];
  for (const line of right) expect(swallowed('right.ts', `async () => { ${line} }`), line).toEqual([]);
  const files = readdirSync('src/facts', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((name) => swallowed(name, readFileSync(join('src/facts', name), 'utf8')))).toEqual([]);
});

/** Functions of eighty lines or more: what a function does has to be seen at once. Tables are no functions. */
function longIn(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && lineOf(node.end) - lineOf(node.getStart()) >= 79)
      found.push(`${path}:${lineOf(node.getStart())}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('no function is longer than a screen', () => {
  const body = '  step();\n'.repeat(78);
  expect(longIn('right.ts', `const right = () => {\n${body.slice(10)}};\n`)).toEqual([]);
  expect(longIn('wrong.ts', `const wrong = () => {\n${body}};\n`)).toEqual(['wrong.ts:1']);
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.flatMap((name) => longIn(name, readFileSync(join('src', name), 'utf8')))).toEqual([]);
});
