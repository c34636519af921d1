import { describe, expect, test } from 'vitest';
import { BIN, canMakeWorlds, World } from './world.ts';

/** A `node` that only says how it was started, and what SELinux lets be executable here. */
const SETTINGS = `
  mount -t tmpfs none /sys/fs; mkdir -p /sys/fs/selinux/booleans /run/own
  printf '#!/bin/sh\\necho "$*"\\n' >/run/own/node; chmod 755 /run/own/node`;
const enforcing = (mode: number, boolean: string, value: number): string =>
  `printf ${mode} >/sys/fs/selinux/enforce; printf '${value} ${value}' >/sys/fs/selinux/booleans/${boolean}`;

describe.skipIf(!canMakeWorlds())('Node where SELinux lets no memory become executable', () => {
  test('compiles nothing, and elsewhere as always', () => {
    const world = new World();
    try {
      world.script(SETTINGS);
      const started = (settings: string): string =>
        world.script(`rm -rf /sys/fs/selinux/booleans/*; ${settings}; PATH=/run/own:$PATH ${BIN} check`).trim();
      expect(started('true')).toBe(`${BIN} check`);
      expect(started(enforcing(1, 'allow_execmem', 0))).toBe(`--jitless ${BIN} check`);
      expect(started(enforcing(1, 'deny_execmem', 1))).toBe(`--jitless ${BIN} check`);
      expect(started(enforcing(1, 'allow_execmem', 1))).toBe(`${BIN} check`);
      expect(started(enforcing(1, 'deny_execmem', 0))).toBe(`${BIN} check`);
      expect(started(enforcing(0, 'allow_execmem', 0))).toBe(`${BIN} check`);
    } finally {
      world.close();
    }
  });
});
