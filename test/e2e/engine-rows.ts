import type { EngineContainer } from './engine.ts';
import type { Workload } from './engine-box.ts';
import type { World } from './world.ts';

/** A container with what buildkitd does in it. */
export interface Row extends Workload {
  readonly container: EngineContainer;
  readonly truth: 'builds' | 'starts' | 'ends';
  /** The release since which it is so; before, it only starts. */
  readonly since?: string;
  /** The first reason of the verdict, or one of them. */
  readonly blamed?: string | readonly string[];
  readonly condition?: string;
  readonly inject?: (world: World) => void;
  readonly snapshotter?: string;
  /** What tells bk-doctor the same before buildkitd runs; --daemonless with the flags where not given. */
  readonly before?: readonly string[];
}

export const FLAG = '--oci-worker-no-process-sandbox';
const HOME = '/home/alice';
const OWN = 'uid=4242,gid=4242,mode=700';
const docker = { engine: 'docker', seccomp: 'default' } as const;
const podman = { engine: 'podman', seccomp: 'default' } as const;
/** A pod that names no profile. */
const pod = { engine: 'containerd', seccomp: 'unconfined' } as const;
const confined = { engine: 'containerd', seccomp: 'default' } as const;
const open = { seccomp: 'unconfined' } as const;
const rootless = { image: 'rootless' } as const;
const rootful = { image: 'rootful' } as const;
const off = { image: 'rootless', flags: [FLAG] } as const;

export const ROWS: { readonly [name: string]: Row } = {
  'docker: nothing': { ...rootless, container: docker, truth: 'ends', blamed: 'userns/permission' },
  'docker: only the flag': { ...off, container: docker, truth: 'ends', blamed: 'userns/permission' },
  'docker: seccomp unconfined and the flag': { ...off, container: { ...docker, ...open }, truth: 'builds' },
  'docker: seccomp and system paths unconfined': {
    ...rootless,
    container: { ...docker, ...open, masked: false },
    truth: 'builds',
  },
  'docker: privileged': { ...rootless, container: { ...docker, privileged: true }, truth: 'builds' },
  'docker: SYS_ADMIN and the flag': {
    ...off,
    container: { ...docker, capAdd: ['SYS_ADMIN'] },
    truth: 'starts',
    blamed: 'userns/probe',
    condition: 'seccomp.blocked',
  },
  'docker: no_new_privs': {
    ...off,
    container: { ...docker, ...open, noNewPrivileges: true },
    truth: 'ends',
    blamed: 'idmap/helpers',
    condition: 'idmap.no-new-privs',
  },
  'docker: all capabilities dropped': {
    ...off,
    container: { ...docker, ...open, capDrop: ['ALL'] },
    truth: 'ends',
    blamed: 'idmap/helpers',
  },
  'docker: all capabilities dropped but SETUID and SETGID': {
    ...off,
    container: { ...docker, ...open, capDrop: ['ALL'], capAdd: ['SETUID', 'SETGID'] },
    truth: 'builds',
  },
  'docker: read-only': { ...off, container: { ...docker, ...open, readOnly: true }, truth: 'ends' },
  'docker: read-only with what is written on tmpfs': {
    ...off,
    container: {
      ...docker,
      ...open,
      readOnly: true,
      tmpfs: { '/run/user/4242': OWN, [`${HOME}/.local/tmp`]: OWN, '/tmp': 'mode=1777' },
    },
    truth: 'builds',
  },
  'docker: privileged and the flag': { ...off, container: { ...docker, privileged: true }, truth: 'builds' },
  'docker: unconfined, the flag and TCP alone': {
    ...off,
    flags: [FLAG, '--addr', 'tcp://127.0.0.1:1234'],
    container: { ...docker, ...open },
    truth: 'builds',
  },
  'docker: unconfined, the flag and the native snapshotter': {
    ...off,
    flags: [FLAG, '--oci-worker-snapshotter=native'],
    container: { ...docker, ...open },
    truth: 'builds',
    snapshotter: 'native',
  },
  'docker: rootful': { ...rootful, container: docker, truth: 'starts' },
  'docker: rootful with SYS_ADMIN, unconfined': {
    ...rootful,
    container: { ...docker, ...open, masked: false, capAdd: ['SYS_ADMIN'] },
    truth: 'starts',
  },
  'docker: rootful with all capabilities, unconfined': {
    ...rootful,
    container: { ...docker, ...open, masked: false, capAdd: ['ALL'] },
    truth: 'starts',
  },
  'docker: rootful and privileged': { ...rootful, container: { ...docker, privileged: true }, truth: 'builds' },
  'docker: rootful, privileged and read-only': {
    ...rootful,
    container: { ...docker, privileged: true, readOnly: true },
    truth: 'ends',
  },
  'docker: rootful, privileged and read-only with tmpfs': {
    ...rootful,
    container: { ...docker, privileged: true, readOnly: true, tmpfs: { '/run': 'mode=755', '/tmp': 'mode=1777' } },
    truth: 'builds',
  },

  'pod: nothing': { ...rootless, container: pod, truth: 'starts', blamed: 'runtime/process-sandbox' },
  'pod: the flag': { ...off, container: pod, truth: 'builds' },
  'pod: the flag in BUILDKITD_FLAGS of a daemon': {
    ...rootless,
    container: { ...pod, env: { BUILDKITD_FLAGS: FLAG } },
    before: [],
    truth: 'starts',
    blamed: 'runtime/process-sandbox',
  },
  'pod: RuntimeDefault and the flag': { ...off, container: confined, truth: 'ends', blamed: 'userns/permission' },
  'pod: RuntimeDefault, SYS_ADMIN and the flag': {
    ...off,
    container: { ...confined, capAdd: ['SYS_ADMIN'] },
    truth: 'starts',
    condition: 'seccomp.blocked',
  },
  'pod: allowPrivilegeEscalation false': {
    ...off,
    container: { ...pod, noNewPrivileges: true },
    truth: 'ends',
    condition: 'idmap.no-new-privs',
  },
  'pod: drop ALL': { ...off, container: { ...pod, capDrop: ['ALL'] }, truth: 'ends', blamed: 'idmap/helpers' },
  'pod: drop ALL, add SETUID and SETGID': {
    ...off,
    container: { ...pod, capDrop: ['ALL'], capAdd: ['SETUID', 'SETGID'] },
    truth: 'builds',
  },
  'pod: runAsUser of nobody': { ...off, container: { ...pod, user: { uid: 2000, gid: 2000 } }, truth: 'ends' },
  'pod: runAsGroup 0': {
    ...off,
    container: { ...pod, user: { uid: 4242, gid: 0 } },
    truth: 'ends',
    condition: 'idmap.user-lookup-failed',
  },
  'pod: an emptyDir over the home directory': {
    ...off,
    container: { ...pod, emptyDirs: [HOME] },
    volume: false,
    truth: 'ends',
    condition: 'env.tmpdir',
  },
  'pod: an emptyDir over .local/share': {
    ...off,
    container: { ...pod, emptyDirs: [`${HOME}/.local/share`] },
    volume: false,
    truth: 'builds',
  },
  'pod: a read-only root with a volume for the state alone': {
    ...off,
    container: { ...pod, readOnly: true },
    truth: 'ends',
  },
  'pod: a read-only root without TMPDIR': {
    ...off,
    container: { ...pod, readOnly: true, tmpfs: { '/run/user/4242': OWN, '/tmp': 'mode=1777' } },
    truth: 'ends',
    condition: 'env.tmpdir',
  },
  'pod: a directory of the node, made by root': {
    ...off,
    container: pod,
    inject: (world) =>
      world.script(
        `mkdir -p ${HOME}/.local/share/buildkit; chown -R alice: ${HOME}/.local; chown 0:0 ${HOME}/.local/share/buildkit`,
      ),
    truth: 'ends',
    blamed: 'storage/ownership',
  },
  'pod: --config says it': {
    ...rootless,
    flags: ['--config', '/etc/buildkit/own.toml'],
    container: pod,
    inject: (world) =>
      world.script(
        "mkdir -p /etc/buildkit; printf '[worker.oci]\\n  noProcessSandbox = true\\n' >/etc/buildkit/own.toml",
      ),
    before: ['--config', '/etc/buildkit/own.toml'],
    truth: 'builds',
  },
  'pod: --root elsewhere': {
    ...off,
    flags: [FLAG, '--root', '/var/cache/bk'],
    container: { ...pod, tmpfs: { '/var/cache': OWN } },
    truth: 'builds',
  },
  'pod: the native snapshotter': {
    ...off,
    flags: [FLAG, '--oci-worker-snapshotter=native'],
    container: pod,
    truth: 'builds',
    snapshotter: 'native',
  },
  'pod: TCP alone': {
    ...off,
    flags: [FLAG, '--addr', 'tcp://127.0.0.1:1234'],
    container: pod,
    truth: 'builds',
  },
  'pod: a socket and TCP': {
    ...off,
    flags: [FLAG, '--addr', 'unix:///run/user/4242/buildkit/buildkitd.sock', '--addr', 'tcp://0.0.0.0:1234'],
    container: pod,
    truth: 'builds',
  },
  'pod: doubled words before the flag': {
    ...rootless,
    flags: ['buildkitd', FLAG],
    container: pod,
    truth: 'builds',
    since: 'v0.31.0',
  },
  'pod: unmasked': { ...rootless, container: { ...pod, masked: false }, truth: 'builds' },
  'pod: drop MKNOD and NET_RAW, and the flag': {
    ...off,
    container: { ...pod, capDrop: ['MKNOD', 'NET_RAW'] },
    truth: 'builds',
  },
  'pod: add SYS_ADMIN, without the flag': {
    ...rootless,
    container: { ...pod, capAdd: ['SYS_ADMIN'] },
    truth: 'starts',
    blamed: 'runtime/process-sandbox',
  },
  'pod: privileged': { ...rootless, container: { ...pod, privileged: true }, truth: 'builds' },
  'pod: XDG_RUNTIME_DIR that is not there': {
    ...off,
    container: { ...pod, env: { XDG_RUNTIME_DIR: `${HOME}/.local/run` } },
    truth: 'builds',
  },
  'pod: no volume': {
    ...off,
    container: { ...pod, env: { XDG_DATA_HOME: '/opt/data' } },
    inject: (world) => world.script('mkdir -p /opt/data'),
    volume: false,
    truth: 'ends',
  },
  'pod: rootful and privileged': { ...rootful, container: { ...pod, privileged: true }, truth: 'builds' },
  'pod: rootful, privileged, and the flag': {
    ...rootful,
    flags: [FLAG],
    container: { ...pod, privileged: true },
    truth: 'ends',
  },
  'pod: rootful, TCP alone': {
    ...rootful,
    flags: ['--addr', 'tcp://127.0.0.1:1234'],
    container: { ...pod, privileged: true },
    truth: 'builds',
  },

  'podman: nothing': { ...rootless, container: podman, truth: 'starts' },
  'podman: only the flag': {
    ...off,
    container: podman,
    truth: 'starts',
    condition: 'seccomp.blocked',
  },
  'podman: seccomp unconfined and the flag': { ...off, container: { ...podman, ...open }, truth: 'builds' },
  'podman: unmasked, no flag': { ...rootless, container: { ...podman, ...open, masked: false }, truth: 'builds' },
  'podman: privileged': { ...rootless, container: { ...podman, privileged: true }, truth: 'builds' },
  'podman: no_new_privs': {
    ...off,
    container: { ...podman, ...open, noNewPrivileges: true },
    truth: 'ends',
    condition: 'idmap.no-new-privs',
  },
  'podman: all capabilities dropped': { ...off, container: { ...podman, ...open, capDrop: ['ALL'] }, truth: 'ends' },
  'podman: rootful and privileged': { ...rootful, container: { ...podman, privileged: true }, truth: 'builds' },
  'podman: rootful': { ...rootful, container: podman, truth: 'starts' },
  'podman: privileged and the flag': { ...off, container: { ...podman, privileged: true }, truth: 'builds' },
  'podman: unconfined, without the flag': {
    ...rootless,
    container: { ...podman, ...open },
    truth: 'starts',
    blamed: 'runtime/process-sandbox',
  },
  'podman: rootful, privileged and read-only with tmpfs': {
    ...rootful,
    container: { ...podman, privileged: true, readOnly: true, tmpfs: { '/run': 'mode=755', '/tmp': 'mode=1777' } },
    truth: 'builds',
  },
  'podman: rootful, privileged, TCP alone': {
    ...rootful,
    flags: ['--addr', 'tcp://127.0.0.1:1234'],
    container: { ...podman, privileged: true },
    truth: 'builds',
  },
};
