#!/usr/bin/env node
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  process.exitCode = await main(process.argv.slice(2), process);
} else {
  process.stderr.write('bk-doctor: this copy has not been built yet: run "npm run build" in its directory\n');
  process.exitCode = 3;
}
