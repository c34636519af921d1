import { describe, expect, test } from 'vitest';
import { runtimeSession } from '../../../src/checks/runtime/session.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { repairSession } from '../../../src/fixes/runtime/session.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { CONFIG, directory, hostWith, own, RUNTIME } from './alice.ts';

const entry = { check: runtimeSession, fix: repairSession };
const old = { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 0123456789\n' } };
const EXPLICIT = 'root = "/home/alice/root"\n[grpc]\naddress = ["unix:///home/alice/b.sock"]\n';
const EVERYTHING = `${EXPLICIT}[otel]\nsocketPath = "/home/alice/o.sock"\n`;
const kit = (options: string): string => `/usr/bin/rootlesskit ${options} /usr/bin/buildkitd`;
const systemUnit = (lines: string) => ({
  '/etc/systemd/system/buildkit.service': `[Service]\nUser=alice\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n${lines}`,
});

testCheck(entry, {
  healthy: {
    'a umask that keeps others out': {
      host: hostWith({
        files: { '/proc/self/status': 'Name:\tnode\nUmask:\t0077\nUid:\t1000\t1000\t1000\t1000\n' },
      }),
    },
    'no name servers': { host: hostWith({ files: { '/etc/resolv.conf': { link: '/nowhere' } } }) },
    'name servers that only root may read, replaced by rootlesskit': {
      host: hostWith({
        files: { '/etc/resolv.conf': { text: 'nameserver 192.0.2.1\n', mode: 0o600 } },
        start: kit('--net=slirp4netns'),
      }),
    },
    'an ordinary login': { host: hostWith() },
    'a private runtime directory below /tmp': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: '/tmp/run-alice' }, files: { '/tmp/run-alice': own(0o700) } }),
    },
    'a runtime directory that does not exist yet, in one of the user': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: '/home/alice/run' } }),
    },
    'a runtime directory without write permission: root of the namespace passes': {
      host: hostWith({ files: { [RUNTIME]: own(0o500) } }),
    },
    'a home without write permission, for the same reason': {
      host: hostWith({ files: { '/home/alice': own(0o500) } }),
    },
    'telemetry that buildkitd can send': {
      host: hostWith({
        env: {
          OTEL_TRACES_EXPORTER: 'otlp',
          OTEL_METRICS_EXPORTER: 'none',
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        },
      }),
    },
    'a protocol that nothing uses': { host: hostWith({ env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } }) },
    'a Jaeger agent': { host: hostWith({ env: { JAEGER_TRACE: 'jaeger:6831' } }) },
    'another program’s metrics exporter, before buildkitd had metrics': {
      host: hostWith({ env: { OTEL_METRICS_EXPORTER: 'prometheus' }, tools: old }),
    },
    'an exporter that an old buildkitd is told to do without': {
      host: hostWith({ env: { OTEL_TRACES_EXPORTER: 'console', OTEL_IGNORE_ERROR: 'true' }, tools: old }),
    },
    'TMPDIR is set but empty': { host: hostWith({ env: { TMPDIR: '' } }) },
    'TMPDIR is mounted noexec': {
      host: hostWith({
        env: { TMPDIR: '/home/alice/t' },
        files: {
          '/home/alice/t': own(),
          '/proc/self/mountinfo':
            '27 1 8:2 / / rw - ext4 /dev/sda2 rw\n30 27 0:40 / /home/alice/t rw,noexec - tmpfs t rw\n',
        },
      }),
    },
    'USER is not set, but every path is configured': {
      host: hostWith({ env: { USER: undefined }, config: EVERYTHING }),
      request: { config: CONFIG },
    },
    'no HOME, but XDG_DATA_HOME': { host: hostWith({ env: { HOME: undefined, XDG_DATA_HOME: '/home/alice/d' } }) },
    'no HOME and a configured state directory': {
      host: hostWith({
        env: { HOME: undefined, XDG_CONFIG_HOME: '/home/alice/.config' },
        config: 'root = "/home/alice/root"\n',
      }),
    },
    'a shell made by su, and a unit of the user, to which systemd gives what the shell lacks': {
      host: hostWith({
        env: { USER: undefined, XDG_RUNTIME_DIR: undefined, HOME: undefined },
        start: kit('--net=host'),
      }),
    },
    'a temporary directory that only rootlesskit does without': {
      host: hostWith({
        env: { TMPDIR: '/home/alice/t' },
        files: { '/home/alice/t': own(0o500) },
        start: kit(`--state-dir=${RUNTIME}/rk`),
        write: 'EACCES',
      }),
    },
    'root of the machine needs none of it': {
      host: hostWith({
        env: { USER: undefined, HOME: undefined, XDG_RUNTIME_DIR: undefined },
        rest: { mode: 'rootful' },
      }),
    },
    'a runtime directory of root that everybody may use, sticky': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: '/tmp' } }),
    },
  },
  ailing: {
    'a umask that keeps the owner out': {
      host: hostWith({
        files: { '/proc/self/status': 'Name:\tnode\nUmask:\t0177\nUid:\t1000\t1000\t1000\t1000\n' },
      }),
      conditions: ['env.umask'],
      severity: 'error',
      says: ['The umask is 0177'],
      advice: ['umask 022'],
    },
    'name servers that only root may read': {
      host: hostWith({ files: { '/etc/resolv.conf': { text: 'nameserver 192.0.2.1\n', mode: 0o600 } } }),
      conditions: ['net.dns-failure'],
      severity: 'error',
      advice: ['a file with your name servers that everybody'],
      says: ['/etc/resolv.conf'],
    },
    'a directory of name servers behind systemd-resolved': {
      host: hostWith({
        files: {
          '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
          '/run/systemd/resolve/resolv.conf': directory(0, 0o755),
        },
      }),
      conditions: ['net.dns-failure'],
      severity: 'error',
      advice: ['a file with your name servers that everybody'],
      says: ['/run/systemd/resolve/resolv.conf is a directory'],
    },
    'a limit of memory as Kubernetes writes it': {
      host: hostWith({ env: { GOMEMLIMIT: '1Gi' } }),
      conditions: ['env.go-memory-limit'],
      severity: 'error',
      advice: ['Unset GOMEMLIMIT'],
      says: ['1Gi'],
    },
    'a level of the log that there is not': {
      host: hostWith({ env: { BUILDKITD_LOG_LEVEL: 'verbose' } }),
      conditions: ['config.invalid-value'],
      severity: 'error',
      advice: ['Unset BUILDKITD_LOG_LEVEL'],
    },
    'a date of the sources that is no number': {
      host: hostWith({ env: { SOURCE_DATE_EPOCH: 'yesterday' } }),
      conditions: ['env.source-date-epoch'],
      severity: 'error',
      advice: ['Unset SOURCE_DATE_EPOCH'],
    },
    'a runtime directory in which root has kept the state of runc': {
      host: hostWith({ files: { '/run/user/1000/runc': { kind: 'directory', mode: 0o700 } } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['As root, remove what an earlier daemon'],
      says: ['/run/user/1000/runc'],
    },
    'an exporter that buildkitd does not have': {
      host: hostWith({ env: { OTEL_TRACES_EXPORTER: 'console' } }),
      conditions: ['env.telemetry'],
      severity: 'error',
      advice: ['Unset OTEL_TRACES_EXPORTER for buildkitd'],
      says: ['OTEL_TRACES_EXPORTER is "console"', 'ends with "unsupported opentelemetry'],
    },
    'metrics for Jaeger, where the version is not known': {
      host: hostWith({ env: { OTEL_METRICS_EXPORTER: 'jaeger' }, tools: { buildkitd: { stdout: 'buildkitd ?\n' } } }),
      conditions: ['env.telemetry'],
      severity: 'warning',
      advice: ['Unset OTEL_METRICS_EXPORTER for buildkitd'],
      says: ['versions from v0.14.0 on panics'],
    },
    'an OTLP protocol of other programs': {
      host: hostWith({
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
        tools: old,
      }),
      conditions: ['env.telemetry'],
      severity: 'error',
      advice: ['Unset OTEL_EXPORTER_OTLP_PROTOCOL for buildkitd'],
      says: ['unsupported otlp protocol http/json'],
    },
    'Jaeger without a port': {
      host: hostWith({ env: { JAEGER_TRACE: 'jaeger' }, tools: old }),
      conditions: ['env.telemetry'],
      severity: 'error',
      advice: ['Unset JAEGER_TRACE for buildkitd'],
      says: ['missing port in address'],
    },
    'XDG_RUNTIME_DIR is not set': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: undefined } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['/run/buildkit'],
    },
    'XDG_RUNTIME_DIR is not set, and all sockets are configured': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: undefined }, config: EVERYTHING }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['the OCI runtime keeps its state below /run'],
    },
    'XDG_RUNTIME_DIR is not set in a system unit of the account': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: undefined }, files: systemUnit('') }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['XDG_RUNTIME_DIR is not set'],
      cure: true,
    },
    'a system unit of the account sets a relative one': {
      host: hostWith({ files: systemUnit('Environment=XDG_RUNTIME_DIR=run/alice\n') }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['relative path "run/alice"'],
      cure: true,
    },
    'it belongs to root': {
      host: hostWith({ files: { [RUNTIME]: directory(0o700) } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['belongs to root', '0700'],
      cure: true,
    },
    'the temporary directory is full': {
      host: hostWith({ write: 'ENOSPC' }),
      conditions: ['storage.disk-full'],
      severity: 'error',
      advice: ['ls -la /tmp\ndf /tmp'],
      says: ['has only 0 bytes free'],
    },
    'a relative TMPDIR': {
      host: hostWith({ env: { TMPDIR: 't' } }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
      says: ['state dir must be absolute'],
    },
    'a TMPDIR too long for a socket below it': {
      host: hostWith({ env: { TMPDIR: `/home/alice/${'t'.repeat(80)}` } }),
      conditions: ['env.tmpdir', 'env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR', 'Unset TMPDIR'],
      says: ['at most 107'],
    },
    'it belongs to another account': {
      host: hostWith({ files: { [RUNTIME]: directory(0o755, 1001) } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['uid 1001'],
      cure: true,
    },
    'no client may enter it, though buildkitd may': {
      host: hostWith({ files: { [RUNTIME]: own(0o000) } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['no client of alice'],
      cure: true,
    },
    'its group is not mapped, so its mode counts': {
      host: hostWith({ files: { [RUNTIME]: directory(0o500, 1000, 7) } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      says: ['0500'],
      cure: true,
    },
    'it does not exist, without systemd': {
      host: hostWith({ files: { [RUNTIME]: null } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      cure: true,
    },
    'it does not exist, with systemd': {
      host: hostWith({
        files: { [RUNTIME]: null, '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      cure: true,
    },
    'everybody may write it': {
      host: hostWith({ files: { [RUNTIME]: own(0o777) } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'warning',
      cure: true,
    },
    'it is a list, which runc does not split': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: `${RUNTIME}:/var/run` } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['runc takes the whole text'],
    },
    'it is relative': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: 'run' } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
    },
    'it is relative, and buildkitd is so old that RUN steps do not mind': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: 'run' }, tools: old }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'warning',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
    },
    'it is a regular file': {
      host: hostWith({
        env: { XDG_RUNTIME_DIR: '/home/alice/f' },
        files: { '/home/alice/f': { uid: 1000, gid: 1000 } },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['not a directory'],
    },
    'it is a dangling link': {
      host: hostWith({ env: { XDG_RUNTIME_DIR: '/home/alice/l' }, files: { '/home/alice/l': { link: '/nowhere' } } }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['leads nowhere'],
    },
    'it is WSLg’s, of another account': {
      host: hostWith({
        env: { XDG_RUNTIME_DIR: '/mnt/wslg/runtime-dir' },
        files: { '/mnt/wslg/runtime-dir': directory(0o700, 1001) },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['WSLg'],
    },
    'it is on a read-only file system': {
      host: hostWith({
        env: { XDG_RUNTIME_DIR: '/ro/run' },
        files: {
          '/ro/run': directory(0o755, 1001),
          '/proc/self/mountinfo': '27 1 8:2 / / rw - ext4 /dev/sda2 rw\n30 27 0:40 / /ro ro - ext4 /dev/sdb rw\n',
        },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
      says: ['read-only'],
    },
    'USER is not set': {
      host: hostWith({ env: { USER: undefined } }),
      conditions: ['env.user'],
      severity: 'error',
      advice: ['export USER=alice'],
      says: ['/var/lib/buildkit', 'trace socket'],
    },
    'USER is root, and every path is configured: runc still takes /run': {
      host: hostWith({ env: { USER: 'root' }, config: EVERYTHING }),
      request: { config: CONFIG },
      conditions: ['env.user'],
      severity: 'error',
      advice: ['export USER=alice'],
      says: ['/run'],
    },
    'HOME is not set': {
      host: hostWith({ env: { HOME: undefined } }),
      conditions: ['env.home'],
      severity: 'error',
      advice: ['Set HOME where buildkitd is started:\nexport HOME=/home/alice'],
    },
    'HOME does not exist': {
      host: hostWith({ env: { HOME: '/nonexistent' } }),
      conditions: ['env.home'],
      severity: 'error',
      advice: ['Set HOME where buildkitd is started:\nexport HOME=/home/alice'],
      says: ['does not exist'],
    },
    'HOME belongs to root': {
      host: hostWith({ files: { '/home/alice': directory(0o755) } }),
      conditions: ['env.home'],
      severity: 'error',
      advice: ['install -d -m 0700 -o 1000 -g 1000 /home/alice'],
      says: ['belongs to root'],
    },
    'XDG_DATA_HOME belongs to root': {
      host: hostWith({ env: { XDG_DATA_HOME: '/usr/share' }, files: { '/usr/share': directory() } }),
      conditions: ['env.xdg-data-home'],
      severity: 'error',
      advice: ['Unset XDG_DATA_HOME'],
    },
    'TMPDIR does not exist': {
      host: hostWith({ env: { TMPDIR: '/nonexistent' }, write: 'ENOENT' }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
      says: ['rootlesskit cannot make its state directory'],
    },
    'TMPDIR does not exist, and rootlesskit has its state elsewhere': {
      host: hostWith({
        write: 'ENOENT',
        start: `${kit(`--state-dir=${RUNTIME}/rk`)}\nEnvironment=TMPDIR=/nonexistent`,
      }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
      says: ['temporary directories of a build'],
    },
    'TMPDIR may not be written': {
      host: hostWith({ env: { TMPDIR: '/srv' }, files: { '/srv': directory() }, write: 'EACCES' }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
    },
    'TMPDIR may not be written, told from its mode alone': {
      host: hostWith({ env: { TMPDIR: '/srv' }, files: { '/srv': directory() } }),
      request: { probe: false },
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
    },
    'TMPDIR is missing for root': {
      host: hostWith({ env: { TMPDIR: '/nonexistent' }, write: 'ENOENT', rest: { mode: 'rootful' } }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Unset TMPDIR'],
    },
    'the state directory of rootlesskit cannot be made': {
      host: hostWith({ start: kit('--state-dir=/srv/rk'), files: { '/srv': directory() } }),
      conditions: ['env.tmpdir'],
      severity: 'error',
      advice: ['Change --state-dir of rootlesskit to a directory'],
      says: ['/srv/rk'],
    },
    'root asks about a user who is not logged in': {
      host: hostWith({
        env: {},
        rest: { self: { uid: 0, gid: 0 } },
        files: { [RUNTIME]: null, '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'warning',
      advice: ['Log in as alice'],
      says: ['systemd-logind makes it when alice logs in'],
    },
    'and whose own unit starts it': {
      host: hostWith({
        env: {},
        start: kit('--net=host'),
        rest: { self: { uid: 0, gid: 0 } },
        files: { [RUNTIME]: null, '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } },
      }),
      conditions: ['env.xdg-runtime-dir'],
      severity: 'warning',
      cure: true,
    },
    'logind does not make another directory': {
      host: hostWith({
        env: { XDG_RUNTIME_DIR: '/run/alice' },
        rest: { self: { uid: 0, gid: 0 } },
        files: { '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } },
      }),
      request: { env: { XDG_RUNTIME_DIR: '/run/alice' } },
      conditions: ['env.xdg-runtime-dir'],
      severity: 'error',
      advice: ['export XDG_RUNTIME_DIR=/run/user/1000'],
    },
  },
});

describe('what root may do for a target', () => {
  const plan = async (options: VirtualHostOptions, env: { [name: string]: string } = {}) => {
    const look = createLook({ host: new VirtualHost(options), request: { ...ASK, env } });
    const [report] = await examine(look, [entry], { isSelected: () => true });
    return report?.fixes.flatMap(({ steps }) => steps) ?? [];
  };

  test('a directory that only the target’s environment names is never given away', async () => {
    const host = hostWith({ env: { XDG_RUNTIME_DIR: '/etc' }, files: { '/etc': directory() } });
    expect((await plan(host)).map(({ do: what }) => what)).toEqual(['tell']);
  });

  test('one that root’s own command line names is', async () => {
    const host = hostWith({ rest: { self: { uid: 0, gid: 0 } }, files: { '/srv/run': directory() } });
    expect(await plan(host, { XDG_RUNTIME_DIR: '/srv/run' })).toEqual([
      { do: 'owner', as: 'root', path: '/srv/run', from: { uid: 0, gid: 0 }, to: { uid: 1000, gid: 1000 } },
      { do: 'mode', as: 'root', path: '/srv/run', from: 0o755, to: 0o700 },
    ]);
  });

  test('with systemd lingering is enabled, and taken back by undo; without it the directory is made by hand', async () => {
    const missing = { [RUNTIME]: null };
    const systemd = { '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } };
    const [run] = await plan(hostWith({ files: { ...missing, ...systemd } }));
    expect(run).toMatchObject({
      do: 'run',
      argv: ['/usr/bin/loginctl', 'enable-linger', 'alice'],
      undo: ['/usr/bin/loginctl', 'disable-linger', 'alice'],
    });
    const [made] = await plan(hostWith({ files: missing }));
    expect(made).toEqual({ do: 'directory', as: 'root', path: RUNTIME, mode: 0o700, owner: { uid: 1000, gid: 1000 } });
  });
});
