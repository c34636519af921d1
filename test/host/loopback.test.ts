import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { probeBind } from '../../src/host/probes/net.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

test('a loopback address of an interface that is up', async () => {
  expect(await probeBind([LOOPBACK, { host: '', port: 0 }])).toEqual({ errors: [null, null] });
});

test.runIf(process.getuid?.() === 0)('and of one that is down', () => {
  const bundle = join(import.meta.dirname, '../../src/host/probes/net.ts');
  const vitest = `const { createServer } = await import('vite');
    const server = await createServer({ server: { middlewareMode: true, ws: false }, logLevel: 'silent', appType: 'custom' });
    const { probeBind } = await server.ssrLoadModule(${JSON.stringify(bundle)});
    console.log(JSON.stringify(await probeBind([${JSON.stringify(LOOPBACK)}, { host: '0.0.0.0', port: 0 }])));
    await server.close();`;
  const ran = spawnSync(
    'unshare',
    [
      '--net',
      'sh',
      '-c',
      'ip link set lo up && ip link set lo down && exec "$@"',
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      vitest,
    ],
    { encoding: 'utf8', cwd: join(import.meta.dirname, '../..') },
  );
  expect(ran.stdout + ran.stderr).toContain('{"errors":["ENETDOWN",null]}');
});
