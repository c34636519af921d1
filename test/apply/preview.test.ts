import { expect, test } from 'vitest';
import { preview } from '../../src/apply/index.ts';
import type { Step } from '../../src/model/plan.ts';
import { VirtualHost } from '../virtual-host.ts';

const owner = { uid: 0, gid: 0 };
const edit = (path: string, change: object, expects: string | null = 'a'): Step =>
  ({ as: 'root', do: 'edit', path, expects, edit: change, mode: 0o644, owner }) as Step;

test('edits as one unified diff a file, in order; other steps in a line each', async () => {
  const host = new VirtualHost({ files: { '/etc/subuid': 'a:1:2\nb:3:4\n', '/etc/b.toml': '# x\nroot = "/a"\n' } });
  const { diff } = await preview(
    [
      edit('/etc/subuid', { edit: 'append', line: 'c:5:6' }),
      { as: 'root', do: 'directory', path: '/run/x', mode: 0o700, owner },
      edit('/etc/subuid', { edit: 'replace-line', line: 'a:1:2', by: null }),
      edit('/etc/b.toml', { edit: 'toml', changes: [{ change: 'set', path: ['root'], value: '/b' }] }),
      edit('/etc/sysctl.d/x.conf', { edit: 'whole', text: 'user.max_user_namespaces = 1\n' }, null),
      { as: 'root', do: 'sysctl', key: 'user.max_user_namespaces', from: '0', to: '1' },
      { as: 'self', do: 'tell', text: 'not shown' },
    ],
    host,
  );
  expect(diff).toBe(
    [
      '--- /etc/subuid',
      '+++ /etc/subuid',
      '@@ -1,2 +1,2 @@',
      '-a:1:2',
      ' b:3:4',
      '+c:5:6',
      '--- /etc/b.toml',
      '+++ /etc/b.toml',
      '@@ -1,2 +1,2 @@',
      ' # x',
      '-root = "/a"',
      '+root = "/b"',
      '--- /dev/null',
      '+++ /etc/sysctl.d/x.conf',
      '@@ -0,0 +1,1 @@',
      '+user.max_user_namespaces = 1',
      '# Make the directory /run/x (mode 0700, owner root).',
      '# Set user.max_user_namespaces to 1 at once (it is 0).',
      '',
    ].join('\n'),
  );
});

test('nothing to show is null', async () => {
  const host = new VirtualHost({ files: { '/f': 'x\n' } });
  expect(await preview([edit('/f', { edit: 'append', line: 'x' })], host)).toEqual({ diff: null });
  expect(await preview([{ as: 'self', do: 'tell', text: 'x' }], host)).toEqual({ diff: null });
});

test('what cannot be edited, or read, is said instead', async () => {
  const host = new VirtualHost({
    files: { '/f': 'x\n', '/secret': { text: '', unreadable: true }, '/bad.toml': 'a = = 1\n' },
  });
  const { diff } = await preview(
    [
      edit('/f', { edit: 'replace-line', line: 'y', by: 'z' }),
      edit('/secret', { edit: 'append', line: 'y' }),
      edit('/bad.toml', { edit: 'toml', changes: [{ change: 'set', path: ['a'], value: 1 }] }),
    ],
    host,
  );
  expect(diff).toMatch(
    /^# \/f: the line "y" is no longer there\n# \/secret: .*permission denied.*\n# \/bad.toml: .*not valid TOML/,
  );
});

test('a name with a line end cannot pass for another line', async () => {
  const { diff } = await preview(
    [edit('/a\n+++ /etc/shadow', { edit: 'whole', text: 'x\n' }, null)],
    new VirtualHost(),
  );
  const names = diff?.split('\n').filter((line) => line.startsWith('+++'));
  expect(names).toHaveLength(1);
  expect(names?.[0]).toMatch(/^\+\+\+ "\/a\\+n\+\+\+ \/etc\/shadow"$/);
});
