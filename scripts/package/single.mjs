import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build, runnerImport } from 'vite';
import { nodeFor } from './node.mjs';
import { empty, ROOT, run } from './release.mjs';

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** The recorded machine whose examination V8 compiles for. */
const MACHINE = 'H02';
/** Where V8 hashes texts alike, and does one thing after the other, the same bytes come out. */
const SAME = ['--random-seed=1', '--predictable'];
const STRIP = { x64: 'x86_64-linux-gnu-strip', arm64: 'aarch64-linux-gnu-strip' };

/** One executable that holds Node, the program and its pages; with what V8 compiled of it where that Node runs here. */
export async function single(arch, file, work) {
  const node = resolve(nodeFor(arch), 'bin/node');
  const caches = empty(resolve(work, 'caches'));
  if (arch === process.arch) await compile(node, caches, work);
  await mainScript(work);
  const assets = [
    ...filesIn('dist', 'dist', ({ name }) => name.endsWith('.cjs')),
    ...filesIn(caches, 'dist', () => true),
    ...filesIn('docs/checks', 'docs/checks', () => true),
    ...filesIn('docs/conditions', 'docs/conditions', () => true),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const config = {
    main: 'single.cjs',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    // Variables of whoever starts it cannot make it run other code; --node-options=… on the command line still can.
    execArgvExtension: 'cli',
    assets: Object.fromEntries(assets.map(([name, path]) => [name, relative(work, path)])),
  };
  writeFileSync(resolve(work, 'sea.json'), JSON.stringify(config));
  // The blob suits every processor, but for what V8 compiled.
  run(resolve(nodeFor(process.arch), 'bin/node'), ['--experimental-sea-config', 'sea.json'], { cwd: work });
  // What is stripped afterwards does not start.
  copyFileSync(node, file);
  run(STRIP[arch], [file]);
  run(resolve(ROOT, 'node_modules/.bin/postject'), [file, 'NODE_SEA_BLOB', 'blob', '--sentinel-fuse', FUSE], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function compile(node, directory, work) {
  const { module } = await runnerImport(resolve(ROOT, 'test/hosts/one-recording.ts'));
  const recording = resolve(work, 'recording.json');
  writeFileSync(recording, await module.oneRecording(MACHINE));
  // Nothing of whoever builds it goes in.
  run(node, [...SAME, resolve(ROOT, 'scripts/code-cache.cjs'), directory, 'recording.json'], {
    cwd: work,
    env: { PATH: '/usr/bin:/bin', HOME: '/', TZ: 'UTC' },
    // Node, and so V8, does something else for a pipe or a terminal.
    stdio: ['ignore', 'ignore', 'ignore'],
  });
}

/** What the executable runs first, in one file. */
function mainScript(work) {
  return build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    build: {
      ssr: 'bin/single.js',
      outDir: work,
      emptyOutDir: false,
      minify: true,
      rollupOptions: { output: { format: 'cjs', entryFileNames: 'single.cjs' } },
    },
  });
}

/** Pairs of the name of an asset and the file. */
function filesIn(directory, as, isWanted) {
  const from = resolve(ROOT, directory);
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isWanted(entry))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [join(as, relative(from, path)), path]);
}
