import { chmodSync, copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EPOCH, empty, ROOT, run } from './release.mjs';

/** What a package of a distribution puts onto a host; every file as old as the release. */
export function installed(executable, top) {
  const share = resolve(empty(top), 'usr/share');
  const program = resolve(top, 'usr/bin/bk-doctor');
  mkdirSync(dirname(program), { recursive: true });
  copyFileSync(executable, program);
  cpSync(resolve(ROOT, 'dist/share'), share, { recursive: true });
  compress(resolve(share, 'man/man1/bk-doctor.1'));
  return share;
}

export function compress(file) {
  run('gzip', ['-n', '-9', file]);
}

/** Modes and times do not depend on who made them, or when. */
export function settle(top) {
  run('find', [top, '-type', 'd', '-exec', 'chmod', '755', '{}', '+']);
  run('find', [top, '-type', 'f', '-exec', 'chmod', '644', '{}', '+']);
  chmodSync(resolve(top, 'usr/bin/bk-doctor'), 0o755);
  run('find', [top, '-exec', 'touch', '-h', '-d', `@${EPOCH}`, '{}', '+']);
}
