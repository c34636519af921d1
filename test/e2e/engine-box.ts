import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { type EngineContainer, writeEngineBundle } from './engine.ts';
import { BIN, type DoctorReport, type Done, type Judgement, NODE, places, type World } from './world.ts';

/** What is started in the container, and where its state lies. */
export interface Workload {
  /** Of moby/buildkit:rootless, which alice stands for, or of moby/buildkit. */
  readonly image: 'rootless' | 'rootful';
  /** What stands behind "rootlesskit buildkitd" or "buildkitd". */
  readonly flags?: readonly string[];
  /** False: nothing is mounted where the image has its volume. */
  readonly volume?: boolean;
}

type Variables = { readonly [name: string]: string };

/** A container with the world's own files. Its first process waits, then becomes buildkitd. */
export class EngineBox {
  readonly #world: World;
  readonly #name: string;
  readonly #env: Variables;
  readonly #user: { readonly uid: number; readonly gid: number };
  readonly state: string;

  constructor(world: World, container: EngineContainer, { image, flags = [], volume = true }: Workload) {
    this.#world = world;
    this.#name = basename(world.scratch);
    const rootless = image === 'rootless';
    this.state = rootless ? `${world.home}/.local/share/buildkit` : '/var/lib/buildkit';
    this.#user = container.user ?? (rootless ? { uid: world.uid, gid: world.uid } : { uid: 0, gid: 0 });
    this.#env = {
      ...(rootless ? imageEnvironment(world) : world.environment('root')),
      ...container.env,
    };
    const bundle = join(world.scratch, 'bundle');
    world.script(`
      for directory in .local .local/share .local/share/buildkit .local/tmp; do
        [ -e ${world.home}/$directory ] || { mkdir ${world.home}/$directory; chown ${world.user}: ${world.home}/$directory; }
      done
      mkdir -p ${bundle}/rootfs ${world.scratch}/c.up ${world.scratch}/c.work
      mount -t overlay overlay -o lowerdir=/,upperdir=${world.scratch}/c.up,workdir=${world.scratch}/c.work ${bundle}/rootfs
      : >${world.scratch}/daemon.log; chmod 666 ${world.scratch}/daemon.log`);
    const start = [...(rootless ? ['rootlesskit'] : []), 'buildkitd', ...flags];
    writeEngineBundle(
      bundle,
      container,
      {
        args: ['sh', '-c', `until [ -e ${world.scratch}/go ]; do sleep 0.05; done; exec "$@"`, 'sh', ...start],
        env: this.#env,
        user: this.#user,
      },
      [
        ...['/etc', '/usr', '/home', '/run', ...places()].map((path) => ({
          path,
          readOnly: container.readOnly === true,
        })),
        ...(container.emptyDirs ?? []).map((path, index) => ({
          path,
          from: emptyDirectory(world, index),
          readOnly: false,
        })),
        ...[...(volume ? [this.state] : []), world.scratch].map((path) => ({ path, readOnly: false })),
      ],
    );
    const log = `${world.scratch}/daemon.log`;
    world.script(
      `runc --root ${this.#runc} run --detach --bundle ${bundle} ${this.#name} </dev/null >>${log} 2>&1 || { cat ${log} >&2; exit 1; }`,
    );
  }

  get #runc(): string {
    return join(this.#world.scratch, 'runc');
  }

  exec(argv: readonly string[], env: Variables = {}): Done {
    const variables = Object.entries({ ...this.#env, ...env }).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
    ]);
    const { uid, gid } = this.#user;
    return this.#world.asRoot(
      ['runc', '--root', this.#runc, 'exec', ...variables, '--user', `${uid}:${gid}`, this.#name, ...argv],
      { timeout: 120_000 },
    );
  }

  doctor<T = DoctorReport>(args: readonly string[]): T {
    const { stdout, stderr, code } = this.exec([NODE, BIN, ...args, '--json']);
    try {
      return JSON.parse(stdout) as T;
    } catch {
      throw new Error(
        `bk-doctor ${args.join(' ')} gave no JSON (exit ${code}): ${stdout.slice(0, 500)} ${stderr.slice(0, 2000)}`,
      );
    }
  }

  get log(): string {
    return fs.readFileSync(join(this.#world.scratch, 'daemon.log'), 'utf8');
  }

  /** Lets the first process become buildkitd; answers whether it serves. */
  wake(): boolean {
    fs.writeFileSync(join(this.#world.scratch, 'go'), '');
    for (let turn = 0; turn < 600; turn++) {
      if (/running server on/.test(this.log)) return true;
      if (!this.#lives()) return false;
      fs.readFileSync('/proc/self/stat');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
    return false;
  }

  #lives(): boolean {
    const { stdout } = this.#world.asRoot(['runc', '--root', this.#runc, 'state', this.#name]);
    return /"status": "running"/.test(stdout);
  }

  /** Builds with the daemon that runs in it. */
  build(address = addressIn(this.log)): Judgement {
    const context = join(this.#world.scratch, 'context');
    fs.mkdirSync(context);
    fs.chmodSync(context, 0o755);
    fs.copyFileSync('/bin/busybox', join(context, 'busybox'));
    fs.chmodSync(join(context, 'busybox'), 0o755);
    fs.writeFileSync(
      join(context, 'Dockerfile'),
      'FROM scratch\nCOPY busybox /busybox\nRUN ["/busybox", "sh", "-c", "/busybox touch /x && /busybox chown 65534:65534 /x"]\n',
    );
    const { stdout } = this.exec(['buildctl', '--addr', address, 'debug', 'workers', '-v']);
    const place = ['--local', `context=${context}`, '--local', `dockerfile=${context}`];
    const what = ['build', '--no-cache', '--progress', 'plain', '--frontend', 'dockerfile.v0', ...place];
    const built = this.exec(['timeout', '60', 'buildctl', '--addr', address, ...what]);
    return {
      ready: built.code === 0,
      snapshotter: /worker\.snapshotter:\s*(\S+)/.exec(stdout)?.[1] ?? null,
      log: `${this.log}\n${built.stdout}${built.stderr}`,
    };
  }

  close(): void {
    this.#world.asRoot(['runc', '--root', this.#runc, 'delete', '--force', this.#name]);
  }
}

function emptyDirectory(world: World, index: number): string {
  const path = join(world.scratch, `empty-${index}`);
  fs.mkdirSync(path);
  fs.chmodSync(path, 0o777);
  return path;
}

/** The variables of moby/buildkit:rootless. */
function imageEnvironment(world: World): Variables {
  return {
    ...world.environment('user'),
    TMPDIR: `${world.home}/.local/tmp`,
    BUILDKIT_HOST: `unix://${world.runtime}/buildkit/buildkitd.sock`,
  };
}

/** Of the first socket that the daemon says it serves. */
function addressIn(log: string): string {
  const said = /running server on ([^ "\\]*)/.exec(log)?.[1] ?? '';
  if (said.startsWith('/')) return `unix://${said}`;
  return said.includes('://') ? said : `tcp://${said.replace('[::]', '127.0.0.1')}`;
}
