/**
 * Loads the bundle as require() does, but with what V8 compiled when it was built, where that lies beside it: half of
 * the time of a start. V8 itself accepts the cache of another build of the same V8, and then crashes: so a cache begins
 * with the name of the Node that made it, and V8 sees only what this very Node made. Without one the text is compiled.
 */
const fs = require('node:fs');
const { dirname, relative, resolve } = require('node:path');
const vm = require('node:vm');

/** Bytes; V8 copies data that does not lie at a multiple of eight. */
const HEADER = 512;
const PARAMETERS = 'exports, require, module, __filename, __dirname';

/** Of files that name each other; `plain` loads one of which V8 has compiled nothing yet, where that is not done here. */
function loaderOf({ modules, textOf, cacheOf, plain }) {
  const scripts = new Map();
  const load = (file) => {
    const known = modules[file];
    if (known !== undefined) return known.exports;
    const cachedData = cacheOf(file);
    if (cachedData === undefined && plain !== undefined) return plain(file);
    const source = `(function (${PARAMETERS}) {${textOf(file)}\n})`;
    const script = new vm.Script(source, { filename: file, cachedData });
    scripts.set(file, script);
    const module = { id: file, filename: file, loaded: true, children: [], exports: {} };
    modules[file] = module;
    const directory = dirname(file);
    const requireFrom = (name) => (name.startsWith('.') ? load(resolve(directory, name)) : require(name));
    script.runInThisContext()(module.exports, requireFrom, module, file, directory);
    return module.exports;
  };
  return { load, scripts };
}

const textOf = (file) => fs.readFileSync(file, 'latin1');

/** The built file. */
function load(file) {
  return loaderOf({ modules: require.cache, textOf, cacheOf, plain: require }).load(file);
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

/** A loader that takes no cache, of files in a directory by whatever name; `compiled` answers what V8 has made by then of each. */
function fresh(directory, name = directory) {
  const textBy = (file) => textOf(resolve(directory, relative(name, file)));
  const { load, scripts } = loaderOf({ modules: {}, textOf: textBy, cacheOf: () => undefined });
  const compiled = () => [...scripts].map(([file, script]) => [relative(name, file), script.createCachedData()]);
  return { load: (file) => load(resolve(name, file)), compiled };
}

module.exports = { fresh, headerOf, load, loaderOf };
