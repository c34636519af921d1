import { describe, expect, test } from 'vitest';
import { kernelLimits } from '../../../src/checks/kernel/limits.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { raiseKernelLimits } from '../../../src/fixes/kernel/limits.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { carryOut, dockerMounts, hostWith } from '../userns/host.ts';

const entry = { check: kernelLimits, fix: raiseKernelLimits };
const keys = (used: string, maxkeys = 200, maxbytes = 20000) => ({
  '/proc/sys/kernel/keys/maxkeys': `${maxkeys}\n`,
  '/proc/sys/kernel/keys/maxbytes': `${maxbytes}\n`,
  '/proc/key-users': `    0:     9 8/8 3/1000000 48/25000000\n${used}`,
});
const limits = (lines: string) => ({
  '/proc/self/limits': `Limit                     Soft Limit           Hard Limit           Units     \n${lines}`,
});
const unit = (lines: string) => ({
  '/home/alice/.config/systemd/user/buildkit.service': `[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n${lines}\n`,
});
/** Root asks about alice, who logs in by way of PAM. */
const asked = (conf: string, files: NonNullable<VirtualHostOptions['files']> = {}) =>
  hostWith({
    files: {
      ...limits('Max open files            16                   16                   files     \n'),
      '/etc/pam.d/sshd': 'auth required pam_unix.so\n@include common-session\n',
      '/etc/pam.d/common-session': '-session required   pam_limits.so\n',
      '/etc/group': 'builders:x:50:alice\nalice:x:1000:\n',
      '/etc/security/limits.conf': conf,
      ...files,
    },
    rest: { self: { uid: 0, gid: 0, groups: [0], name: 'root', home: '/root', shell: '/bin/sh' } },
  });
const MANAGER = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service';
/** alice's manager runs, as process 77. */
const managed = (lines: string) => ({
  [`${MANAGER}/init.scope/cgroup.procs`]: '77\n',
  '/proc/77/limits': `Limit                     Soft Limit           Hard Limit           Units     \n${lines}`,
});
const V1 =
  '27 1 8:2 / / rw - ext4 /dev/sda2 rw\n28 27 0:5 / /proc rw - proc proc rw\n30 27 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n31 27 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';
const UNLIMITED_V1 = '9223372036854771712\n';

testCheck(entry, {
  healthy: {
    'the usual quota, little of it used': { host: hostWith({ files: keys(' 1000:     5 5/5 4/200 98/20000\n') }) },
    'a user without any key': { host: hostWith({ files: keys('') }) },
    "somebody else's quota is used up": {
      host: hostWith({ files: keys(' 1001:   200 200/200 200/200 1898/20000\n') }),
    },
    'a kernel without keys': { host: hostWith() },
    'the limits of a login': {
      host: hostWith({
        files: limits(
          'Max processes             95892                95892                processes \nMax open files            1024                 1048576              files     \nMax address space         unlimited            unlimited            bytes     \n',
        ),
      }),
    },
    'a unit has limits of its own, which are not those of this session': {
      host: hostWith({
        files: {
          ...limits('Max open files            16                   16                   files     \n'),
          '/home/alice/.config/systemd/user/buildkit.service':
            '[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n',
        },
      }),
    },
    "a user's unit, whose manager has no controllers of cgroup v1": {
      host: hostWith({ files: { ...unit('TasksMax=15\nMemoryMax=20M'), '/proc/self/mountinfo': V1 } }),
    },
    'a unit with roomy limits': {
      host: hostWith({ files: unit('LimitNOFILE=infinity\nLimitCORE=0\nTasksMax=4096\nMemoryMax=2G') }),
    },
    'the limits of root, who asks, are not those of a login': { host: asked('* - nofile 65536\n') },
    'the line that is closest to the account counts': {
      host: asked('alice - nproc 5000\n@builders - nproc 20\n* hard nproc 5 # few\n', {
        '/etc/security/limits.d/20.conf': '* - nofile 8\n1000:2000 - nofile 4096\n',
      }),
    },
    'an account that is let go': { host: asked('* - nproc 5\nalice -\n') },
    'limits that no login applies': { host: asked('* - nproc 5\n', { '/etc/pam.d/common-session': '' }) },
    'a manager with roomy limits': {
      host: hostWith({
        files: {
          ...unit(''),
          ...managed('Max open files            1024                 524288               files     \n'),
          '/etc/pam.d/systemd-user': 'session required pam_limits.so\n',
          '/etc/security/limits.conf': '* - nofile 5\n',
        },
      }),
    },
    'processes of root are not counted': {
      host: hostWith({
        files: {
          '/etc/systemd/system/buildkit.service':
            '[Service]\nExecStart=/usr/bin/buildkitd\nLimitNPROC=1\nTasksMax=20\n',
        },
        rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
      }),
    },
    'cgroup v2 without limits': {
      host: hostWith({
        files: {
          '/proc/self/cgroup': '0::/user.slice/x.scope\n',
          '/sys/fs/cgroup/user.slice/x.scope/pids.max': 'max\n',
          '/sys/fs/cgroup/user.slice/memory.max': 'max\n',
        },
      }),
    },
    'cgroup v1 without limits': {
      host: hostWith({
        files: {
          '/proc/self/mountinfo': V1,
          '/proc/self/cgroup': '4:memory:/a\n8:pids:/\n',
          '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': UNLIMITED_V1,
        },
      }),
    },
    'no inotify instances, which nothing here needs': {
      host: hostWith({
        files: { '/proc/sys/fs/inotify/max_user_instances': '0\n', '/proc/sys/user/max_inotify_instances': '0\n' },
      }),
    },
  },
  ailing: {
    'every key in use': {
      host: hostWith({ files: keys(' 1000:   200 200/200 200/200 1898/20000\n') }),
      conditions: ['limits.keyring-quota'],
      severity: 'error',
      says: ['200 of 200 keys (kernel.keys.maxkeys)'],
      cure: carryOut,
    },
    'one key left': {
      host: hostWith({ files: keys(' 1000:   199 199/199 199/200 1888/20000\n') }),
      conditions: ['limits.keyring-quota'],
      severity: 'warning',
      says: ['only 1 RUN steps'],
      cure: carryOut,
    },
    'every byte in use': {
      host: hostWith({ files: keys(' 1000:    50 50/50 50/200 19990/20000\n') }),
      conditions: ['limits.keyring-quota'],
      severity: 'error',
      says: ['kernel.keys.maxbytes'],
      cure: carryOut,
    },
    'no keys allowed': {
      host: hostWith({ files: keys('', 2) }),
      conditions: ['limits.keyring-quota'],
      severity: 'error',
      cure: carryOut,
    },
    'root has a quota of its own': {
      host: hostWith({
        files: {
          ...keys(''),
          '/proc/sys/kernel/keys/root_maxkeys': '3\n',
          '/proc/sys/kernel/keys/root_maxbytes': '25000000\n',
        },
        rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
      }),
      conditions: ['limits.keyring-quota'],
      severity: 'error',
      says: ['kernel.keys.root_maxkeys'],
      cure: carryOut,
    },
    'too few files': {
      host: hostWith({
        files: limits('Max open files            31                   31                   files     \n'),
      }),
      conditions: ['limits.open-files'],
      severity: 'error',
      advice: ['USER - nofile 65536'],
      says: ['31 files'],
    },
    'too few processes after a login': {
      host: asked('@builders hard nproc 20\n* soft nproc 5000\n'),
      conditions: ['limits.pids'],
      severity: 'error',
      says: ['/etc/security/limits.conf:1:', 'by "hard nproc 20" of /etc/security/limits.conf, may have 20 processes'],
      advice: ['USER - nproc 65536'],
    },
    'few files after a login, by what is dropped in': {
      host: asked('', {
        '/etc/security/limits.d/10.conf': '* - nofile 20\n',
        '/etc/security/limits.d/x': '* - nofile 1\n',
      }),
      conditions: ['limits.open-files'],
      severity: 'error',
      says: ['/etc/security/limits.d/10.conf:1:'],
      advice: ['USER - nofile 65536'],
    },
    'no privilege is to be had after a login': {
      host: asked('alice - nonewprivs 1\n'),
      conditions: ['idmap.no-new-privs'],
      severity: 'error',
      says: ['/etc/security/limits.conf:1:', 'newuidmap cannot map'],
      advice: ['take the line with nonewprivs out of /etc/security/limits.conf'],
    },
    'the group of all sessions of the account is full': {
      host: asked('', {
        '/sys/fs/cgroup/user.slice/user-1000.slice/pids.max': '50\n',
        '/sys/fs/cgroup/user.slice/user-1000.slice/pids.current': '30\n',
      }),
      conditions: ['limits.pids'],
      severity: 'error',
      says: ['user-1000.slice/pids.max allows 50 processes and threads, 30 of them in use'],
      advice: ['raise its TasksMax='],
    },
    "a unit cannot have more than its user's manager": {
      host: hostWith({
        files: {
          ...unit('LimitNOFILE=infinity'),
          ...managed('Max open files            16                   24                   files     \n'),
        },
      }),
      conditions: ['limits.open-files'],
      severity: 'error',
      says: ["The account's systemd, and so what it starts, may have 24 files open"],
      advice: ['USER - nofile 65536'],
    },
    'a manager that PAM would start with few files': {
      host: hostWith({
        files: {
          ...unit(''),
          '/usr/lib/pam.d/systemd-user': 'session include system-auth\n',
          '/etc/pam.d/system-auth': 'session\trequired\tpam_limits.so\n',
          '/etc/security/limits.conf': '* - nofile 12\n',
        },
      }),
      conditions: ['limits.open-files'],
      severity: 'error',
      says: ['by "- nofile 12" of /etc/security/limits.conf'],
      advice: ['USER - nofile 65536'],
    },
    'few files by the settings of the manager': {
      host: hostWith({
        files: { ...unit(''), '/etc/systemd/user.conf.d/a.conf': '[Manager]\nDefaultLimitNOFILE=20\n' },
      }),
      conditions: ['limits.open-files'],
      severity: 'error',
      says: ['/etc/systemd/user.conf.d/a.conf:2:', 'by DefaultLimitNOFILE=20 of its manager'],
      advice: ['USER - nofile 65536'],
    },
    'files that must stay small': {
      host: hostWith({
        files: limits('Max file size             1048576              unlimited            bytes     \n'),
      }),
      conditions: ['limits.file-size'],
      severity: 'error',
      advice: ['USER - fsize unlimited'],
      says: ['at most 1 MiB', 'needs 2 MiB'],
    },
    'files that may not become large': {
      host: hostWith({
        files: limits('Max file size             4194304              unlimited            bytes     \n'),
      }),
      conditions: ['limits.file-size'],
      severity: 'warning',
      advice: ['USER - fsize unlimited'],
      says: ['at most 4 MiB'],
    },
    'few files': {
      host: hostWith({
        files: limits('Max open files            128                  128                  files     \n'),
      }),
      conditions: ['limits.open-files'],
      severity: 'warning',
      advice: ['USER - nofile 65536'],
    },
    'too few processes': {
      host: hostWith({
        files: limits('Max processes             40                   40                   processes \n'),
      }),
      conditions: ['limits.pids'],
      severity: 'error',
      advice: ['USER - nproc 65536'],
    },
    'a unit that lets too few files be open': {
      host: hostWith({ files: unit('LimitNOFILE=16:20') }),
      conditions: ['limits.open-files'],
      severity: 'error',
      says: [
        '/home/alice/.config/systemd/user/buildkit.service:3: buildkitd, by LimitNOFILE=16:20 of its unit, may have 20 files open',
      ],
      advice: ['[Service]\nLimitNOFILE=infinity'],
    },
    'a unit with few processes, little memory and small files': {
      host: hostWith({ files: unit('LimitNPROC=40\nLimitAS=1G\nLimitDATA=100M\nLimitFSIZE=1M') }),
      conditions: ['limits.pids', 'limits.out-of-memory', 'limits.out-of-memory', 'limits.file-size'],
      severity: 'error',
      says: ['LimitNPROC=40', '1024 MiB of address space', '100 MiB for data', 'files of at most 1 MiB'],
      advice: ['LimitNPROC=infinity', 'LimitAS=infinity', 'LimitDATA=infinity', 'LimitFSIZE=infinity'],
    },
    "the group of a user's unit, with cgroup v2": {
      host: hostWith({ files: unit('TasksMax=44\nMemoryMax=20M') }),
      conditions: ['limits.pids', 'limits.out-of-memory'],
      severity: 'error',
      says: ['TasksMax=44 of the unit allows 44 processes and threads', 'MemoryMax=20M of the unit allows 20 MiB'],
      advice: ['TasksMax=infinity', 'MemoryMax=infinity'],
    },
    'the slice of a unit, and what its manager gives to every unit': {
      host: hostWith({
        files: {
          ...unit('Slice=build-small.slice\nMemoryMax=2G'),
          '/home/alice/.config/systemd/user/build.slice': '[Slice]\nMemoryMax=20M\n',
          '/home/alice/.config/systemd/user/build-small.slice.d/a.conf': '[Slice]\nTasksMax=44\n',
          '/home/alice/.config/systemd/user.conf': '[Manager]\nDefaultTasksMax=60\n',
        },
      }),
      conditions: ['limits.pids', 'limits.out-of-memory'],
      severity: 'error',
      says: ["TasksMax=44 of the unit's slice", "MemoryMax=20M of the unit's slice"],
      advice: ['[Slice]\nTasksMax=infinity', '[Slice]\nMemoryMax=infinity'],
    },
    'what the manager gives to every unit': {
      host: hostWith({
        files: { ...unit(''), '/etc/systemd/user.conf.d/a.conf': '[Manager]\nDefaultTasksMax=12\n' },
      }),
      conditions: ['limits.pids'],
      severity: 'error',
      says: ["DefaultTasksMax=12 of the unit's manager"],
      advice: ['[Service]\nTasksMax=infinity'],
    },
    'shares of what there is': {
      host: hostWith({
        files: {
          ...unit('TasksMax=10%\nMemoryMax=1%'),
          '/proc/sys/kernel/threads-max': '300\n',
          '/proc/meminfo': 'MemTotal:        2048000 kB\n',
        },
      }),
      conditions: ['limits.pids', 'limits.out-of-memory'],
      severity: 'error',
      says: ['allows 30 processes', 'allows 20 MiB'],
      advice: ['TasksMax=infinity', 'MemoryMax=infinity'],
    },
    'too little address space': {
      host: hostWith({
        files: limits('Max address space         512000000            512000000            bytes     \n'),
      }),
      conditions: ['limits.out-of-memory'],
      severity: 'error',
      advice: ['USER - as unlimited'],
      says: ['488 MiB'],
    },
    'a control group with few processes': {
      host: hostWith({
        files: {
          '/proc/self/cgroup': '0::/a/b\n',
          '/sys/fs/cgroup/a/b/pids.max': 'max\n',
          '/sys/fs/cgroup/a/pids.max': '40\n',
          '/sys/fs/cgroup/a/pids.current': '20\n',
        },
      }),
      conditions: ['limits.pids'],
      severity: 'error',
      advice: ['raise its TasksMax='],
      says: ['/sys/fs/cgroup/a/pids.max allows 40', '20 of them in use'],
    },
    'a control group with little memory': {
      host: hostWith({
        files: {
          '/proc/self/mountinfo': V1,
          '/proc/self/cgroup': '4:memory:/a\n',
          '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '20971520\n',
        },
      }),
      conditions: ['limits.out-of-memory'],
      severity: 'error',
      advice: ['raise its MemoryMax='],
      says: ['20 MiB'],
    },
    'a container with some memory': {
      host: hostWith({
        files: {
          '/proc/self/mountinfo': dockerMounts(),
          '/proc/self/cgroup': '0::/\n',
          '/sys/fs/cgroup/memory.max': '134217728\n',
        },
      }),
      conditions: ['limits.out-of-memory'],
      severity: 'warning',
      advice: ['--memory 2g'],
      says: ['128 MiB'],
    },
  },
});

describe('remedies', () => {
  const text = async (options: VirtualHostOptions) => {
    const [report] = await examine(createLook({ host: new VirtualHost(options), request: ASK }), [entry], {
      isSelected: () => true,
    });
    return JSON.stringify(report?.fixes);
  };
  const FULL = keys(' 1000:   200 200/200 200/200 1898/20000\n');
  test('a quota is raised in a file of its own', async () => {
    expect(await text(hostWith({ files: FULL }))).toContain('kernel.keys.maxkeys = 2000');
  });
  test('in a container it belongs to the host', async () => {
    expect(await text(hostWith({ files: { ...FULL, '/proc/self/mountinfo': dockerMounts() } }))).toContain(
      'belongs to the host',
    );
  });
  test('limits of a session belong to who sets them', async () => {
    const files = limits('Max open files            31                   31                   files     \n');
    expect(await text(hostWith({ files }))).toContain('/etc/security/limits.d');
    expect(await text(hostWith({ files: { ...files, '/proc/self/mountinfo': dockerMounts() } }))).toContain(
      '--ulimit nofile',
    );
  });
});
