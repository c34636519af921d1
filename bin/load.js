/**
 * Loads the bundle as require() does, but with what V8 compiled when it was built, where that lies beside it: half of
 * the time of a start. V8 itself accepts the cache of another build of the same V8, and then crashes: so a cache begins
 * with the name of the Node that made it, and V8 sees only what this very Node made. Without one the text is compiled.
 */
const fs = require('node:fs');
const { dirname, resolve } = require('node:path');
const vm = require('node:vm');

/** Bytes; V8 copies data that does not lie at a multiple of eight. */
const HEADER = 512;
const PARAMETERS = 'exports, require, module, __filename, __dirname';
const scripts = new Map();

/** `fresh`: none has been made yet. */
function load(file, fresh = false) {
  const known = require.cache[file];
  if (known !== undefined) return known.exports;
  const cachedData = cacheOf(file);
  if (cachedData === undefined && !fresh) return require(file);
  const text = fs.readFileSync(file, 'latin1');
  const script = new vm.Script(`(function (${PARAMETERS}) {${text}\n})`, { filename: file, cachedData });
  scripts.set(file, { text, script });
  const module = { id: file, filename: file, loaded: true, children: [], exports: {} };
  require.cache[file] = module;
  const directory = dirname(file);
  // Other packages are found from here as from the bundle, which is part of this package.
  const requireFrom = (name) => (name.startsWith('.') ? load(resolve(directory, name), fresh) : require(name));
  script.runInThisContext()(module.exports, requireFrom, module, file, directory);
  return module.exports;
}

/** Distributions build one release differently, so its executable is named too; `length` is that of what V8 compiled. */
function headerOf(length) {
  const { size, mtimeMs } = fs.statSync(process.execPath);
  const { version, arch, versions, execArgv, env } = process;
  const maker = [version, arch, versions.v8, size, mtimeMs, execArgv, env.NODE_OPTIONS ?? '', length];
  return Buffer.from(JSON.stringify(maker)).toString('latin1').padEnd(HEADER);
}

function cacheOf(file) {
  try {
    const cache = fs.readFileSync(`${file}.cache`);
    const code = cache.subarray(HEADER);
    return cache.latin1Slice(0, HEADER) === headerOf(code.length) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** What V8 has compiled by now of every file that may be loaded so: import() works only in those that require() loads. */
function compiled() {
  return [...scripts]
    .filter(([, { text }]) => !/\bimport\(/.test(text))
    .map(([file, { script }]) => {
      const code = script.createCachedData();
      return [file, Buffer.concat([Buffer.from(headerOf(code.length), 'latin1'), code])];
    });
}

module.exports = { load, compiled };
