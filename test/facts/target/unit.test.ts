import { expect, test } from 'vitest';
import { createLook } from '../../../src/examine/look.ts';
import { isOn, lastOf, listOf, rawOf } from '../../../src/facts/target/directives.ts';
import { type Unit, unit } from '../../../src/facts/target/unit.ts';
import { Unanswered } from '../../../src/model/unseen.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';

const HOME = '/home/alice';
const KIT = 'ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd';
const user = `[Service]\nUser=alice\n${KIT}\n`;

function read(options: VirtualHostOptions): Promise<Unit | null> {
  return createLook({ host: new VirtualHost(options), request: ASK }).get(unit);
}
async function readUnit(options: VirtualHostOptions): Promise<Unit> {
  const found = await read(options);
  if (found === null) throw new Error('no unit');
  return found;
}
const places = (found: Unit, key: string, section?: string): readonly string[] =>
  rawOf(found.directives, key, section).map(({ value, at }) => `${at.path}:${at.line}:${at.column} ${value}`);

test('a unit is the first file of its name, with what is dropped in at every place, in the order of the names', async () => {
  const found = await readUnit({
    files: {
      '/usr/lib/systemd/system/buildkit.service': '[Service]\nExecStart=/bin/false\n',
      '/etc/systemd/system/buildkit.service': user,
      '/run/systemd/system/buildkit.service.d/20-b.conf': '[Service]\nProtectHome=yes\n',
      '/usr/lib/systemd/system/buildkit.service.d/10-a.conf': '[Service]\nProtectHome=read-only\n',
      '/etc/systemd/system/buildkit.service.d/10-a.conf': '[Service]\nProtectHome=tmpfs\n',
      '/etc/systemd/system/service.d/05-all.conf': '[Service]\nNoNewPrivileges=yes\n',
      '/etc/systemd/system/service.d/20-b.conf': '[Service]\nProtectHome=no\n',
      '/etc/systemd/system/buildkit.service.d/notes.txt': '[Service]\nProtectHome=no\n',
    },
  });
  expect(found.path).toBe('/etc/systemd/system/buildkit.service');
  expect(found.user).toBe('alice');
  expect(places(found, 'ProtectHome')).toEqual([
    '/etc/systemd/system/buildkit.service.d/10-a.conf:2:1 tmpfs',
    '/run/systemd/system/buildkit.service.d/20-b.conf:2:1 yes',
  ]);
});

test('prefixes of a name are read too, and a link to /dev/null takes a file out', async () => {
  const found = await readUnit({
    files: {
      '/etc/systemd/system/a-buildkit-b.service': user,
      '/etc/systemd/system/a-.service.d/1.conf': '[Service]\nLimitCORE=0\n',
      '/usr/lib/systemd/system/a-buildkit-.service.d/2.conf': '[Service]\nUMask=0077\n',
      '/etc/systemd/system/a-buildkit-b.service.d/2.conf': { link: '/dev/null' },
      '/dev/null': { kind: 'character' },
    },
  });
  expect(places(found, 'LimitCORE')).toEqual(['/etc/systemd/system/a-.service.d/1.conf:2:1 0']);
  expect(places(found, 'UMask')).toEqual([]);
});

test('lists are reset by an empty assignment, continued lines are one, and a place is that of the key', async () => {
  const { directives } = await readUnit({
    files: {
      '/etc/systemd/system/buildkit.service': `\uFEFF[Unit]\nAfter=a\n# ReadOnlyPaths=/x\n[Service]\nReadOnlyPaths=/a \\\n# in between\n  /b\n  ReadOnlyPaths = /c\nCapabilityBoundingSet=CAP_CHOWN\n${user}`,
      '/etc/systemd/system/buildkit.service.d/a.conf':
        '[Service]\nCapabilityBoundingSet=\nUMask=0077\nUMask=\nDelegate=maybe\n[Socket]\nAccept=on',
    },
  });
  expect(listOf(directives, 'ReadOnlyPaths').map(({ value, at }) => [value, at.line, at.column])).toEqual([
    ['/a  /b', 5, 1],
    ['/c', 8, 3],
  ]);
  expect(rawOf(directives, 'CapabilityBoundingSet').map(({ value }) => value)).toEqual(['']);
  expect(lastOf(directives, 'UMask')).toBeNull();
  expect(lastOf(directives, 'After', 'Unit')?.value).toBe('a');
  expect(isOn(directives, 'Accept', 'Socket')?.at.line).toBe(7);
  expect(isOn(directives, 'Delegate')).toBeNull();
});

test('in a system unit %h is the home of its manager; in a user unit that of the user', async () => {
  const line = `[Service]\nUser=alice\nWorkingDirectory=%h/a%%b\n${KIT} --root %h/bk --addr unix://%t/%p@%i.sock\n`;
  const system = await readUnit({ files: { '/etc/systemd/system/buildkit@x-y.service': line } });
  expect(system.workingDirectory).toBe('/root/a%b');
  expect(system.buildkitd.args).toEqual(['--root', '/root/bk', '--addr', 'unix:///run/buildkit@x-y.sock']);
  const own = await readUnit({ files: { [`${HOME}/.config/systemd/user/buildkit.service`]: line } });
  expect(own.buildkitd.args).toEqual(['--root', `${HOME}/bk`, '--addr', 'unix:///run/user/1000/buildkit@.sock']);
});

test('an instance is read from its template, for the account that it is of', async () => {
  const template = `[Service]\nUser=%i\n${KIT}\n`;
  const found = await readUnit({
    files: {
      '/etc/systemd/system/buildkit@.service': template,
      '/etc/systemd/system/multi-user.target.wants/buildkit@bob.service': template,
      '/etc/systemd/system/multi-user.target.wants/buildkit@alice.service': template,
      '/etc/systemd/system/buildkit@alice.service.d/a.conf': '[Service]\nTasksMax=15\n',
      '/etc/systemd/system/buildkit@.service.d/b.conf': '[Service]\nTasksMax=20\n',
    },
  });
  expect(found.name).toBe('buildkit@alice.service');
  expect(listOf(found.directives, 'TasksMax').map(({ value }) => value)).toEqual(['15', '20']);
});

test.each([
  ['another account', 'User=bob'],
  ['an account of its own', 'DynamicUser=yes'],
  ['the system', ''],
])('a system unit that runs as %s is not the one of alice', async (_, line) => {
  expect(await read({ files: { '/etc/systemd/system/buildkit.service': `[Service]\n${line}\n${KIT}\n` } })).toBeNull();
});

test('a unit of another name counts where people write units', async () => {
  const files = { '/etc/systemd/system/images.service': user, '/usr/lib/systemd/system/other.service': user };
  expect((await readUnit({ files })).path).toBe('/etc/systemd/system/images.service');
  expect(await read({ files: { '/usr/lib/systemd/system/other.service': user } })).toBeNull();
});

test('units that nobody could list are not absent ones', async () => {
  const host = new VirtualHost();
  host.list = () => Promise.reject(new Unanswered('it took too long'));
  await expect(createLook({ host, request: ASK }).get(unit)).rejects.toThrow('it took too long');
});

test.each([
  ['without PAM', '', {}, undefined],
  ['by a file that is included', 'PAMName=login', {}, '/run/user/1000'],
  ['by no module', 'PAMName=other', {}, undefined],
  ['without logind', 'PAMName=login', { '/run/systemd/system': { kind: 'directory' } }, undefined],
] as const)('a runtime directory %s', async (_, line, files, runtime) => {
  const found = await readUnit({
    files: {
      '/etc/systemd/system/buildkit.service': `${user}${line}\n`,
      '/etc/pam.d/login': '@include common-session\n',
      '/etc/pam.d/common-session': 'session\toptional\tpam_systemd.so\n',
      '/etc/pam.d/other': '# pam_systemd.so\n',
      ...files,
    },
  });
  expect(found.environment.XDG_RUNTIME_DIR).toBe(runtime);
});

const ENVIRONMENT =
  'User=alice\nEnvironment=A=1 "HOME=/srv/h" TMPDIR=/t\nUnsetEnvironment=USER TMPDIR=/other\nExecSearchPath=/opt/bin\n';

test('a service has the environment of its manager, its account and its own lines', async () => {
  const found = await readUnit({
    env: { PATH: '/home/alice/bin', XDG_DATA_HOME: '/data' },
    files: {
      '/etc/systemd/system/buildkit.service': `[Service]\n${ENVIRONMENT}EnvironmentFile=/etc/bk\n${KIT} $OPTS \${HOME}/x $$y '$A' %%t\n`,
      '/etc/bk': 'OPTS="--debug --root /srv/bk"\nXDG_DATA_HOME=/srv/data\n',
      '/etc/systemd/system.conf.d/a.conf': '[Manager]\nDefaultEnvironment=XDG_CONFIG_HOME=/srv/config PATH=/usr/bin\n',
    },
  });
  expect(found.environment).toEqual({
    PATH: '/opt/bin',
    LOGNAME: 'alice',
    SHELL: '/bin/bash',
    HOME: '/srv/h',
    TMPDIR: '/t',
    XDG_CONFIG_HOME: '/srv/config',
    XDG_DATA_HOME: '/srv/data',
  });
  expect(found.buildkitd.args).toEqual(['--debug', '--root', '/srv/bk', '/srv/h/x', '$y', '1', '%t']);
});

test('a user’s service has what environment.d and the configuration of its manager say, where that does not run', async () => {
  const found = await readUnit({
    files: {
      [`${HOME}/.config/systemd/user/buildkit.service`]: `[Service]\n${KIT}\n`,
      [`${HOME}/.config/environment.d/a.conf`]: `PATH=$HOME/bin:\${PATH}\nTMPDIR=\${NONE:-/t}\n`,
    },
  });
  expect(found.environment.PATH).toBe(`${HOME}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`);
  expect(found.environment).toMatchObject({ TMPDIR: '/t', USER: 'alice', HOME, XDG_RUNTIME_DIR: '/run/user/1000' });
});

test('a manager that runs tells its environment itself', async () => {
  const found = await readUnit({
    files: {
      [`${HOME}/.config/systemd/user/buildkit.service`]: `[Service]\n${KIT}\n`,
      '/run/user/1000/systemd/private': { kind: 'socket' },
    },
    tools: { 'systemctl --user show-environment': { stdout: "PATH=/opt/bin\nTMPDIR=$'/a b'\nOTHER=x\n" } },
  });
  expect(found.environment).toEqual({ PATH: '/opt/bin', TMPDIR: '/a b' });
});

test.each([
  ['/bin/sh -c "exec rootlesskit buildkitd --root $HOME/x"', ['--root', '/home/alice/x']],
  ["/bin/bash -ec 'set -u; export XDG_DATA_HOME=/d; cd /; exec rootlesskit buildkitd --debug'", ['--debug']],
  ['/usr/bin/env -i PATH=/usr/bin rootlesskit buildkitd', []],
  ['/usr/bin/nice -n 5 /usr/bin/rootlesskit --net host buildkitd --debug', ['--debug']],
  ['/opt/start extra', ['--root', '/srv/bk', 'extra']],
  ['-@/usr/bin/rootlesskit kit "/usr/bin/buildkitd" \'--root=/a\\x20b\'', ['--root=/a b']],
  ['/usr/bin/rootlesskit sh -c "mkdir -p /run/x && exec buildkitd --debug"', ['--debug']],
])('the start line %s is followed', async (line, args) => {
  const found = await readUnit({
    files: {
      '/etc/systemd/system/buildkit.service': `[Service]\nUser=alice\nExecStart=${line}\n`,
      '/opt/start': {
        text: '#!/bin/sh\nset -eu # strict\nROOT=/srv/bk\nexec rootlesskit buildkitd --root "$ROOT" "$@"\n',
        mode: 0o755,
      },
    },
  });
  expect(found.buildkitd.args).toEqual(args);
  expect(found.rootlesskit).not.toBeNull();
});
