import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContainerOptions, writeBundle } from './container.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where every world has this checkout, Node and buildkitd, wherever they lie outside: a world covers /home, a container /tmp. */
const HERE = '/usr/local/lib/bk-world';
export const NODE = `${HERE}/node`;
export const BIN = `${HERE}/checkout/bin/bk-doctor.js`;

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorldOptions {
  /** Also a user namespace with an identity map: user.max_* can then be set without touching the host. */
  readonly userns?: boolean;
  /** Everything after the injection happens in a runc container of its own. */
  readonly container?: ContainerOptions;
}

/** What has to be installed for tests against the real chain; with CI set, nothing may be missing. */
export const CHAIN = ['rootlesskit', 'newuidmap', 'newgidmap', 'runc', 'unshare', 'nsenter', 'setpriv', 'useradd'];

export function missingTools(names: readonly string[] = CHAIN): readonly string[] {
  return names.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
}

/** Can worlds be made here? With CI set a machine that cannot is an error, not a reason to skip. */
export function canMakeWorlds(): boolean {
  const missing = process.getuid?.() === 0 ? missingTools() : ['root'];
  if (missing.length > 0 && process.env.CI) throw new Error(`real tests cannot run: ${missing.join(', ')} missing`);
  return missing.length === 0;
}

/**
 * A private copy of this machine for one fault: own mount namespace, own writable layers over /etc, /usr, /home, /run and
 * /var/lib, an ordinary user of its own with subordinate ids. Nothing done inside reaches the host.
 */
export class World {
  readonly user = 'alice';
  readonly uid = 4242;
  readonly home = '/home/alice';
  readonly runtime = '/run/user/4242';
  readonly scratch: string;
  readonly #keeper: ChildProcess;
  readonly #userns: boolean;
  readonly #children: ChildProcess[] = [];
  readonly #container: ContainerOptions | null;
  #inside = false;

  constructor(options: WorldOptions = {}) {
    this.scratch = fs.mkdtempSync('/var/tmp/bk-world-');
    fs.chmodSync(this.scratch, 0o755);
    this.#userns = options.userns === true;
    this.#container = options.container ?? null;
    const ready = join(this.scratch, 'ready');
    const setUp = `
      set -e
      while [ ! -e ${this.scratch}/mapped ]; do sleep 0.01; done
      cd ${this.scratch}
      for layer in etc usr var-lib; do
        mkdir -p $layer.up $layer.work
        at=/$(echo $layer | tr - /)
        mount -t overlay overlay -o lowerdir=$at,upperdir=$layer.up,workdir=$layer.work $at
      done
      mkdir -p ${HERE}/checkout; : >${NODE}
      mount --bind ${quoted(ROOT)} ${HERE}/checkout
      mount --bind ${quoted(process.execPath)} ${NODE}
      ${bindDaemon()}
      mkdir -p home run state journal; chmod 755 home run; chmod 711 state
      mkdir -p /var/lib/buildkit /var/lib/bk-doctor
      mount --bind state /var/lib/buildkit
      mount --bind journal /var/lib/bk-doctor
      mount --bind home /home
      cp -a /run/. run/ 2>/dev/null || true
      mount --bind run /run
      : >>/etc/subuid; : >>/etc/subgid
      useradd --uid ${this.uid} --create-home --shell /bin/bash ${this.user}
      sed -i '/^${this.user}:/d' /etc/subuid /etc/subgid
      echo ${this.user}:700000:65536 >>/etc/subuid; echo ${this.user}:700000:65536 >>/etc/subgid
      mkdir -p ${this.runtime}; chown ${this.uid}:${this.uid} ${this.runtime}; chmod 700 ${this.runtime}
      : >${ready}
      exec sleep 900
    `;
    const flags = ['--mount', '--propagation', 'private', ...(this.#userns ? ['--user'] : [])];
    this.#keeper = spawn('unshare', [...flags, 'sh', '-c', setUp], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let errors = '';
    this.#keeper.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    if (this.#userns) this.#mapIdentity();
    fs.writeFileSync(join(this.scratch, 'mapped'), '');
    for (let turn = 0; !fs.existsSync(ready); turn++) {
      if (turn > 500) throw new Error(`the world did not come up: ${errors}`);
      spawnSync('sleep', ['0.02']);
    }
  }

  #mapIdentity(): void {
    const own = fs.readlinkSync('/proc/self/ns/user');
    const { pid } = this.#keeper;
    for (let turn = 0; turn < 500; turn++) {
      try {
        if (fs.readlinkSync(`/proc/${pid}/ns/user`) !== own) break;
      } catch {
        // Not there yet.
      }
      spawnSync('sleep', ['0.01']);
    }
    for (const map of ['uid_map', 'gid_map']) fs.writeFileSync(`/proc/${pid}/${map}`, '0 0 4294967295');
  }

  #init: number | null = null;

  /** What comes after runs beside this process, in its namespaces. */
  enter(pid: number): void {
    this.#init = pid;
  }

  get #enter(): string[] {
    if (this.#init !== null) return ['--target', String(this.#init), '--mount', '--pid', '--cgroup'];
    return [
      '--target',
      String(this.#keeper.pid),
      '--mount',
      ...(this.#userns ? ['--user', '--setuid', '0', '--setgid', '0'] : []),
    ];
  }

  /** The environment of a login, without anything of ours. */
  environment(user: 'root' | 'user', extra: { [name: string]: string | undefined } = {}): { [name: string]: string } {
    const path = `${daemonDirectory() === null ? '' : `${daemonDirectory()}:`}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const base =
      user === 'root'
        ? { PATH: path, HOME: '/root', USER: 'root' }
        : { PATH: path, HOME: this.home, USER: this.user, LOGNAME: this.user, XDG_RUNTIME_DIR: this.runtime };
    return Object.fromEntries(
      Object.entries({ ...base, ...extra, [MARK]: this.scratch }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
  }

  /** Starts the container, if there is to be one: what comes after runs in it. */
  enterContainer(): void {
    if (this.#container === null) return;
    const bundle = join(this.scratch, 'bundle');
    const state = `${this.home}/.local/share/buildkit`;
    const volume =
      this.#container.volume === false
        ? ''
        : `mkdir -p ${state}; chown ${this.user}: ${this.home}/.local ${this.home}/.local/share ${state}; mount --bind ${state} ${state}`;
    this.script(`${volume}
      mkdir -p ${bundle}/rootfs ${this.scratch}/c.up ${this.scratch}/c.work
      mount -t overlay overlay -o lowerdir=/,upperdir=${this.scratch}/c.up,workdir=${this.scratch}/c.work ${bundle}/rootfs`);
    // Without a volume the home directory is the image's: a copy on the container's own layer.
    const homeOnImage = this.#container.volume === false;
    if (homeOnImage) this.script(`mkdir -p ${bundle}/rootfs/home; cp -a ${this.home} ${bundle}/rootfs/home/`);
    writeBundle(bundle, this.#container, [
      ...['/etc', '/usr', ...(homeOnImage ? [] : ['/home']), '/run', this.scratch],
      ...places(),
    ]);
    this.script(
      `runc --root ${this.scratch}/runc run --detach --bundle ${bundle} ${this.#containerName} </dev/null >/dev/null 2>${this.scratch}/runc.log || { cat ${this.scratch}/runc.log >&2; exit 1; }`,
    );
    this.#inside = true;
  }

  get #containerName(): string {
    return this.scratch.slice(this.scratch.lastIndexOf('/') + 1);
  }

  /** The whole command line for a command inside, as root or as the user, with its environment. */
  #argv(argv: readonly string[], as: 'root' | 'user', env: { [name: string]: string }): string[] {
    if (!this.#inside) return [...this.#enter, ...(as === 'user' ? this.#asUserArgv(argv) : argv)];
    const assignments = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return [
      ...this.#enter,
      'runc',
      '--root',
      `${this.scratch}/runc`,
      'exec',
      ...assignments,
      ...(as === 'user' ? ['--user', `${this.uid}:${this.uid}`] : []),
      this.#containerName,
      ...argv,
    ];
  }

  /** Runs a command inside as root. */
  asRoot(
    argv: readonly string[],
    options: { env?: { [name: string]: string | undefined }; input?: string; timeout?: number } = {},
  ): Done {
    const ran = spawnSync('nsenter', this.#argv(argv, 'root', this.environment('root', options.env)), {
      env: this.environment('root', options.env),
      encoding: 'utf8',
      input: options.input ?? '',
      timeout: options.timeout ?? 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** Runs a shell script inside as root and insists on success. */
  script(text: string): string {
    const done = this.asRoot(['sh', '-ec', text]);
    if (done.code !== 0) throw new Error(`injection failed (${done.code}): ${done.stderr}`);
    return done.stdout;
  }

  #privileges: readonly string[] = [];
  /** An account without passwd entry has no groups to look up. */
  groups: '--init-groups' | '--clear-groups' = '--init-groups';

  /** Further options of setpriv(1) for every command of the user inside, to drop a privilege. */
  restrict(...options: readonly string[]): void {
    this.#privileges = options;
  }

  #asUserArgv(argv: readonly string[]): string[] {
    return [
      'setpriv',
      '--reuid',
      String(this.uid),
      '--regid',
      String(this.uid),
      this.groups,
      ...this.#privileges,
      ...argv,
    ];
  }

  asUser(
    argv: readonly string[],
    options: { env?: { [name: string]: string | undefined }; input?: string; timeout?: number } = {},
  ): Done {
    const ran = spawnSync('nsenter', this.#argv(argv, 'user', this.environment('user', options.env)), {
      env: this.environment('user', options.env),
      encoding: 'utf8',
      input: options.input ?? '',
      timeout: options.timeout ?? 60_000,
      maxBuffer: 64 * 1024 * 1024,
      cwd: '/',
    });
    return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** Starts something that keeps running inside until the world ends. */
  start(argv: readonly string[], as: 'root' | 'user', env: { [name: string]: string | undefined } = {}): ChildProcess {
    const child = spawn('nsenter', [...this.#enter, ...(as === 'user' ? this.#asUserArgv(argv) : argv)], {
      env: this.environment(as, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
    });
    this.#children.push(child);
    return child;
  }

  /** bk-doctor's answer as data, with its exit code. */
  doctor<T = DoctorReport>(
    args: readonly string[],
    options: { as?: 'root' | 'user'; env?: { [name: string]: string | undefined } } = {},
  ): { code: number | null; report: T; stderr: string } {
    const argv = [NODE, BIN, ...args, '--json'];
    const done =
      (options.as ?? 'root') === 'root'
        ? this.asRoot(argv, { env: options.env ?? {} })
        : this.asUser(argv, { env: options.env ?? {} });
    try {
      return { code: done.code, report: JSON.parse(done.stdout) as T, stderr: done.stderr };
    } catch {
      throw new Error(
        `bk-doctor ${args.join(' ')} gave no JSON (exit ${done.code}): ${done.stdout.slice(0, 500)} ${done.stderr.slice(0, 2000)}`,
      );
    }
  }

  /** Everything about a set of trees that undo must bring back: one line an inode. Times of directories and of the journal are left out. */
  fingerprint(
    trees: readonly string[] = ['/etc', this.home, this.runtime, '/usr/bin/newuidmap', '/usr/bin/newgidmap'],
  ): string {
    const script = `
      for tree in ${trees.map((tree) => `'${tree}'`).join(' ')}; do
        find "$tree" -xdev -printf '%y %m %U %G %p %l\\n' 2>/dev/null | sort
        find "$tree" -xdev -type f -exec sha256sum {} + 2>/dev/null | sort
        getcap -r "$tree" 2>/dev/null | sort
      done
      cat /proc/sys/user/max_*_namespaces`;
    return this.script(script);
  }

  close(): void {
    if (this.#inside)
      spawnSync('nsenter', [
        ...this.#enter,
        'runc',
        '--root',
        `${this.scratch}/runc`,
        'delete',
        '--force',
        this.#containerName,
      ]);
    for (const child of this.#children) endGroup(child);
    endGroup(this.#keeper);
    endMarked(this.scratch);
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** In the environment of all that runs for a world, so that a daemon whose parents failed is found again. */
const MARK = 'BK_TEST_WORLD';

function endMarked(mark: string): void {
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`))
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}

function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** The part of a report that tests read. */
export interface DoctorReport {
  readonly verdict: {
    readonly ready: boolean | null;
    readonly level: string;
    readonly proved: boolean;
    readonly snapshotter: string | null;
    readonly reasons: readonly string[];
  };
  readonly target: { readonly running: boolean; readonly addresses: readonly string[]; readonly config: string };
  readonly checks: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason: string | null;
    readonly problems: readonly { readonly condition: string; readonly severity: string; readonly message: string }[];
  }[];
  readonly treatments: readonly {
    readonly check: string;
    readonly result: string;
    readonly transaction: string | null;
  }[];
}

export function failing(report: DoctorReport): readonly string[] {
  return report.checks.filter(({ status }) => status === 'fail').map(({ id }) => id);
}

/** The directory of buildkitd and buildctl outside of every world, when they are on PATH. */
export const daemonOutside = ((): string | null => {
  const found = spawnSync('sh', ['-c', 'command -v buildkitd && command -v buildctl'], { encoding: 'utf8' });
  const first = found.stdout.split('\n')[0];
  return found.status === 0 && first ? dirname(first) : null;
})();
const daemonInside = daemonOutside === null || daemonOutside.startsWith('/usr/') ? daemonOutside : `${HERE}/buildkit`;

/** Where buildkitd and buildctl are inside every world; null: judge by the chain of Debian's packages. */
export function daemonDirectory(): string | null {
  return daemonInside;
}

function bindDaemon(): string {
  if (daemonOutside === null || daemonOutside === daemonInside) return '';
  return `mkdir ${daemonInside}; mount --bind ${quoted(daemonOutside)} ${daemonInside}`;
}

/** The places of which a container has to be given each by itself: a bind mount does not carry what is mounted below it. */
export function places(): readonly string[] {
  return [`${HERE}/checkout`, NODE, ...(daemonInside?.startsWith(HERE) ? [daemonInside] : [])];
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

export interface Judgement {
  readonly ready: boolean;
  readonly snapshotter: string | null;
  readonly log: string;
}

/**
 * What the chain of packages does where buildkitd is not at hand: rootlesskit, the state directory and its lock, an overlay
 * on it, and runc giving a file away in namespaces of its own, with the places that buildkitd would choose.
 */
export function judgeByChain(
  world: Pick<World, 'asRoot' | 'asUser'>,
  options: {
    env?: { [name: string]: string | undefined };
    rootlesskitArgs?: readonly string[];
    as?: 'root' | 'user';
    /** False: RUN steps see the processes of buildkitd. */
    processSandbox?: boolean;
  } = {},
): Judgement {
  const rootful = options.as === 'root';
  const inside = chainScript(options.processSandbox !== false);
  const argv = ['sh', '-c', inside];
  const kit = rootful ? ['unshare', '--mount'] : ['rootlesskit', ...(options.rootlesskitArgs ?? [])];
  const env = { env: options.env ?? {} };
  const done = rootful ? world.asRoot([...kit, ...argv], env) : world.asUser([...kit, ...argv], env);
  const said = done.stdout.trim().split('\n');
  return {
    ready: done.code === 0 && said.at(-1) === 'built',
    snapshotter: said[0] === 'overlayfs' || said[0] === 'native' ? said[0] : null,
    log: done.stdout + done.stderr,
  };
}

/** What buildkitd does before and in a build, by the programs that Debian has. */
export function chainScript(sandboxed = true): string {
  const spec = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['/busybox', 'sh', '-c', '/busybox touch /x && /busybox chown 65534:65534 /x'],
      env: ['PATH=/'],
      cwd: '/',
      capabilities: Object.fromEntries(
        ['bounding', 'effective', 'permitted'].map((set) => [set, ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER']]),
      ),
    },
    root: { path: 'rootfs' },
    hostname: 'buildkitsandbox',
    mounts: [
      sandboxed
        ? { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] }
        : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind'] },
    ],
    linux: { namespaces: [...(sandboxed ? ['pid'] : []), 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
  return `
    set -e
    if [ -n "$CHAIN_ROOT" ]; then root=$CHAIN_ROOT; run=\${XDG_RUNTIME_DIR:-/run}/buildkit
    elif [ -z "$USER" ] || [ "$USER" = root ]; then root=/var/lib/buildkit; run=/run/buildkit
    else root=\${XDG_DATA_HOME:-$HOME/.local/share}/buildkit; run=\${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/buildkit}; run=\${run:-/run/buildkit}; fi
    umask 077
    mkdir -p "$root" "$run"
    : >>"$root/buildkitd.lock"
    exec 9<>"$root/buildkitd.lock"
    flock -n 9
    for database in "$root"/*/*.db; do [ ! -e "$database" ] || : <>"$database"; done
    [ ! -d "$run/buildkitd.sock" ]
    work=$(mktemp -d "$root/chain-XXXXXX")
    mkdir "$work/lower" "$work/lower2" "$work/upper" "$work/work" "$work/rootfs"
    cp /bin/busybox "$work/lower/busybox"
    if mount -t overlay overlay -o "lowerdir=$work/lower2:$work/lower,upperdir=$work/upper,workdir=$work/work" "$work/rootfs" 2>/dev/null
    then echo overlayfs; else cp /bin/busybox "$work/rootfs/busybox"; echo native; fi
    cat >"$work/config.json" <<'SPEC'
${JSON.stringify(spec)}
SPEC
    cd "$work"
    runc --root "$run/runc-chain" run "chain-$$" </dev/null
    cd /
    umount "$work/rootfs" 2>/dev/null || true
    rm -rf "$work" "$run/runc-chain"
    echo built`;
}

/** What really happens: buildkitd is started as it would be, and builds FROM scratch with a RUN that gives files away. */
export function judge(
  world: World,
  options: {
    env?: { [name: string]: string | undefined };
    daemonArgs?: readonly string[];
    rootlesskitArgs?: readonly string[];
    as?: 'root' | 'user';
    /** Ask the daemon that already runs instead of starting one. */
    running?: boolean;
  } = {},
): Judgement {
  const token = randomBytes(4).toString('hex');
  const context = join(world.scratch, `context-${token}`);
  const out = join(world.scratch, `out-${token}`);
  fs.mkdirSync(context, { mode: 0o755 });
  fs.mkdirSync(out);
  fs.chmodSync(out, 0o777);
  fs.copyFileSync('/bin/busybox', join(context, 'busybox'));
  fs.chmodSync(join(context, 'busybox'), 0o755);
  fs.writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY busybox /busybox\nRUN ["/busybox", "sh", "-c", "/busybox touch /x && /busybox chown 65534:65534 /x"]\n',
  );
  const rootful = options.as === 'root';
  const kit = rootful ? '' : `rootlesskit ${(options.rootlesskitArgs ?? []).join(' ')}`;
  // The first socket that the daemon says it serves is the one that clients would use.
  const script = `
    if ${options.running === true}; then
      address=unix://$XDG_RUNTIME_DIR/buildkit/buildkitd.sock
    else
    ${kit} buildkitd ${(options.daemonArgs ?? []).map((arg) => `'${arg}'`).join(' ')} >${out}/daemon.log 2>&1 &
    pid=$!
    trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null' EXIT
    for turn in $(seq 1 150); do
      address=$(sed -n 's/.*running server on \\([^ "\\\\]*\\).*/\\1/p' ${out}/daemon.log | head -n 1)
      [ -n "$address" ] && break
      kill -0 $pid 2>/dev/null || { echo 'daemon ended'; exit 3; }
      sleep 0.1
    done
    [ -n "$address" ] || { echo 'daemon does not serve'; exit 4; }
    # A socket is asked rather than a port, which may want a certificate; both may still be opened.
    sleep 0.2
    address=$(sed -n 's/.*running server on \\([^ "\\\\]*\\).*/\\1/p' ${out}/daemon.log | LC_ALL=C sort | head -n 1)
    # What rootlesskit left behind when it failed is nobody's daemon.
    kill -0 $pid 2>/dev/null || { echo 'daemon ended'; exit 3; }
    fi
    case $address in /*) address=unix://$address;; *://*) ;; \\[*|*:*) address=tcp://$address;; esac
    buildctl --addr "$address" debug workers -v 2>/dev/null | sed -n 's/.*worker.snapshotter: *//p' >${out}/snapshotter
    timeout 40 buildctl --addr "$address" build --no-cache --progress plain --frontend dockerfile.v0 --local context=${context} --local dockerfile=${context} >${out}/build.log 2>&1 || { echo 'build failed'; exit 5; }
    echo built
  `;
  const done = rootful
    ? world.asRoot(['sh', '-c', script], { env: options.env ?? {} })
    : world.asUser(['sh', '-c', script], { env: options.env ?? {} });
  // Where no shell can start a program, an engine or systemd still executes it.
  const direct = done.stderr.includes('Cannot fork')
    ? world.asUser(['rootlesskit', 'buildkitd'], { env: options.env ?? {}, timeout: 10_000 })
    : null;
  const read = (name: string): string =>
    fs.existsSync(join(out, name)) ? fs.readFileSync(join(out, name), 'utf8') : '';
  return {
    ready: done.stdout.trim() === 'built',
    snapshotter: read('snapshotter').trim() || null,
    log: `${done.stdout}${direct === null ? done.stderr : direct.stderr}\n${read('daemon.log')}\n${read('build.log')}`,
  };
}
