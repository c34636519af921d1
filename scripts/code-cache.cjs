// Examines this host once with the fresh bundle, so that V8 has compiled what an examination runs, and keeps that beside
// it. For an executable that brings this very Node with it, it goes without a header to another directory, and the host
// is one of a recording, so that the same bytes come out of every build.
const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, resolve } = require('node:path');
const { fresh, headerOf } = require('../bin/load.js');

const dist = resolve(__dirname, '../dist');
const [, , directory = dist, recording] = process.argv;
// Files have the names that they have in the executable, wherever this checkout lies.
const { load, compiled } = fresh(dist, recording === undefined ? dist : '/bk-doctor/dist');

const host = recording === undefined ? ['--no-probe'] : ['--replay', recording];
load('main.cjs')
  .main(['check', '--quiet', ...host], process)
  .then(() => {
    for (const [file, code] of compiled()) {
      const header = recording === undefined ? headerOf(code.length) : '';
      const cache = resolve(directory, `${file}.cache`);
      mkdirSync(dirname(cache), { recursive: true });
      rmSync(cache, { force: true });
      writeFileSync(cache, Buffer.concat([Buffer.from(header, 'latin1'), code]));
    }
  });
