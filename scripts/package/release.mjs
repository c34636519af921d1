import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newestIn } from './changelog.mjs';

/** This checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
export const { version } = manifest;
/** The Node that the executables bring: the LTS line with the longest support that needs no more than glibc and libstdc++. */
export const NODE = '24.21.0';

const dayOf = () => newestIn(readFileSync(resolve(ROOT, 'CHANGELOG.md'), 'utf8')).day;
/** Seconds; every file of a package is as old as this. */
export const EPOCH = process.env.SOURCE_DATE_EPOCH ?? String(Date.parse(`${dayOf()}T00:00:00Z`) / 1000);
const env = { ...process.env, SOURCE_DATE_EPOCH: EPOCH, LC_ALL: 'C', TZ: 'UTC' };

/** Runs a program that must succeed; answers what it printed. */
export function run(program, args, options = {}) {
  return execFileSync(program, args, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
}

/** An empty directory. */
export function empty(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

/** An archive of the same bytes whoever makes it, whenever and wherever. */
export function archive(file, directory, ...names) {
  const order = ['--sort=name', `--mtime=@${EPOCH}`, '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  run('tar', [...order, '--mode=u=rwX,go=rX', '-cf', `${file}.tar`, '-C', directory, ...names]);
  run('gzip', ['-n', '-9', '-f', `${file}.tar`]);
  renameSync(`${file}.tar.gz`, file);
}
