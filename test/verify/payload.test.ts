import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isStatic, payload } from '../../src/verify/payload.ts';

test('a program with a loader is not static, one without is', () => {
  expect(isStatic(fs.readFileSync(process.execPath))).toBe(false);
  expect(isStatic(fs.readFileSync('/bin/sh'))).toBe(false);
  expect(isStatic(Buffer.from('#!/bin/sh\n'))).toBe(false);
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => fs.existsSync(path));
  if (
    busybox !== undefined &&
    execFileSync('sh', ['-c', `ldd ${busybox} 2>&1 || true`], { encoding: 'utf8' }).includes('not a dynamic')
  )
    expect(isStatic(fs.readFileSync(busybox))).toBe(true);
});

test.skipIf(process.arch !== 'x64' || process.getuid?.() !== 0)(
  'the program of our own really gives a file away, and fails where it cannot',
  () => {
    const at = fs.mkdtempSync('/var/tmp/bkd-payload-');
    try {
      const own = payload('x64', []);
      if (own === null) throw new Error('no payload');
      fs.writeFileSync(join(at, 'give'), own.bytes, { mode: 0o755 });
      expect(isStatic(own.bytes)).toBe(true);
      expect(spawnSync('chroot', [at, ...own.run]).status).toBe(0);
      expect(fs.statSync(join(at, 'owned'))).toMatchObject({ uid: 65534, gid: 65534 });
      // Only the own id is mapped here, so the file cannot be given to 65534.
      expect(spawnSync('unshare', ['--user', '--map-root-user', 'chroot', at, ...own.run]).status).toBe(1);
    } finally {
      fs.rmSync(at, { recursive: true, force: true });
    }
  },
);
