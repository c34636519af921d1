// npm run release [TAG]: before a release is given on, do its version, its changes, its tag and what was committed agree?
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { newestIn } from './package/changelog.mjs';

const read = (name) => readFileSync(resolve(name), 'utf8');
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

const { version } = JSON.parse(read('package.json'));
const lock = JSON.parse(read('package-lock.json'));
const newest = newestIn(read('CHANGELOG.md'));
const tags = git('tag', '--points-at', 'HEAD').split('\n');
const [, , tag = tags.find((name) => name.startsWith('v')) ?? null] = process.argv;
const wrong = [
  lock.version === version && lock.packages[''].version === version ? null : `package-lock.json says ${lock.version}`,
  newest.version === version ? null : `the newest version in CHANGELOG.md is ${newest.version}`,
  tag === `v${version}` ? null : `the tag is ${tag ?? 'missing'}, and should be v${version}`,
  tag === null || tags.includes(tag) ? null : `${tag} does not stand on this commit`,
  git('status', '--porcelain') === '' ? null : 'something is not committed',
].filter((sentence) => sentence !== null);
for (const sentence of wrong) process.stderr.write(`${version}: ${sentence}\n`);
if (wrong.length > 0) process.exitCode = 1;
else process.stdout.write(`${version} of ${newest.day} may be released: npm run test:package, then give out/ on\n`);
