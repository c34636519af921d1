#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');
const { load } = require('./load.js');

const built = resolve(__dirname, '../dist/main.cjs');
if (existsSync(built)) {
  load(built)
    .main(process.argv.slice(2), process)
    .then((code) => {
      process.exitCode = code;
    });
} else {
  process.stderr.write('bk-doctor: this copy has not been built yet: run "npm run build" in its directory\n');
  process.exitCode = 3;
}
