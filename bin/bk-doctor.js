#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');
const { load } = require('./load.js');

const built = resolve(__dirname, '../dist/main.cjs');

/** The command itself never throws: what comes here is wrong with this copy of it. */
function give(up) {
  process.stderr.write(`bk-doctor: ${up}\n`);
  process.exitCode = 3;
}

if (!existsSync(built)) give('this copy has not been built yet: run "npm run build" in its directory');
else {
  try {
    load(built)
      .main(process.argv.slice(2), process, performance.now())
      .then((code) => {
        process.exitCode = code;
      });
  } catch (error) {
    give(
      `this copy is damaged (${String(error).split('\n')[0]}): install it again, or run "npm run build" in its directory`,
    );
  }
}
