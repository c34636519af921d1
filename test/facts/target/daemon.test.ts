import { describe, expect, test } from 'vitest';
import { createLook } from '../../../src/examine/look.ts';
import { configPath } from '../../../src/facts/config/config-file.ts';
import { settings } from '../../../src/facts/config/settings.ts';
import { rootsWord } from '../../../src/facts/rights/rights.ts';
import { instance } from '../../../src/facts/start/instance.ts';
import { daemons } from '../../../src/facts/target/daemon.ts';
import { environment } from '../../../src/facts/target/environment.ts';
import type { Request } from '../../../src/model/look.ts';
import { Unseen } from '../../../src/model/unseen.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';

type Files = NonNullable<VirtualHostOptions['files']>;

const ROOT = '27 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n';
const UNIT = '/home/alice/.config/systemd/user/buildkit.service';
const START = 1_700_000_000_000;

interface Running {
  readonly pid?: number;
  readonly uid?: number;
  readonly args?: readonly string[];
  readonly kit?: readonly string[];
  readonly env?: readonly string[] | null;
  readonly mountinfo?: string;
  readonly cgroup?: string;
}

/** rootlesskit with a buildkitd below it, as /proc shows them; it was started ten seconds before we were. */
function running({
  pid = 42,
  uid = 1000,
  args = [],
  kit = ['rootlesskit'],
  env = [],
  mountinfo = ROOT,
  cgroup = '0::/',
}: Running = {}): Files {
  const status = (name: string, parent: number): string =>
    `Name:\t${name}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`;
  const words = ['buildkitd', ...args];
  const environ = ['PATH=/usr/bin', 'HOME=/home/alice', 'USER=alice', ...(env ?? [])];
  const variables = env === null ? { unreadable: true } : `${environ.join('\0')}\0`;
  return {
    '/proc/locks': `1: FLOCK  ADVISORY  WRITE ${pid} 08:02:99 0 EOF\n`,
    '/proc/self/mountinfo': ROOT,
    '/proc/self/stat': `9 (node) S 1 ${'0 '.repeat(17)}2000 0\n`,
    [`/proc/${pid}/comm`]: 'buildkitd\n',
    [`/proc/${pid}/status`]: status('buildkitd', kit.length > 0 ? 1 : 7),
    [`/proc/${pid}/mountinfo`]: mountinfo,
    [`/proc/${pid}/cgroup`]: `${cgroup}\n`,
    [`/proc/${pid}/stat`]: `${pid} (buildkitd) S 1 ${'0 '.repeat(17)}1000 0\n`,
    [`/proc/${pid}/cmdline`]: `${words.join('\0')}\0`,
    [`/proc/${pid}/environ`]: variables,
    ...(kit.length > 0
      ? {
          '/proc/1/comm': 'rootlesskit\n',
          '/proc/1/status': status('rootlesskit', 0),
          '/proc/1/cmdline': `${[...kit, ...words].join('\0')}\0`,
          '/proc/1/environ': variables,
        }
      : {}),
  };
}

const lookAt = (files: Files, request: Partial<Request> = {}, rest: Partial<VirtualHostOptions> = {}) =>
  createLook({ host: new VirtualHost({ now: START + 20_000, ...rest, files }), request: { ...ASK, ...request } });

describe('the buildkitd that runs', () => {
  test('its flags are the settings, and those of rootlesskit before it', async () => {
    const look = lookAt({
      ...running({
        args: ['--oci-worker-no-process-sandbox', '--root=/data', '--addr', 'tcp://127.0.0.1:1234'],
        kit: ['rootlesskit', '--net=slirp4netns', '--copy-up=/etc'],
      }),
    });
    const found = await look.get(settings);
    expect(found.oci.noProcessSandbox).toMatchObject({ value: true, source: 'process' });
    expect(found.root).toMatchObject({ value: '/data', source: 'process' });
    expect(found.addresses.value).toEqual(['tcp://127.0.0.1:1234']);
    expect(found.rootlesskitArgs).toEqual(['--net=slirp4netns', '--copy-up=/etc']);
  });

  test('what the person names counts more', async () => {
    const look = lookAt(running({ args: ['--root=/data', '--config=/etc/a.toml'] }), {
      root: '/other',
      config: '/etc/b.toml',
    });
    expect((await look.get(settings)).root.value).toBe('/other');
    expect((await look.get(configPath)).path).toBe('/etc/b.toml');
  });

  test('its environment counts, and not ours; a daemon reads no BUILDKITD_FLAGS', async () => {
    const flags = 'BUILDKITD_FLAGS=--oci-worker-no-process-sandbox';
    const look = lookAt(
      running({ env: [flags, 'XDG_DATA_HOME=/data'] }),
      {},
      { env: { TMPDIR: '/ours', PATH: '/bin' } },
    );
    const { variables } = await look.get(environment);
    expect(variables.XDG_DATA_HOME).toEqual({ value: '/data', source: 'daemon' });
    expect(variables.TMPDIR).toBeUndefined();
    const found = await look.get(settings);
    expect(found.root.value).toBe('/data/buildkit');
    expect(found.oci.noProcessSandbox.value).toBe(false);
  });

  test('an environment that may not be read is not seen, rather than ours', async () => {
    await expect(lookAt(running({ env: null })).get(environment)).rejects.toThrow(Unseen);
  });

  test.each([
    ['of another account', running({ uid: 1001 })],
    ['of a container that the host shows', running({ mountinfo: '900 1 0:77 / / rw - overlay overlay rw\n' })],
    ['that has another name', { ...running(), '/proc/42/comm': 'postgres\n' }],
  ])('a process %s tells nothing', async (_, files) => {
    expect(await lookAt(files).get(daemons)).toEqual([]);
  });

  test('where the kernel has no table of locks, every process is looked at', async () => {
    const files: Files = {
      ...running(),
      '/proc/locks': null,
      '/proc/42': { kind: 'directory' },
      '/proc': { kind: 'directory' },
    };
    expect(await lookAt(files).get(daemons)).toHaveLength(1);
  });

  test('of its unit it tells more than the unit, until that is changed', async () => {
    const unit = (mtimeMs: number): Files => ({
      [UNIT]: {
        text: '[Service]\nExecStart=/usr/bin/rootlesskit buildkitd --root=/unit\n',
        uid: 1000,
        mtimeMs,
      },
    });
    const files = running({
      args: ['--root=/process'],
      cgroup: '0::/user.slice/user@1000.service/app.slice/buildkit.service',
    });
    const before = await lookAt({ ...files, ...unit(START - 60_000) }).get(settings);
    expect(before.root).toMatchObject({ value: '/process', source: 'process' });
    const after = await lookAt({ ...files, ...unit(START + 15_000) }).get(settings);
    expect(after.root).toMatchObject({ value: '/unit', source: 'unit' });
    const strange = await lookAt({ ...running({ args: ['--root=/process'] }), ...unit(START - 60_000) }).get(settings);
    expect(strange.root.source).toBe('unit');
  });

  test('what it names is not root’s word', async () => {
    const look = lookAt(
      running({ args: ['--root=/srv'] }),
      {},
      { self: { uid: 0, gid: 0, name: 'root', home: '/root' } },
    );
    expect((await look.get(settings)).root.value).toBe('/srv');
    expect(await look.get(rootsWord)).toEqual([]);
  });

  test('a configuration that was changed after its start is told', async () => {
    const path = '/home/alice/.local/share/buildkit/buildkitd.lock';
    const config = (mtimeMs: number): Files => ({
      [path]: { uid: 1000 },
      '/home/alice/.config/buildkit/buildkitd.toml': { text: 'debug = true\n', uid: 1000, mtimeMs },
    });
    const held = { probes: { lock: () => ({ held: true, pid: 42 }) } };
    const newer = async (mtimeMs: number) =>
      (await lookAt({ ...running(), ...config(mtimeMs) }, {}, held).get(instance)).newer;
    expect(await newer(START - 60_000)).toEqual([]);
    expect(await newer(START + 15_000)).toEqual(['/home/alice/.config/buildkit/buildkitd.toml']);
  });
});

describe('buildctl-daemonless.sh', () => {
  const env = { PATH: '/usr/bin', HOME: '/home/alice', USER: 'alice', XDG_RUNTIME_DIR: '/run/user/1000' };
  const FLAGS = { BUILDKITD_FLAGS: '--oci-worker-no-process-sandbox --addr tcp://127.0.0.1:1' };

  test('reads BUILDKITD_FLAGS, and adds its own address', async () => {
    const look = lookAt({}, { daemonless: true }, { env: { ...env, ...FLAGS } });
    const found = await look.get(settings);
    expect(found.oci.noProcessSandbox).toMatchObject({ value: true, source: 'environment' });
    expect(found.addresses.value).toEqual(['tcp://127.0.0.1:1', 'unix:///run/user/1000/buildkit/buildkitd.sock']);
  });

  test('nobody else does', async () => {
    const look = lookAt({}, {}, { env: { ...env, ...FLAGS } });
    expect((await look.get(settings)).oci.noProcessSandbox).toMatchObject({ value: false, source: 'default' });
  });
});

describe('among other mounts', () => {
  const found = (theirs: string, cgroup: string) => {
    const links = { '/proc/self/ns/mnt': { link: 'mnt:[1]' }, '/proc/1/ns/mnt': { link: theirs } };
    return lookAt({ ...running({ cgroup }), ...links }).get(daemons);
  };
  test.each([
    ['the same ones', 'mnt:[1]', '0::/', 1],
    ['those of another world', 'mnt:[2]', '0::/user.slice/session-1.scope', 0],
    ['those that a manager gave its service', 'mnt:[2]', '0::/system.slice/buildkit.service', 1],
    ['those of a session below its manager', 'mnt:[2]', '0::/user.slice/user@1000.service', 0],
  ])('%s', async (_, theirs, cgroup, count) => {
    expect(await found(theirs, cgroup)).toHaveLength(count);
  });
});
