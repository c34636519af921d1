/**
 * What the single executable runs first: the built files and what V8 made of them are its assets, and a process of our
 * own is the same executable with the name of its role. The caches were made by the very Node that is in it.
 */
const { getRawAsset } = require('node:sea');
const { loaderOf } = require('./load.js');

const ROLE = '__role';
const ROLES = ['helper', 'as-target', 'as-user'];
/** No file of that name is read. */
const ROOT = '/bk-doctor';

function asset(name) {
  try {
    return Buffer.from(getRawAsset(name));
  } catch {
    return undefined;
  }
}

const { load } = loaderOf({
  modules: {},
  textOf: (file) => asset(file.slice(ROOT.length + 1)).latin1Slice(),
  cacheOf: (file) => asset(`${file.slice(ROOT.length + 1)}.cache`),
});

const [, , first, role] = process.argv;
if (first === ROLE && ROLES.includes(role)) load(`${ROOT}/dist/${role}.cjs`);
else
  load(`${ROOT}/dist/main.cjs`)
    .main(process.argv.slice(2), process, performance.now())
    .then((code) => {
      process.exitCode = code;
    });
