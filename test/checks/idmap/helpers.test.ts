import { describe, expect, test } from 'vitest';
import { idmapHelpers } from '../../../src/checks/idmap/helpers.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { restoreHelpers } from '../../../src/fixes/idmap/helpers.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import {
  CLONE,
  carryOut,
  DOCKER_BOUNDING,
  directory,
  dockerMounts,
  hostWith,
  program,
  refused,
  statusWith,
} from '../userns/host.ts';

const entry = { check: idmapHelpers, fix: restoreHelpers };
const EPERM = refused(
  'map',
  'EPERM',
  'failed to setup UID/GID map: newuidmap 1 [] failed: newuidmap: write to uid_map failed: Operation not permitted',
);
const MISSING = refused('map', null, 'exec: "newuidmap": executable file not found in $PATH');
const U = '/usr/bin/newuidmap';
const G = '/usr/bin/newgidmap';
const helpers = (mode: number, uid = 0) => ({ [U]: program(mode, uid), [G]: program(mode, uid) });
const caps = (u: string, g: string) => ({
  [`getcap ${U}`]: { stdout: `${U} ${u}\n` },
  [`getcap ${G}`]: { stdout: `${G} ${g}\n` },
});
const FEDORA = { '/etc/os-release': 'ID=fedora\nVERSION_ID=43\n' };
const mounted = (options: string) => ({
  '/proc/self/mountinfo': `27 1 8:2 / / rw - ext4 /dev/sda2 rw\n30 27 8:3 / /usr ${options} - ext4 /dev/sda3 rw\n`,
});
const UNIT = (lines: string) => ({
  '/home/alice/.config/systemd/user/buildkit.service': `[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n${lines}\n`,
});

const SYSTEM_UNIT = (lines: string) => ({
  '/etc/systemd/system/buildkit.service': `[Service]\nUser=alice\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n${lines}\n`,
});
const SYSTEMD = (release: number) => ({ [`/usr/lib/systemd/libsystemd-shared-${release}.so`]: program() });

async function plan(options: VirtualHostOptions) {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}

testCheck(entry, {
  healthy: {
    'the chain has just used them': { host: hostWith({ files: helpers(0o755) }) },
    'setuid root': { host: hostWith({ answer: null }), request: { probe: false } },
    'file capabilities, as libcap prints them now': {
      host: hostWith({ files: helpers(0o755), tools: caps('cap_setuid=ep', 'cap_setgid=ep'), answer: null }),
      request: { probe: false },
    },
    'file capabilities, as it printed them before': {
      host: hostWith({ files: helpers(0o755), tools: caps('= cap_setuid+ep', '= cap_setgid+ep'), answer: null }),
      request: { probe: false },
    },
    'capabilities among others': {
      host: hostWith({
        files: helpers(0o755),
        tools: caps('cap_dac_override,cap_setuid=ep cap_net_raw=p', '=ep'),
        answer: null,
      }),
      request: { probe: false },
    },
    'file capabilities where the container has no SYS_ADMIN': {
      host: hostWith({
        files: { ...helpers(0o755), '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }) },
        tools: caps('cap_setuid=ep', 'cap_setgid=ep'),
        answer: null,
      }),
      request: { probe: false },
    },
    'NixOS with its wrappers first in PATH': {
      host: hostWith({
        files: {
          ...helpers(0o555),
          '/etc/os-release': 'ID=nixos\n',
          '/run/wrappers/bin/newuidmap': program(0o4511),
          '/run/wrappers/bin/newgidmap': program(0o4511),
        },
        rest: { env: { PATH: '/run/wrappers/bin:/usr/bin', USER: 'alice', HOME: '/home/alice' } },
        answer: null,
      }),
      request: { probe: false },
    },
    'a mount that is nosuid, but not theirs': {
      host: hostWith({
        files: {
          '/proc/self/mountinfo':
            '27 1 8:2 / / rw - ext4 /dev/sda2 rw\n30 27 8:3 / /home rw,nosuid - ext4 /dev/sda3 rw\n',
        },
        answer: null,
      }),
      request: { probe: false },
    },
    'setuid and built with libcap, in a container whose launch fails by something else': {
      host: hostWith({
        files: {
          ...Object.fromEntries(
            [U, G].map((path) => [path, { ...program(0o4755), text: '\x7fELF … Could not set caps …' }]),
          ),
          '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }),
        },
        answer: refused('clone', 'EPERM', CLONE('operation not permitted')),
      }),
    },
    'setuid and closed to readers, as no package of Debian’s is': {
      host: hostWith({
        files: {
          ...Object.fromEntries([U, G].map((path) => [path, { ...program(0o4711), unreadable: true }])),
          '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }),
        },
        answer: refused(
          'setup',
          'ENOENT',
          'creating a state directory: stat /home/alice/.local/tmp: no such file or directory',
        ),
      }),
    },
    'another limit is what fails': {
      host: hostWith({ answer: refused('clone', 'ENOSPC', CLONE('no space left on device')) }),
    },
  },
  ailing: {
    'setuid and built without libcap, in a container': {
      host: hostWith({
        files: {
          ...FEDORA,
          ...Object.fromEntries(
            [U, G].map((path) => [path, { ...program(0o4755), text: '\x7fELF … write to %s failed …' }]),
          ),
          '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }),
        },
        answer: refused('clone', 'EPERM', CLONE('operation not permitted')),
      }),
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      advice: ['setcap cap_setuid=ep', 'setcap cap_setgid=ep'],
      says: ['CAP_SYS_ADMIN'],
    },
    'no setuid bit': {
      host: hostWith({ files: { [U]: program() }, answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      says: ['neither a setuid bit (mode 0755) nor the file capability cap_setuid'],
      cure: carryOut,
    },
    'no setuid bit on either, without a probe': {
      host: hostWith({ files: helpers(0o755) }),
      request: { probe: false },
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      cure: carryOut,
    },
    'Fedora that was copied without attributes': {
      host: hostWith({ files: { ...FEDORA, ...helpers(0o755) }, answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      cure: carryOut,
    },
    'the wrong capability': {
      host: hostWith({ files: helpers(0o755), tools: caps('cap_setgid=ep', 'cap_setgid=ep'), answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      says: ['cap_setgid=ep, not cap_setuid=ep'],
      cure: carryOut,
    },
    'a capability that does not take effect': {
      host: hostWith({ files: helpers(0o755), tools: caps('cap_setuid=p', 'cap_setgid=ei'), answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      cure: carryOut,
    },
    "a capability of another namespace's root": {
      host: hostWith({
        files: { [U]: program() },
        tools: {
          [`getcap ${U}`]: { stdout: `${U} cap_setuid=ep\n` },
          [`getcap -n ${U}`]: { stdout: `${U} cap_setuid=ep [rootid=1000]\n` },
        },
        answer: EPERM,
      }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      says: ['only for a user namespace of uid 1000'],
      cure: carryOut,
    },
    'both at once': {
      host: hostWith({
        tools: { [`getcap ${U}`]: { stdout: `${U} cap_setuid=ep\n` } },
        answer: refused('map', 'EACCES', 'newuidmap: open of uid_map failed: Permission denied'),
      }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      says: ['both a setuid bit and file capabilities'],
      cure: carryOut,
    },
    'setuid, but not root’s': {
      host: hostWith({ files: { [U]: program(0o4755, 1000) }, answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      advice: ['/usr/bin/apt-get install -y uidmap'],
      says: ['belongs to uid 1000'],
    },
    'not executable': {
      host: hostWith({ files: { [U]: program(0o4644) }, answer: MISSING }),
      conditions: ['idmap.newuidmap-missing'],
      severity: 'error',
      cure: carryOut,
    },
    'not installed': {
      host: hostWith({ files: { [U]: null, [G]: null }, answer: MISSING }),
      conditions: ['idmap.newuidmap-missing', 'idmap.newuidmap-missing'],
      severity: 'error',
      cure: true,
    },
    'outside of PATH': {
      host: hostWith({ rest: { env: { PATH: '/opt/bin', USER: 'alice', HOME: '/home/alice' } }, answer: null }),
      request: { probe: false },
      conditions: ['idmap.newuidmap-missing', 'idmap.newuidmap-missing'],
      severity: 'error',
      advice: [
        'Put /usr/bin into PATH where buildkitd is started',
        'Put /usr/bin into PATH where buildkitd is started',
      ],
      says: ['/usr/bin, which is not in the PATH'],
    },
    'a mount without setuid': {
      host: hostWith({ files: mounted('rw,nosuid'), answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      advice: ['mount -o remount,suid /usr', 'mount -o remount,suid /usr'],
      says: ['mounted nosuid'],
    },
    'a mount without execution': {
      host: hostWith({ files: { ...mounted('rw,noexec'), ...helpers(0o4644) }, answer: MISSING }),
      conditions: ['idmap.newuidmap-missing', 'idmap.newuidmap-missing'],
      severity: 'error',
      advice: ['mount -o remount,exec /usr', 'mount -o remount,exec /usr'],
      says: ['mounted noexec'],
    },
    no_new_privs: {
      host: hostWith({ files: { '/proc/self/status': statusWith({ NoNewPrivs: '1' }) }, answer: EPERM }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      advice: ['Start buildkitd from a session or unit without it'],
    },
    'a unit with no_new_privs, although the chain starts from here': {
      host: hostWith({ files: UNIT('NoNewPrivileges=yes') }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      cure: true,
      says: [
        '/home/alice/.config/systemd/user/buildkit.service:3: buildkit.service starts buildkitd with no_new_privs (NoNewPrivileges=yes)',
      ],
    },
    'a user unit with a filter, which implies it': {
      host: hostWith({ files: { ...UNIT('SystemCallFilter=~@mount\nRestrictRealtime=yes'), ...SYSTEMD(257) } }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      cure: true,
      says: ['no_new_privs (SystemCallFilter=~@mount, RestrictRealtime=yes)'],
    },
    'a system unit with a filter, by an older systemd': {
      host: hostWith({ files: { ...SYSTEM_UNIT('ProtectClock=yes'), ...SYSTEMD(254) } }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      cure: true,
      says: ['ProtectClock=yes'],
    },
    'a system unit whose filter refuses what giving up a privilege needs': {
      host: hostWith({ files: { ...SYSTEM_UNIT('SystemCallFilter=~capset'), ...SYSTEMD(255) } }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      cure: true,
    },
    'a user of its own': {
      host: hostWith({ files: SYSTEM_UNIT('DynamicUser=yes') }),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      cure: true,
    },
    'a bounding set without SETUID': {
      host: hostWith({ files: { '/proc/self/status': statusWith({ CapBnd: '000001ffffffff7f' }) }, answer: EPERM }),
      conditions: ['idmap.newuidmap-not-setuid'],
      severity: 'error',
      advice: ['a session whose bounding set has CAP_SETUID'],
      says: ['lacks CAP_SETUID'],
    },
    'setuid helpers of Debian without SYS_ADMIN': {
      host: hostWith({
        files: {
          '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }),
          '/proc/self/mountinfo': dockerMounts('unmasked'),
        },
        answer: EPERM,
      }),
      conditions: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-not-setuid'],
      severity: 'error',
      advice: ['setcap cap_setuid=ep /usr/bin/newuidmap', 'setcap cap_setgid=ep /usr/bin/newgidmap'],
      says: ['CAP_SYS_ADMIN'],
    },
  },
  other: {
    rootful: {
      host: hostWith({ rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } } }),
      status: 'skip',
    },
    'no getcap to ask': {
      host: hostWith({ files: helpers(0o755), tools: { getcap: undefined as never }, answer: null }),
      request: { probe: false },
      status: 'unknown',
      says: 'getcap is missing',
    },
  },
});

describe('remedies', () => {
  const steps = async (options: VirtualHostOptions) => (await plan(options)).fixes.flatMap((fix) => fix.steps);
  test('Debian: the mode of the package; Fedora: its capability', async () => {
    expect(await steps(hostWith({ files: { [U]: program() }, answer: EPERM }))).toEqual([
      { as: 'root', do: 'mode', path: U, from: 0o755, to: 0o4755 },
    ]);
    expect(await steps(hostWith({ files: { ...FEDORA, [U]: program() }, answer: EPERM }))).toMatchObject([
      { do: 'run', argv: ['setcap', 'cap_setuid=ep', U], undo: ['setcap', '-r', U] },
    ]);
  });
  test('a wrong capability goes before the setuid bit comes, and comes back with undo', async () => {
    expect(
      await steps(
        hostWith({
          files: { [U]: program() },
          tools: { [`getcap ${U}`]: { stdout: `${U} cap_net_raw=ep\n` } },
          answer: EPERM,
        }),
      ),
    ).toMatchObject([
      { do: 'run', argv: ['setcap', '-r', U], undo: ['setcap', 'cap_net_raw=ep', U] },
      { do: 'mode', to: 0o4755 },
    ]);
  });
  test('a helper that others can change gets nothing', async () => {
    const { fixes } = await plan(hostWith({ files: { [U]: program(0o777) }, answer: EPERM }));
    expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
    const below = await plan(
      hostWith({
        files: { '/opt/bin': directory(0o777), '/opt/bin/newuidmap': program() },
        rest: { env: { PATH: '/opt/bin:/usr/bin', USER: 'alice', HOME: '/home/alice' } },
        answer: EPERM,
      }),
    );
    expect(below.fixes.map(({ risk }) => risk)).toEqual(['manual']);
  });
  test('a package is named, and installed only where that is asked for', async () => {
    const { fixes } = await plan(hostWith({ files: { [U]: null, [G]: null }, answer: MISSING }));
    expect(fixes).toHaveLength(1);
    expect(fixes[0]).toMatchObject({
      risk: 'risky',
      for: [0, 1],
      steps: [{ argv: ['/usr/bin/apt-get', 'install', '-y', 'uidmap'] }],
    });
  });
  test.each([
    [
      'SUSE, paranoid',
      {
        '/etc/os-release': 'ID=sles\nVERSION_ID="15.7"\n',
        '/etc/sysconfig/security': 'PERMISSION_SECURITY="paranoid local"\n',
        [U]: program(),
      },
      'permissions.local',
    ],
    ['NixOS', { '/etc/os-release': 'ID=nixos\n', [U]: program(0o555) }, '/run/wrappers/bin'],
    [
      'a container',
      {
        [U]: program(),
        '/proc/self/mountinfo': dockerMounts('unmasked').concat('99 721 0:9 /null /proc/kcore rw - tmpfs t rw\n'),
      },
      'RUN chmod u-s',
    ],
  ])('%s is told its own way', async (_, files, words) => {
    const { fixes } = await plan(hostWith({ files, answer: EPERM }));
    expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
    expect(JSON.stringify(fixes)).toContain(words);
  });
});
