import { describe, expect, test } from 'vitest';
import { usernsLimits } from '../../../src/checks/userns/limits.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { raiseLimits } from '../../../src/fixes/userns/limits.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { CLONE, carryOut, dockerMounts, hostWith, launched, NAMESPACES, program, refused } from './host.ts';

const entry = { check: usernsLimits, fix: raiseLimits };
const FULL = refused('clone', 'ENOSPC', CLONE('no space left on device'));
const limit = (kind: string, value: number | string) => ({ [`/proc/sys/user/max_${kind}_namespaces`]: `${value}\n` });
const noProbe = { probe: false };
const unit = (options: string) => ({
  '/home/alice/.config/systemd/user/buildkit.service': `[Service]\nExecStart=/usr/bin/rootlesskit ${options} /usr/bin/buildkitd\n`,
});
const V1 =
  '27 1 8:2 / / rw - ext4 /dev/sda2 rw\n28 27 0:5 / /proc rw - proc proc rw\n30 27 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n';
const sysctlD = (name: string, text: string) => ({ [`/etc/sysctl.d/${name}`]: text });

async function plan(options: VirtualHostOptions, request = {}) {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK, ...request } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}

testCheck(entry, {
  healthy: {
    'defaults of the kernel': { host: hostWith() },
    'a small machine, whose own default is low': {
      host: hostWith({ files: Object.assign({}, ...NAMESPACES.map((kind) => limit(kind, 498))) }),
    },
    'no network namespaces, and nobody makes one': { host: hostWith({ files: limit('net', 0) }) },
    'no cgroup namespaces, and cgroup v1': {
      host: hostWith({
        files: { ...limit('cgroup', 0), '/proc/self/mountinfo': V1 },
        rest: { statfs: { '/sys/fs/cgroup': { type: 0x01021994 } } },
      }),
    },
    'no cgroup namespaces, and a buildkitd that makes none': {
      host: hostWith({
        files: limit('cgroup', 0),
        tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 abc\n' } },
      }),
    },
    'no process namespaces, and none is wanted': {
      host: hostWith({
        files: {
          ...limit('pid', 0),
          '/home/alice/.config/buildkit/buildkitd.toml': '[worker.oci]\nnoProcessSandbox = true\n',
        },
      }),
    },
    'no user namespaces in rootful mode': {
      host: hostWith({
        files: limit('user', 0),
        rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
      }),
    },
    'a kernel without these keys (before 4.9)': {
      host: hostWith({
        files: Object.fromEntries(NAMESPACES.map((kind) => [`/proc/sys/user/max_${kind}_namespaces`, null])),
      }),
    },
    'inside a container the numbers are endless': {
      host: hostWith({ files: Object.assign({}, ...NAMESPACES.map((kind) => limit(kind, 2147483647))) }),
    },
    'zero in a file that another of the same name masks': {
      host: hostWith({
        files: {
          '/usr/lib/sysctl.d/50-x.conf': 'user.max_user_namespaces = 0\n',
          ...sysctlD('50-x.conf', '# masked\n'),
        },
      }),
    },
    'zero in a file that is a link to /dev/null elsewhere': {
      host: hostWith({
        files: {
          '/usr/lib/sysctl.d/50-x.conf': 'user.max_user_namespaces = 0\n',
          '/etc/sysctl.d/50-x.conf': { link: '/dev/null' },
          '/dev/null': { kind: 'character' },
        },
      }),
    },
    'zero, and a later file that takes it back': {
      host: hostWith({
        files: {
          ...sysctlD('10-a.conf', 'user.max_user_namespaces=0\n'),
          ...sysctlD('99-z.conf', 'user/max_user_namespaces = 28633\n'),
        },
      }),
    },
    '/etc/sysctl.conf without the link, which systemd does not read': {
      host: hostWith({
        files: { '/etc/sysctl.d/99-sysctl.conf': null, '/etc/sysctl.conf': 'user.max_user_namespaces=0\n' },
      }),
    },
  },
  ailing: {
    'no user namespaces': {
      host: hostWith({ files: limit('user', 0), answer: FULL }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      says: ['user.max_user_namespaces is 0'],
      cure: carryOut,
    },
    'no user namespaces, without a probe': {
      host: hostWith({ files: limit('user', 0) }),
      request: noProbe,
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'one mount namespace: buildkitd starts, a RUN step does not': {
      host: hostWith({ files: limit('mnt', 1) }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      says: ['user.max_mnt_namespaces is 1', '2 at the same time'],
      cure: carryOut,
    },
    'no process, IPC and host name namespaces': {
      host: hostWith({ files: { ...limit('pid', 0), ...limit('ipc', 0), ...limit('uts', 0) } }),
      conditions: ['userns.max-other-zero', 'userns.max-other-zero', 'userns.max-other-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'no cgroup namespaces under cgroup v2': {
      host: hostWith({ files: limit('cgroup', 0) }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'no network namespaces, and rootlesskit makes one': {
      host: hostWith({ files: { ...limit('net', 0), ...unit('--net=slirp4netns --copy-up=/etc') }, answer: FULL }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      says: ['user.max_net_namespaces is 0'],
      cure: carryOut,
    },
    'no network namespaces, and the worker makes one': {
      host: hostWith({ files: { ...limit('net', 0), '/home/alice/.config/buildkit/cni.json': '{}' } }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'one process namespace, and rootlesskit takes it': {
      host: hostWith({ files: { ...limit('pid', 1), ...unit('--pidns') } }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'no mount namespaces in rootful mode': {
      host: hostWith({
        files: limit('mnt', 0),
        rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
      }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      cure: carryOut,
    },
    'few namespaces': {
      host: hostWith({ files: limit('pid', 3) }),
      conditions: ['userns.max-other-zero'],
      severity: 'warning',
      says: ['only 3 RUN steps'],
      cure: carryOut,
    },
    'used up': {
      host: hostWith({ answer: FULL }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      advice: ['lsns -t user'],
      says: ['used up', '63393'],
    },
    'used up, and low': {
      host: hostWith({ files: limit('user', 3), answer: FULL }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      cure: (options, steps) => carryOut(options, steps, launched()),
    },
    'a lower limit further out, seen from a pod': {
      host: hostWith({
        files: {
          ...Object.assign({}, ...NAMESPACES.map((kind) => limit(kind, 2147483647))),
          '/proc/self/mountinfo': dockerMounts(),
        },
        answer: FULL,
        rest: { env: { PATH: '/usr/bin', USER: 'alice', HOME: '/home/alice', KUBERNETES_SERVICE_HOST: '10.0.0.1' } },
      }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      advice: ['look at user.max_*_namespaces of the node'],
      says: ['the node'],
    },
    'namespaces of a step used up': {
      host: hostWith({
        answer: launched({
          isolate: { ok: false, errno: 'ENOSPC', message: 'unshare failed: No space left on device' },
        }),
      }),
      conditions: ['userns.max-other-zero'],
      severity: 'error',
      advice: ['lsns -t pid'],
    },
    'right now, but not after a reboot': {
      host: hostWith({ files: sysctlD('60-hardening.conf', '# policy\nuser.max_user_namespaces = 0\n') }),
      conditions: ['sysctl.not-persistent'],
      severity: 'warning',
      says: ['/etc/sysctl.d/60-hardening.conf:2: user.max_user_namespaces is 63393 now, but a file sets it to 0'],
      cure: carryOut,
    },
    'the kernel of CentOS 7, whose default is 0': {
      host: hostWith({
        files: { '/proc/sys/kernel/osrelease': '3.10.0-1160.15.2.el7.x86_64\n', '/proc/version': null },
      }),
      conditions: ['sysctl.not-persistent'],
      severity: 'warning',
      cure: carryOut,
    },
    'zero in a file that sorts after the usual name': {
      host: hostWith({
        files: { ...limit('user', 0), ...sysctlD('zzz-last.conf', 'user.max_user_namespaces=0\n') },
        answer: FULL,
      }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      says: ['/etc/sysctl.d/zzz-last.conf:1: ', 'It is set at boot by a file'],
      cure: carryOut,
    },
    'zero through 99-sysctl.conf': {
      host: hostWith({
        files: { ...limit('user', 0), '/etc/sysctl.conf': '\n\nuser.max_user_namespaces=0\n' },
        answer: FULL,
      }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      says: ['/etc/sysctl.d/99-sysctl.conf:3: '],
      cure: carryOut,
    },
    'zero by a glob': {
      host: hostWith({ files: sysctlD('50-all.conf', 'user.max_*_namespaces = 0\n') }),
      conditions: Array(6).fill('sysctl.not-persistent'),
      severity: 'warning',
      cure: carryOut,
    },
    'zero on the command line of the kernel': {
      host: hostWith({
        files: { ...limit('user', 0), '/proc/cmdline': 'quiet sysctl.user.max_user_namespaces=0\n' },
        answer: FULL,
      }),
      conditions: ['userns.max-user-namespaces-zero'],
      severity: 'error',
      says: ["the kernel's command line"],
      cure: carryOut,
    },
  },
  other: {
    'no /proc/sys/user to read, and no probe': {
      host: hostWith({ files: { '/proc/sys/user/max_user_namespaces': { unreadable: true } } }),
      request: noProbe,
      status: 'unknown',
      says: '/proc/sys/user',
    },
  },
});

describe('what lasts', () => {
  const zero = (files: object, rest = {}) => hostWith({ files: { ...limit('user', 0), ...files }, answer: FULL, rest });
  const edits = (report: Awaited<ReturnType<typeof plan>>) =>
    report.fixes.flatMap(({ steps }) => steps.flatMap((step) => (step.do === 'edit' ? [step.path] : [])));

  test('a file of its own, and only that key', async () => {
    const { fixes } = await plan(zero({}));
    expect(fixes).toHaveLength(1);
    expect(fixes[0]).toMatchObject({ risk: 'safe', needs: 'root' });
    expect(fixes[0]?.steps).toEqual([
      {
        as: 'root',
        do: 'edit',
        path: '/etc/sysctl.d/zz-bk-doctor-user.max_user_namespaces.conf',
        expects: null,
        edit: { edit: 'whole', text: '# Written by bk-doctor for BuildKit.\nuser.max_user_namespaces = 28633\n' },
        mode: 0o644,
        owner: { uid: 0, gid: 0 },
      },
      { as: 'root', do: 'sysctl', key: 'user.max_user_namespaces', from: '0', to: '28633' },
    ]);
  });
  test('never more than half of the threads, never less than RootlessKit asks for', async () => {
    const wanted = async (threads: string) =>
      (await plan(zero({ '/proc/sys/kernel/threads-max': threads }))).fixes[0]?.steps.at(-1);
    expect(await wanted('20000\n')).toMatchObject({ do: 'sysctl', to: '10000' });
    expect(await wanted('1000\n')).toMatchObject({ do: 'sysctl', to: '1024' });
    expect(await wanted('500000\n')).toMatchObject({ do: 'sysctl', to: '28633' });
  });
  test('a name after the file that would win, named with its line', async () => {
    const report = await plan(zero(sysctlD('zzz-last.conf', '\nuser.max_user_namespaces=0\n')));
    expect(edits(report)).toEqual(['/etc/sysctl.d/zzzz-bk-doctor-user.max_user_namespaces.conf']);
    expect(report.fixes[0]?.consequence).toContain('line 2 of /etc/sysctl.d/zzz-last.conf');
  });
  test('a file that no name sorts after is left to a person; the running value is set', async () => {
    const report = await plan(zero(sysctlD('ÿ.conf', 'user.max_user_namespaces=0\n')));
    expect(edits(report)).toEqual([]);
    expect(report.fixes.map(({ risk }) => risk)).toEqual(['safe', 'manual']);
    expect(JSON.stringify(report.fixes[1])).toContain('change line 1 of /etc/sysctl.d/ÿ.conf');
  });
  test('without systemd /etc/sysctl.conf has the last word', async () => {
    const report = await plan(
      zero({
        '/run/systemd/system': null,
        '/run/openrc': {},
        '/sbin/openrc': program(),
        '/etc/sysctl.conf': 'user.max_user_namespaces=0\n',
      }),
    );
    expect(report.fixes.map(({ risk }) => risk)).toEqual(['safe', 'manual']);
    expect(JSON.stringify(report.fixes[1])).toContain('line 1 of /etc/sysctl.conf');
  });
  test('a directory that is missing is made first', async () => {
    const report = await plan(zero({ '/etc/sysctl.d/99-sysctl.conf': null }));
    expect(report.fixes[0]?.steps[0]).toMatchObject({ do: 'directory', path: '/etc/sysctl.d' });
  });
  test('our own file with another value is written over, and nobody else’s', async () => {
    const path = '/etc/sysctl.d/zz-bk-doctor-user.max_user_namespaces.conf';
    const report = await plan(zero({ [path]: 'user.max_user_namespaces = 0\n' }));
    expect(edits(report)).toEqual([path]);
    expect(report.fixes[0]?.steps[0]).toMatchObject({ expects: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
  test('a value that is right now is never lowered', async () => {
    const report = await plan(
      hostWith({ files: { ...limit('user', 96365), ...sysctlD('60-x.conf', 'user.max_user_namespaces=0\n') } }),
    );
    expect(report.problems.map(({ condition }) => condition)).toEqual(['sysctl.not-persistent']);
    expect(report.fixes[0]?.steps.map((step) => step.do)).toEqual(['edit']);
    expect(JSON.stringify(report.fixes)).toContain('user.max_user_namespaces = 96365');
  });

  const manual = async (files: object, rest = {}) => {
    const { fixes } = await plan(zero(files, rest));
    expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
    return JSON.stringify(fixes[0]?.steps);
  };
  test.each([
    ['nixos', 'boot.kernel.sysctl.\\"user.max_user_namespaces\\" = 28633'],
    ['bottlerocket', 'apiclient set'],
    ['talos', 'talosctl patch machineconfig'],
    ['cos', 'startup script'],
  ])('%s keeps its values elsewhere', async (id, words) => {
    expect(await manual({ '/etc/os-release': `ID=${id}\n` })).toContain(words);
  });
  test('in a container it belongs to the host', async () => {
    const words = await manual({ '/proc/self/mountinfo': dockerMounts() });
    expect(words).toContain('This belongs to the host, not to the container');
    expect(words).not.toContain('apiclient');
  });
  test('in a pod it belongs to the node, whose kernel tells what it runs', async () => {
    const env = { PATH: '/usr/bin', USER: 'alice', HOME: '/home/alice', KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const files = { '/proc/self/mountinfo': dockerMounts() };
    expect(await manual(files, { env })).toContain('Bottlerocket nodes: apiclient set');
    expect(await manual({ ...files, '/proc/sys/kernel/osrelease': '6.18.45-talos\n' }, { env })).toContain(
      'talosctl patch',
    );
    expect(await manual({ ...files, '/proc/sys/kernel/osrelease': '6.6.105+\n' }, { env })).toContain('DaemonSet');
  });
  test('root of an LXC container may raise the limit of its own namespace', async () => {
    const { fixes } = await plan(
      zero({ '/proc/self/uid_map': '         0     100000      65536\n', '/proc/1/environ': 'container=lxc\0' }),
    );
    expect(fixes.map(({ risk }) => risk)).toEqual(['safe']);
  });
});
