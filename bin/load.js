/**
 * Loads the bundle as require() does, but with what V8 compiled when it was built, where that lies beside it: half of
 * the time of a start. A cache of another V8 is no fault: then the text is compiled.
 */
const fs = require('node:fs');
const { dirname, resolve } = require('node:path');
const vm = require('node:vm');

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

function cacheOf(file) {
  try {
    return fs.readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}

/** What V8 has compiled by now of every file that may be loaded so: import() works only in those that require() loads. */
function compiled() {
  return [...scripts]
    .filter(([, { text }]) => !/\bimport\(/.test(text))
    .map(([file, { script }]) => [file, script.createCachedData()]);
}

module.exports = { load, compiled };
