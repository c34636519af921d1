import { describe, expect, test } from 'vitest';
import { createLook } from '../../src/examine/look.ts';
import { rights } from '../../src/facts/rights/rights.ts';
import type { Request } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { mayOwn, mayStep, mayWrite, type Rights } from '../../src/rights/rights.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../virtual-host.ts';

const ALICE: Rights = { uid: 1000, home: '/home/alice', named: [] };
const ROOT: Rights = { uid: 0, home: '/root', named: [] };

describe('where root may change owners for an account', () => {
  test.each([
    ['/home/alice/.local/share/buildkit', true],
    ['/run/user/1000', true],
    ['/run/user/1000/buildkit/buildkitd.sock', true],
    ['/home/alice', false],
    ['/home/alice2', false],
    ['/home/alice/../bob', false],
    ['/home/alice/a\nb', false],
    ['/home/alice/\u007f', false],
    ['/run/user/1001', false],
    ['/run/user', false],
    ['/var/lib/buildkit', false],
    ['/run/buildkit', false],
    ['/etc/buildkit/buildkitd.toml', false],
    ['home/alice/x', false],
  ])('%j: %s', (path, expected) => expect(mayOwn(path, ALICE)).toBe(expected));

  test('root’s own daemon has its own places', () => {
    for (const path of ['/var/lib/buildkit', '/run/buildkit/x']) expect(mayOwn(path, ROOT)).toBe(true);
    expect(mayWrite('/etc/buildkit/buildkitd.toml', ROOT)).toBe(true);
    expect(mayWrite('/etc/buildkit/buildkitd.toml', ALICE)).toBe(false);
    expect(mayWrite('/etc/sysctl.d/99-bk.conf', ALICE)).toBe(true);
  });
  test('a home that somebody else owns is nobody’s', () =>
    expect(mayOwn('/home/alice/x', { ...ALICE, home: null })).toBe(false));
  test('what root named, but never a directory that everybody’s things are below', () => {
    const named = { ...ALICE, named: ['/srv/cache', '/var/lib/buildkit', '/var/lib', '/', '/run/', '/etc'] };
    expect(mayOwn('/srv/cache/x', named)).toBe(true);
    expect(mayOwn('/var/lib/buildkit', named)).toBe(true);
    for (const path of ['/var/lib', '/var/lib/docker', '/run', '/run/buildkit', '/etc/shadow', '/usr'])
      expect(mayOwn(path, named), path).toBe(false);
  });
  test('a setuid bit goes by what the file is, not by its place', () => {
    const step = (path: string): Step => ({ do: 'mode', as: 'root', path, from: 0o755, to: 0o4755 });
    expect(mayStep(step('/usr/bin/newuidmap'), ALICE)).toBe(true);
    expect(mayStep(step('/home/alice/sh'), ALICE)).toBe(false);
  });
});

const UNIT = '/home/alice/.config/systemd/user/buildkit.service';
const start = (more: string): string => `[Service]\n${more}\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd`;
const told = async (options: VirtualHostOptions, request: Partial<Request> = {}): Promise<Rights> =>
  createLook({
    host: new VirtualHost({
      self: { uid: 0 },
      ...options,
      files: { '/home/alice': { kind: 'directory', uid: 1000, gid: 1000 }, ...options.files },
    }),
    request: { ...ASK, ...request },
  }).get(rights);
const own = (text: string) => ({ text, uid: 1000, gid: 1000 });

describe('who named a place', () => {
  test('root on its command line, also by a variable', async () => {
    const request = {
      root: '/srv/cache',
      config: '/srv/b.toml',
      addresses: ['unix:///srv/b.sock', 'tcp://127.0.0.1:1'],
      env: { XDG_RUNTIME_DIR: '/srv/run', XDG_DATA_HOME: '/srv/data' },
    };
    const { named } = await told({}, request);
    for (const path of ['/srv/cache', '/srv/b.toml', '/srv/b.sock', '/srv/run', '/srv/data/buildkit'])
      expect(mayOwn(path, { ...ALICE, named }), path).toBe(true);
    expect(mayOwn('/srv/data', { ...ALICE, named })).toBe(false);
  });
  test('an ordinary user’s command line is not root’s word', async () =>
    expect((await told({ self: { uid: 1000 } }, { root: '/srv/cache' })).named).toEqual([]));
  test('nor is a unit of the user', async () =>
    expect(
      (
        await told({
          files: { [UNIT]: own(`${start('Environment=XDG_DATA_HOME=/var/lib')} --root /var/lib/buildkit`) },
        })
      ).named,
    ).toEqual([]));

  const etc = '/etc/systemd/user/buildkit.service';
  const words = `${start('Environment=XDG_RUNTIME_DIR=/srv/run')} --root /var/lib/buildkit --addr unix:///run/buildkit/b.sock`;
  test('a unit below /etc is', async () => {
    const { named } = await told({ files: { [etc]: words } });
    for (const path of ['/var/lib/buildkit', '/run/buildkit/b.sock', '/srv/run/buildkit'])
      expect(mayOwn(path, { ...ALICE, named }), path).toBe(true);
  });
  test.each<[string, NonNullable<VirtualHostOptions['files']>]>([
    ['it is another account’s', { [etc]: own(words) }],
    ['its group may write it', { [etc]: { text: words, mode: 0o664 } }],
    ['a directory above it may be written', { [etc]: words, '/etc/systemd/user': { kind: 'directory', mode: 0o775 } }],
    [
      'it takes variables from a file of the user',
      { [etc]: `${words}\nEnvironmentFile=/home/alice/e`, '/home/alice/e': own('') },
    ],
    ['what is dropped in is the user’s', { [etc]: words, [`${etc}.d/x.conf`]: own('[Service]\n') }],
  ])('unless %s', async (_why, files) => expect((await told({ files })).named).toEqual([]));

  test('the home counts where the account owns it and nobody else could lay a link to it', async () => {
    expect((await told({})).home).toBe('/home/alice');
    expect((await told({ files: { '/home/alice': { kind: 'directory', uid: 0 } } })).home).toBeNull();
    const link = { '/home/alice': { link: '/data/alice' }, '/data/alice': { kind: 'directory', uid: 1000 } } as const;
    expect((await told({ files: link })).home).toBe('/home/alice');
    expect((await told({ files: { ...link, '/home': { kind: 'directory', mode: 0o1777 } } })).home).toBeNull();
  });
});
