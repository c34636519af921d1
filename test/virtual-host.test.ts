import { expect, test } from 'vitest';
import { Unseen } from '../src/model/unseen.ts';
import { VirtualHost } from './virtual-host.ts';

test('a virtual host tells root and the target different things, and each what its own rights show', async () => {
  const host = new VirtualHost({
    self: {},
    files: { '/secret': { text: 'x', mode: 0o600 }, '/home/alice/.config': { kind: 'directory', mode: 0o755 } },
    tools: { git: { stdout: 'git version 2.39.5\n' } },
    seenBy: {
      target: {
        files: { '/secret': { unreadable: true, mode: 0o600 }, '/private': null },
        tools: { git: { code: 127 } },
      },
      self: { files: { '/private': 'only root sees this' }, probes: { write: () => ({ error: null }) } },
    },
  });
  expect((await host.read('/secret', 'self'))?.text).toBe('x');
  await expect(host.read('/secret', 'target')).rejects.toThrow(Unseen);
  expect([await host.access('/secret', 'r', 'self'), await host.access('/secret', 'r', 'target')]).toEqual([
    true,
    false,
  ]);
  expect([await host.stat('/private', 'target'), (await host.stat('/private', 'self'))?.size]).toEqual([null, 19]);
  expect([(await host.run('git', [], 'self'))?.code, (await host.run('git', [], 'target'))?.code]).toEqual([0, 127]);
  const input = { directory: '/' };
  expect(await host.probe('write', input, 'self')).toEqual({ error: null });
  await expect(host.probe('write', input, 'target')).rejects.toThrow('the write probe was not made');
});
