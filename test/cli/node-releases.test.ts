import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runProgram, temporary } from './run.ts';

const LINES = ['20', '22', '24', '26'];
const RELEASES = resolve('.nodes');
const all = existsSync(RELEASES) ? readdirSync(RELEASES).filter((release) => existsSync(nodeOf(release))) : [];
const isOld = (release: string): boolean => Number(release.split('.')[0]) < 20;
const others = all.filter((release) => `v${release}` !== process.version && !isOld(release));
const old = all.filter(isOld);
if (process.env.CI) {
  const scarce = LINES.filter((line) => others.filter((release) => release.startsWith(`${line}.`)).length < 2);
  if (old.length === 0) throw new Error('a release of Node that is too old is missing below .nodes');
  if (scarce.length > 0) throw new Error(`two other releases of Node ${scarce.join(', ')} are missing below .nodes`);
}

function nodeOf(release: string): string {
  return join(RELEASES, release, 'package/bin/node');
}

/** The built tree as npm would lay it out, with what V8 made of it beside it; no other package is near. */
function builtTree(): string {
  const tree = temporary();
  for (const part of ['bin', 'dist', 'scripts', 'docs', 'package.json'])
    cpSync(resolve(part), join(tree, part), { recursive: true, preserveTimestamps: true });
  return tree;
}

/** Examines, repairs a file of its own and takes that back. */
async function everyday(node: string, tree: string): Promise<void> {
  const program = join(tree, 'bin/bk-doctor.js');
  const directory = temporary();
  const config = join(directory, 'buildkitd.toml');
  const written = '[worker.oci]\n  maxparallelism = 3\n';
  writeFileSync(config, written);
  const call = (...args: string[]) => runProgram(node, [program, ...args], { cwd: directory });
  expect(await call('--version')).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(await call('list')).toMatchObject({ code: 0, signal: null });
  const examined = await call('check', '--json', '--config', config);
  expect(examined).toMatchObject({ signal: null, stderr: '' });
  expect([0, 1, 3]).toContain(examined.code);
  expect(JSON.parse(examined.stdout).checks.length).toBeGreaterThan(20);
  const isolate = process.getuid?.() === 0 ? 'mount -t tmpfs none /var/lib &&' : '';
  const treat = `${isolate} "$0" "$1" fix --yes --only config/buildkitd --config "$2" >&2; cat "$2"; "$0" "$1" undo >&2; cat "$2"`;
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m', '--propagation', 'private'] : ['env'];
  const [command = 'env', ...rest] = [...unshare, 'sh', '-c', treat, node, program, config];
  const treated = await runProgram(command, rest, { env: { XDG_STATE_HOME: join(directory, 'state') } });
  expect(treated).toMatchObject({ code: 0, signal: null });
  expect(treated.stdout).toBe(written.replace('maxparallelism', 'max-parallelism') + written);
}

test.skipIf(old.length === 0).each(old)('%s, which is too old, says so in one sentence', (release) => {
  const ran = spawnSync(nodeOf(release), [resolve('bin/bk-doctor.js'), '--version'], { encoding: 'utf8' });
  expect([ran.status, ran.stdout]).toEqual([3, '']);
  expect(ran.stderr).toBe(
    `bk-doctor: this is Node.js v${release} (${realpathSync(nodeOf(release))}); bk-doctor needs ^20.19 or >=22.12\n`,
  );
});

test('the sentence names what package.json asks for', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(readFileSync('bin/bk-doctor.js', 'utf8')).toContain(`needs ${engines.node.replace(' || ', ' or ')}`);
});

describe.skipIf(others.length === 0)('other releases of Node run the built tree', () => {
  test.each(others)('%s, with the cache of the Node that built it', { timeout: 120_000 }, async (release) => {
    await everyday(nodeOf(release), builtTree());
  });

  test.each(others)('this Node, and another one, with the cache of %s', { timeout: 120_000 }, async (release) => {
    const tree = builtTree();
    const made = spawnSync(nodeOf(release), [join(tree, 'scripts/code-cache.cjs')], { encoding: 'utf8' });
    expect(made).toMatchObject({ status: 0, signal: null });
    expect(readFileSync(join(tree, 'dist/main.cjs.cache')).toString('latin1', 0, 512)).toContain(`v${release}`);
    await everyday(process.execPath, tree);
    const [another] = others.filter((other) => other !== release);
    if (another !== undefined) await everyday(nodeOf(another), tree);
  });
});

describe('what V8 made of the code', () => {
  const cacheOf = (tree: string): string => join(tree, 'dist/main.cjs.cache');
  /** Whichever Node built it, the cache is this one's. */
  function ownTree(): string {
    const tree = builtTree();
    expect(spawnSync(process.execPath, [join(tree, 'scripts/code-cache.cjs')])).toMatchObject({ status: 0 });
    return tree;
  }
  /** Would V8 be given the cache? Refusing one costs no message, so the loader itself is asked. */
  async function isUsed(tree: string, ...flags: string[]): Promise<string> {
    const ask = join(tree, 'bin/ask.js');
    writeFileSync(
      ask,
      `const vm = require('node:vm');
      const real = vm.Script;
      let used = 'not given';
      vm.Script = class extends real {
        constructor(text, options) {
          super(text, options);
          if (options.cachedData) used = this.cachedDataRejected ? 'refused' : 'used';
        }
      };
      require('./load.js').load(require.resolve('../dist/main.cjs'));
      console.log(used);`,
    );
    return (await runProgram(process.execPath, [...flags, ask])).stdout.trim();
  }

  test('is used by the Node that made it', async () => {
    expect(await isUsed(ownTree())).toBe('used');
  });

  test.each([
    ['version', process.version, 'v20.0.0'],
    ['V8', process.versions.v8, '1.2.3'],
    ['processor', `"${process.arch}"`, '"z80"'],
  ])('is not shown to V8 where the %s differs', async (_what, mine, other) => {
    const tree = ownTree();
    const cache = readFileSync(cacheOf(tree));
    const header = cache.toString('latin1', 0, 512);
    expect(header).toContain(mine);
    const changed = header.replace(mine, other).trimEnd().padEnd(512);
    writeFileSync(cacheOf(tree), Buffer.concat([Buffer.from(changed, 'latin1'), cache.subarray(512)]));
    expect(await isUsed(tree)).toBe('not given');
  });

  test('is not shown to V8 where flags differ, and where it is cut short or empty', async () => {
    const tree = ownTree();
    expect(await isUsed(tree, '--jitless')).toBe('not given');
    const cache = readFileSync(cacheOf(tree));
    for (const size of [0, 511, 512, cache.length - 8]) {
      writeFileSync(cacheOf(tree), cache.subarray(0, size));
      expect(await isUsed(tree)).toBe('not given');
    }
  });

  test('is no part of what is published', async () => {
    const packed = await runProgram('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
    const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    const names = files.map(({ path }) => path);
    expect(names).toContain('dist/main.cjs');
    expect(names.filter((name) => name.endsWith('.cache'))).toEqual([]);
  });

  test('a start without one does the same', async () => {
    const { stdout, code } = await run(['--version']);
    const tree = builtTree();
    writeFileSync(cacheOf(tree), '');
    expect(await runProgram(process.execPath, [join(tree, 'bin/bk-doctor.js'), '--version'])).toMatchObject({
      stdout,
      code,
    });
  });
});
