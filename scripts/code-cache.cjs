// Examines this host once with the fresh bundle, so that V8 has compiled what an examination runs, and keeps that beside it.
const { rmSync, writeFileSync } = require('node:fs');
const { resolve } = require('node:path');
const { compiled, load } = require('../bin/load.js');

const { main } = load(resolve(__dirname, '../dist/main.cjs'), true);
main(['check', '--no-probe', '--quiet'], process).then(() => {
  for (const [file, code] of compiled()) {
    rmSync(`${file}.cache`, { force: true });
    writeFileSync(`${file}.cache`, code);
  }
});
