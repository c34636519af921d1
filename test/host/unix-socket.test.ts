import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { tryUnixSocket } from '../../src/host/probes/unix-socket.ts';

const place = mkdtempSync('/tmp/bk-socket-');
afterAll(() => rmSync(place, { recursive: true }));

test('a socket is listened on, connected to and taken away', async () => {
  expect(await tryUnixSocket(['/no-such-directory', place])).toEqual({ ok: true });
  expect(readdirSync(place)).toEqual([]);
});
test('nothing is said where no place for it can be made', async () => {
  expect(await tryUnixSocket(['/no-such-directory', '/proc'])).toBeNull();
});
