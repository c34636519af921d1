import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { socketHolders } from '../../src/host/looks/socket-holder.ts';
import { temporary } from '../cli/run.ts';

test('who holds a socket is found among all processes, and nobody where nobody does', async () => {
  const server = createServer().listen(join(temporary(), 's.sock'));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const path = String(server.address());
  const row = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .find((line) => line.endsWith(path));
  const inode = Number(row?.trim().split(/\s+/)[6]);
  const holderOf = socketHolders();
  expect(await holderOf(inode)).toMatchObject({ pid: process.pid, uid: statSync(`/proc/${process.pid}`).uid });
  expect(await holderOf(4_294_967_295)).toBeNull();
});

test('an account with very many open files cannot keep us looking', { timeout: 120_000 }, async () => {
  const many = `const fs = require('node:fs'); for (let i = 0; i < 900; i++) fs.openSync('/dev/null'); console.log('open'); setInterval(() => {}, 1000)`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['-e', many], { stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const holderOf = socketHolders(1500);
  const asked = Array.from({ length: 3000 }, () => holderOf(4_294_967_295));
  let heard = 0;
  const ticking = setInterval(() => heard++, 10);
  const answers = await Promise.allSettled(asked);
  clearInterval(ticking);
  expect(answers[0]?.status).toBe('fulfilled');
  expect(answers.at(-1)).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining('1.5 seconds') },
  });
  // Whoever waits for a signal is heard meanwhile.
  expect(heard).toBeGreaterThan(0);
});
