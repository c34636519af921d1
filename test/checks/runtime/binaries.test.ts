import { expect, test } from 'vitest';
import { runtimeBinaries } from '../../../src/checks/runtime/binaries.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { supplyBinaries } from '../../../src/fixes/runtime/binaries.ts';
import type { Probes } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { hostWith, program, socket } from './alice.ts';

const entry = { check: runtimeBinaries, fix: supplyBinaries };
const gone = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
const old = { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 0123456789\n' };
const CRUN = { '/usr/bin/crun': program() };
const crun = (version: string) => ({ crun: { stdout: `crun version ${version}\n` } });
const NO_RUNC = { ...gone('/usr/sbin/runc') };

type Containerd = Partial<Probes['containerd']['answer']>;

/** The OCI worker is off, and containerd answers. */
const onContainerd = (more = '', told: Containerd = {}): VirtualHostOptions =>
  hostWith({
    files: {
      '/usr/bin/containerd-shim-runc-v1': program(),
      '/usr/bin/containerd-shim-runc-v2': program(),
      '/home/alice/containerd': { kind: 'directory', uid: 1000, gid: 1000 },
      '/run/containerd/containerd.sock': socket(0o666, 0),
    },
    live: ['/run/containerd/containerd.sock'],
    config: `[worker.oci]\nenabled = false\n${more}`,
    rest: {
      probes: {
        containerd: () => ({
          error: null,
          snapshotters: [
            { name: 'overlayfs', message: null, root: '/home/alice/containerd' },
            { name: 'btrfs', message: 'path /var/lib/containerd (ext4) must be a btrfs filesystem', root: null },
          ],
          refusal: null,
          ...told,
        }),
      },
    },
  });

testCheck(entry, {
  healthy: {
    'everything is there': { host: hostWith() },
    'no git and no buildctl': { host: hostWith({ files: gone('/usr/bin/git', '/usr/bin/buildctl') }) },
    'buildkit-runc in the place of runc': {
      host: hostWith({
        files: { ...NO_RUNC, '/usr/local/bin/buildkit-runc': program() },
        tools: { 'buildkit-runc': { stdout: 'runc version 1.4.3\n' } },
      }),
    },
    'crun, configured and switched on': {
      host: hostWith({
        files: { ...NO_RUNC, ...CRUN },
        tools: crun('1.20'),
        config: '[worker.oci]\nenabled = true\nbinary = "crun"\n',
      }),
    },
    'an old crun with an old buildkitd': {
      host: hostWith({
        files: CRUN,
        tools: { ...crun('1.8.1'), buildkitd: old },
        config: '[worker.oci]\nbinary = "crun"\n',
      }),
    },
    'an old runc with an old buildkitd': {
      host: hostWith({ tools: { runc: { stdout: 'runc version 1.0.0~rc93+ds1\n' }, buildkitd: old } }),
    },
    'versions that tell nothing': {
      host: hostWith({
        tools: {
          buildkitd: { stdout: 'buildkitd github.com/moby/buildkit 0.0.0+unknown \n' },
          runc: { stdout: 'runc version unknown\n' },
        },
      }),
    },
    'a configured runtime of one’s own': {
      host: hostWith({
        files: { '/opt/kata-runtime': program() },
        config: '[worker.oci]\nbinary = "/opt/kata-runtime"\n',
      }),
    },
    'no rootlesskit for root': { host: hostWith({ files: gone('/usr/bin/rootlesskit'), rest: { mode: 'rootful' } }) },
    'only the containerd worker': { host: onContainerd() },
    'only the containerd worker, with a runtime by its path': {
      host: onContainerd('[worker.containerd.runtime]\nname = "com.example.v1"\npath = "/opt/shim"\n'),
    },
    'containerd, which lacks much, beside the OCI worker': {
      host: hostWith({
        files: { '/run/containerd/containerd.sock': socket(0o660, 0) },
        live: ['/run/containerd/containerd.sock'],
        config: '[worker.containerd]\nenabled = true\nsnapshotter = "stargz"\n',
      }),
    },
  },
  ailing: {
    'no buildkitd': {
      host: hostWith({ files: gone('/usr/bin/buildkitd') }),
      conditions: ['binary.buildkitd-missing'],
      severity: 'error',
      advice: ['buildkit-VERSION.linux-ARCH.tar.gz'],
      says: ['PATH', '/usr/local/bin'],
    },
    'buildkitd without execute permission': {
      host: hostWith({ files: { '/usr/bin/buildkitd': program(0o644) } }),
      conditions: ['binary.buildkitd-missing'],
      severity: 'error',
      advice: ['As the owner of the file:\nchmod a+x /usr/bin/buildkitd'],
      says: ['not executable', '0644'],
    },
    'no rootlesskit': {
      host: hostWith({ files: gone('/usr/bin/rootlesskit') }),
      conditions: ['binary.rootless-helper-missing'],
      severity: 'error',
      cure: true,
    },
    'the unit names a place where rootlesskit is not': {
      host: hostWith({ start: '/usr/local/bin/rootlesskit /usr/bin/buildkitd' }),
      conditions: ['binary.rootless-helper-missing'],
      severity: 'error',
      says: [
        '/etc/systemd/user/buildkit.service:2: buildkit.service starts /usr/local/bin/rootlesskit, which does not exist, while rootlesskit is /usr/bin/rootlesskit',
      ],
      advice: ['Name /usr/bin/rootlesskit in ExecStart=: systemctl --user edit --full buildkit.service'],
    },
    'the unit names a buildkitd that is nowhere': {
      host: hostWith({ start: '/usr/bin/rootlesskit /opt/buildkitd', files: gone('/usr/bin/buildkitd') }),
      conditions: ['binary.buildkitd-missing'],
      severity: 'error',
      says: ['starts /opt/buildkitd, which does not exist, and no other is in PATH'],
      advice: ['buildkitd'],
    },
    'no runc': {
      host: hostWith({ files: NO_RUNC }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      cure: true,
    },
    'no runc, but containerd answers': {
      host: hostWith({
        files: { ...NO_RUNC, '/run/containerd/containerd.sock': socket(0o660, 0) },
        live: ['/run/containerd/containerd.sock'],
      }),
      conditions: ['runtime.runc-missing'],
      severity: 'warning',
      cure: true,
    },
    'crun alone is not looked for': {
      host: hostWith({ files: { ...NO_RUNC, ...CRUN }, tools: crun('1.20') }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      says: ['/usr/bin/crun is there'],
      cure: true,
    },
    'crun configured without enabled': {
      host: hostWith({
        files: { ...NO_RUNC, ...CRUN },
        tools: crun('1.20'),
        config: '# ours\n[worker.oci]\nbinary = "crun" # faster\n',
      }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      says: ['worker.oci.enabled = true'],
      cure: true,
    },
    'a configured runtime that is not there': {
      host: hostWith({ config: '[worker.oci]\nbinary = "/opt/nothing"\n' }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      says: ['/opt/nothing', '.config/buildkit/buildkitd.toml:2: '],
      advice: ['leave worker.oci.binary out'],
    },
    'a runtime with the name of something that every object has': {
      host: hostWith({ config: '[worker.oci]\nbinary = "constructor"\n' }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      advice: ['Install constructor, or leave worker.oci.binary out'],
    },
    'crun alone, and too old to be taken': {
      host: hostWith({ files: { ...NO_RUNC, ...CRUN }, tools: crun('1.8.1') }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      says: ['/usr/bin/crun is there'],
      cure: true,
    },
    'a configured runtime of which no package is known': {
      host: hostWith({ config: '[worker.oci]\nbinary = "kata"\n' }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      advice: ['Install kata, or leave worker.oci.binary out'],
    },
    'a runtime that may be executed but not read': {
      host: hostWith({
        files: { '/usr/sbin/runc': program(0o711) },
        rest: { probes: { program: () => ({ readable: false, obstacle: null }) } },
      }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      says: ['mode 0711'],
      advice: ['chmod a+r /usr/sbin/runc'],
    },
    'runc older than what buildkitd passes to it': {
      host: hostWith({ tools: { runc: { stdout: 'runc version 1.0.0~rc93+ds1\n' } } }),
      conditions: ['runtime.runc-too-old'],
      severity: 'error',
      advice: ['Get a newer runc'],
      says: ['--keep', '1.1.0'],
    },
    'an old runc and a buildkitd that does not tell its release': {
      host: hostWith({
        tools: {
          runc: { stdout: 'runc version 1.0.3\n' },
          buildkitd: { stdout: 'buildkitd github.com/moby/buildkit 0.0.0+unknown \n' },
        },
      }),
      conditions: ['runtime.runc-too-old'],
      severity: 'warning',
      advice: ['Get a newer runc'],
    },
    'crun older than what buildkitd passes to it': {
      host: hostWith({ files: CRUN, tools: crun('1.8.1'), config: '[worker.oci]\nbinary = "crun"\n' }),
      conditions: ['runtime.runc-too-old'],
      severity: 'error',
      cure: true,
      says: ['1.15'],
    },
    'a runtime of a place where another copy of it is': {
      host: hostWith({ config: '[worker.oci]\nbinary = "/usr/bin/runc"\n' }),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      cure: true,
    },
    'a runc of somebody’s own that is too old': {
      host: hostWith({
        files: { '/usr/local/bin/runc': program() },
        tools: { runc: { stdout: 'runc version 1.0.3\n' } },
      }),
      conditions: ['runtime.runc-too-old'],
      severity: 'error',
      advice: ['Replace /usr/local/bin/runc'],
    },
    'a runc that does not run': {
      host: hostWith({ tools: { runc: { code: 3, stderr: 'cannot open shared object\n' } } }),
      conditions: ['runtime.runc-too-old'],
      severity: 'error',
      advice: ['apt-get install --reinstall -y runc'],
      says: ['cannot open shared object'],
    },
    'no worker is switched on': {
      host: hostWith({ start: '/usr/bin/rootlesskit /usr/bin/buildkitd --oci-worker=false' }),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['without --oci-worker=false'],
    },
    'containerd alone, without the program that starts its runtime': {
      host: onContainerd('[worker.containerd.runtime]\nname = "io.containerd.runsc.v1"\n'),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      advice: ['Install containerd-shim-runsc-v1'],
      says: ['io.containerd.runsc.v1'],
    },
    'containerd alone, whose runtime is to start a program that is not there': {
      host: onContainerd(
        '[worker.containerd.runtime]\nname = "io.containerd.runc.v2"\noptions = { BinaryName = "/opt/runc" }\n',
      ),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      advice: ['leave BinaryName out'],
      says: ['/opt/runc'],
    },
    'containerd alone, which has no snapshotter of that name': {
      host: onContainerd('[worker.containerd]\nsnapshotter = "stargz"\n'),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Give containerd a root on a local disk'],
      says: ['no snapshotter stargz'],
    },
    'containerd alone, with a snapshotter that it cannot use': {
      host: onContainerd('[worker.containerd]\nsnapshotter = "btrfs"\n'),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Give containerd a root on a local disk'],
      says: ['must be a btrfs filesystem'],
    },
    'containerd alone, with its state on overlayfs': {
      host: { ...onContainerd(), statfs: { '/home/alice/containerd': { type: 0x794c7630 } } },
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Give containerd a root on a local disk'],
      says: ['/home/alice/containerd'],
    },
    'containerd alone, which is that of root': {
      host: onContainerd('', {
        snapshotters: [{ name: 'overlayfs', message: null, root: '/var/lib/containerd/snapshots' }],
      }),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Start a rootless containerd of this account'],
      says: ['/var/lib/containerd/snapshots'],
    },
    'containerd alone, with a runtime that takes other options': {
      host: onContainerd('[worker.containerd.runtime]\nname = "io.containerd.runc.v1"\n'),
      conditions: ['runtime.runc-missing'],
      severity: 'error',
      advice: ['Leave worker.containerd.runtime out'],
      says: ['io.containerd.runc.v1'],
    },
    'containerd alone, with a namespace that it does not take': {
      host: onContainerd('[worker.containerd]\nnamespace = "build kit"\n', { refusal: 'identifier must match' }),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Name it with letters and digits'],
      says: ['"build kit"', 'identifier must match'],
    },
    'an address of containerd with a scheme': {
      host: hostWith({
        config: '[worker.containerd]\nenabled = true\naddress = "unix:///run/containerd/containerd.sock"\n',
        files: { '/run/containerd/containerd.sock': socket(0o660, 0) },
        live: ['/run/containerd/containerd.sock'],
      }),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Start containerd, or leave worker.containerd.enabled out'],
      says: ['has a scheme'],
    },
    'containerd is insisted on and does not answer': {
      host: hostWith({ config: '[worker.containerd]\nenabled = true\n' }),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Start containerd, or leave worker.containerd.enabled out'],
    },
    'a program that gets no threads': {
      host: hostWith({
        tools: {
          'buildkitd --version': {
            code: 2,
            stderr:
              'runtime: failed to create new OS thread (have 2 already; errno=11)\nruntime: may need to increase max user processes (ulimit -u)\nfatal error: newosproc\n\nruntime stack:\n\truntime/asm_amd64.s:1700 +0x1 fp=0x7ffd sp=0x7ffd\n',
          },
          'buildkitd --help': { code: 2 },
        },
      }),
      conditions: ['limits.pids'],
      severity: 'error',
      advice: ['LimitNPROC='],
      says: ['/usr/bin/buildkitd', 'no more processes and threads (runtime: failed to create new OS thread'],
    },
    'one that gets no memory': {
      host: hostWith({
        tools: {
          'rootlesskit --version': {
            code: 2,
            stderr: 'fatal error: failed to reserve page summary memory\n\nruntime stack:\n\truntime.throw(…)\n',
          },
        },
      }),
      conditions: ['limits.out-of-memory'],
      severity: 'error',
      advice: ['LimitAS='],
    },
    'one that a signal ends': {
      host: hostWith({ tools: { 'rootlesskit --version': { code: null, signal: 'SIGSYS' } } }),
      conditions: ['binary.rootless-helper-missing'],
      severity: 'error',
      advice: ['put it back from the package'],
      says: ['SIGSYS ended it'],
    },
    'an empty PATH': {
      host: hostWith({ env: { PATH: undefined } }),
      conditions: [
        'binary.buildkitd-missing',
        'binary.rootless-helper-missing',
        'runtime.runc-missing',
        'binary.buildctl-missing',
        'binary.git-missing',
      ],
      severity: ['error', 'error', 'error', 'info', 'info'],
      advice: Array(5).fill('export PATH=/usr/local/sbin'),
      says: ['empty'],
    },
  },
  other: {
    'a runc that hangs': {
      host: hostWith({ tools: { runc: { code: null, timedOut: true } } }),
      status: 'unknown',
      says: 'in time',
    },
    'containerd alone, which does not tell what it has': {
      host: onContainerd('', { error: 'unknown service containerd.services.introspection.v1.Introspection' }),
      status: 'unknown',
      says: 'is not told (unknown service',
    },
    'containerd alone, which is not asked': {
      host: onContainerd(),
      request: { probe: false },
      status: 'unknown',
      says: 'was not asked',
    },
  },
});

test('packages are installed only where the person takes the risk, with the command of the distribution', async () => {
  const look = createLook({ host: new VirtualHost(hostWith({ files: gone('/usr/bin/rootlesskit') })), request: ASK });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  expect(report?.fixes).toMatchObject([
    {
      risk: 'risky',
      needs: 'root',
      steps: [{ do: 'run', argv: ['/usr/bin/apt-get', 'install', '-y', 'rootlesskit'], undo: null }],
    },
  ]);
});

test('what no repository has is only told', async () => {
  const look = createLook({ host: new VirtualHost(hostWith({ files: gone('/usr/bin/buildkitd') })), request: ASK });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  expect(report?.fixes).toMatchObject([{ risk: 'manual', steps: [{ do: 'tell' }] }]);
});
