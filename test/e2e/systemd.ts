import { type ChildProcess, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { canMakeWorlds, chainScript, daemonDirectory, type Judgement, missingTools, World } from './world.ts';

/** Can systemd be started here? With CI set a machine that cannot is an error, not a reason to skip. */
export function canBootSystemd(): boolean {
  if (!canMakeWorlds()) return false;
  const missing = missingTools(['systemctl', 'systemd-notify']);
  if (!fs.existsSync('/lib/systemd/systemd')) missing.length === 0 && (missing as string[]).push('systemd');
  if (missing.length > 0 && process.env.CI) throw new Error(`real tests cannot run: ${missing.join(', ')} missing`);
  return missing.length === 0;
}

export type Scope = 'system' | 'user';

/** Where the units of these tests find the two programs. */
export const KIT = '/usr/bin/rootlesskit';
export const DAEMON = `${daemonDirectory() ?? '/usr/local/bin'}/buildkitd`;

/** A world with a systemd of its own as the first process, which runs nothing but what is asked of it; alice has a manager of hers. */
export class SystemdWorld extends World {
  readonly #groups: string;
  #boot: ChildProcess | null = null;

  constructor() {
    super();
    this.#groups = this.scratch.slice(this.scratch.lastIndexOf('/') + 1);
    if (daemonDirectory() === null) this.#putStandIn();
  }

  /** A unit, a socket or a drop-in: a name below the directory of that manager. */
  write(scope: Scope, name: string, text: string): void {
    const directory = scope === 'user' ? `${this.home}/.config/systemd/user` : '/etc/systemd/system';
    this.writeFile(`${directory}/${name}`, text, scope === 'user');
  }

  /** Any file; `own`: alice's, as everything below her home directory. */
  writeFile(path: string, text: string, own = false): void {
    const done = this.asRoot(['sh', '-ec', 'mkdir -p "$(dirname "$1")"; cat >"$1"', 'sh', path], { input: text });
    if (done.code !== 0) throw new Error(done.stderr);
    if (own) this.script(`chown -R alice: ${this.home}`);
  }

  /** After all is written. */
  boot(): void {
    this.script(PREPARE.replaceAll('USER', this.user).replaceAll('SCRATCH', this.scratch));
    this.#boot = this.start(
      ['bash', '-c', ENTER.replaceAll('GROUP', this.#groups).replaceAll('SCRATCH', this.scratch)],
      'root',
    );
    this.enter(this.#firstProcess());
    this.#until('systemd did not come up', () => {
      const { stdout } = this.asRoot(['systemctl', 'is-system-running']);
      return /^(?:running|degraded)/.test(stdout);
    });
    this.start(['/lib/systemd/systemd-journald'], 'root');
    const manager = this.asRoot(['systemctl', 'start', `user@${this.uid}.service`]);
    if (manager.code !== 0) throw new Error(`the manager of alice did not start: ${manager.stderr}${this.log()}`);
  }

  /** Takes away what was written before, for the next unit. */
  forget(): void {
    this.script(`
      rm -rf /etc/systemd/system/buildkit.* /etc/systemd/system/service.d ${this.home}/.config/systemd
      mkdir -p ${this.home}/.config; chown alice: ${this.home}/.config`);
  }

  /** What was written since is what the managers know. */
  reload(): void {
    for (const scope of ['system', 'user'] as const) {
      const done = this.control(scope, 'daemon-reload');
      if (done.code !== 0) throw new Error(done.stderr);
      this.control(scope, 'reset-failed');
    }
  }

  #firstProcess(): number {
    const { pid } = this.#boot ?? {};
    let first = 0;
    this.#until('no first process', () => {
      try {
        first = Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
        return first > 0 && /^systemd/.test(fs.readFileSync(`/proc/${first}/comm`, 'utf8'));
      } catch {
        return false;
      }
    });
    return first;
  }

  #until(failure: string, done: () => boolean): void {
    for (let turn = 0; !done(); turn++) {
      if (turn > 300) throw new Error(failure);
      spawnSync('sleep', ['0.1']);
    }
  }

  log(): string {
    return this.asRoot(['journalctl', '--no-pager', '--output=cat', '--lines=200']).stdout;
  }

  control(scope: Scope, ...args: readonly string[]) {
    return scope === 'user' ? this.asUser(['systemctl', '--user', ...args]) : this.asRoot(['systemctl', ...args]);
  }

  /** What systemd makes of a unit: started, and what it started builds an image. */
  judge(unit: string, scope: Scope, address: string): Judgement {
    if (this.control(scope, 'cat', unit.replace(/\.service$/, '.socket')).code === 0)
      this.control(scope, 'start', unit.replace(/\.service$/, '.socket'));
    const asked = this.control(scope, 'start', '--no-block', unit);
    let state = '';
    for (let turn = 0; turn < 400; turn++) {
      state = this.control(scope, 'show', '--property=ActiveState', '--value', unit).stdout.trim();
      const job = this.control(scope, 'show', '--property=Job', '--value', unit).stdout.trim();
      if (state === 'failed' || (state === 'inactive' && !Number(job))) break;
      if (state === 'active' && this.#serves(address)) break;
      spawnSync('sleep', ['0.1']);
    }
    const ready = state === 'active' && this.#serves(address) && this.#builds(address);
    const log = `${asked.stderr}${state}\n${this.log()}`;
    this.control(scope, 'stop', unit);
    this.control(scope, 'stop', unit.replace(/\.service$/, '.socket'));
    this.script(`find ${this.runtime} /run/buildkit -type s -path '*buildkit*' -delete 2>/dev/null || true`);
    return { ready, snapshotter: null, log };
  }

  #serves(address: string): boolean {
    if (daemonDirectory() === null) return this.asRoot(['pgrep', '-f', `^sleep ${FOREVER}`]).code === 0;
    return this.asRoot(['test', '-S', address.replace('unix://', '')]).code === 0;
  }

  #builds(address: string): boolean {
    if (daemonDirectory() === null) return true;
    const context = join(this.scratch, 'context');
    fs.mkdirSync(context, { recursive: true });
    fs.copyFileSync('/bin/busybox', join(context, 'busybox'));
    fs.chmodSync(join(context, 'busybox'), 0o755);
    fs.writeFileSync(
      join(context, 'Dockerfile'),
      'FROM scratch\nCOPY busybox /busybox\nRUN ["/busybox", "sh", "-c", "/busybox touch /x && /busybox chown 65534:65534 /x"]\n',
    );
    const build = `timeout 60 buildctl --addr ${address} build --no-cache --frontend dockerfile.v0 --local context=${context} --local dockerfile=${context}`;
    return this.asRoot(['sh', '-c', build], { timeout: 90_000 }).code === 0;
  }

  #putStandIn(): void {
    this.writeFile('/usr/local/bin/buildkitd', STAND_IN);
    this.script('chmod 755 /usr/local/bin/buildkitd');
  }

  override close(): void {
    super.close();
    spawnSync('bash', ['-c', LEAVE.replaceAll('GROUP', this.#groups)]);
  }
}

const FOREVER = 86_398;

/** What nobody asked for must not start; the manager of a user is one unit without PAM. */
const PREPARE = `
  rm -rf /etc/systemd/system/*.wants /usr/lib/systemd/system/*.wants /usr/lib/systemd/user/*.wants /etc/systemd/user/*.wants
  sed -i -E 's/\\bsystemd\\b//' /etc/nsswitch.conf
  mkdir -p /etc/systemd/system.conf.d /etc/systemd/user.conf.d /etc/systemd/journald.conf.d
  for target in sysinit basic shutdown bk-test; do
    printf '[Unit]\\nDefaultDependencies=no\\nAllowIsolate=yes\\n' >/etc/systemd/system/$target.target
  done
  for unit in systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service systemd-logind.service dbus.socket dbus.service; do
    ln -sf /dev/null /etc/systemd/system/$unit
  done
  cat >/etc/systemd/system/user@.service <<'UNIT'
[Unit]
DefaultDependencies=no
[Service]
Type=notify
User=%i
Environment=XDG_RUNTIME_DIR=/run/user/%i
ExecStart=/lib/systemd/systemd --user
Delegate=yes
KillMode=mixed
UNIT
  printf '[Journal]\\nReadKMsg=no\\nStorage=volatile\\n' >/etc/systemd/journald.conf.d/bk-test.conf
  printf '[Manager]\\nDefaultTimeoutStartSec=20s\\nDefaultTimeoutStopSec=5s\\nDefaultEnvironment=BK_TEST_WORLD=SCRATCH\\n' >/etc/systemd/system.conf.d/bk-test.conf
  cp /etc/systemd/system.conf.d/bk-test.conf /etc/systemd/user.conf.d/
`;

/** A control group of its own in every hierarchy; then namespaces, a view of these groups, and systemd. */
const ENTER = `
  for at in $(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts); do
    mkdir -p "$at/GROUP" 2>/dev/null || continue
    for file in cpuset.cpus cpuset.mems; do [ ! -e "$at/GROUP/$file" ] || cat "$at/$file" >"$at/GROUP/$file" 2>/dev/null; done
    echo $$ >"$at/GROUP/cgroup.procs" 2>/dev/null
  done
  exec unshare --mount --propagation private --cgroup --pid --fork --mount-proc bash -c '
    set -e
    names=$(awk "\\$3 == \\"cgroup\\" { print \\$2 }" /proc/mounts | sed "s#.*/##")
    if [ -z "$names" ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup
    else
      mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
      for name in $names; do
        mkdir -p /sys/fs/cgroup/$name
        if [ $name = systemd ]; then option=none,name=systemd; else option=$name; fi
        mount -t cgroup -o $option cgroup /sys/fs/cgroup/$name
      done
    fi
    export container=bk-test
    exec /lib/systemd/systemd --unit=bk-test.target >SCRATCH/systemd.log 2>&1
  '
`;

const LEAVE = `
  for at in $(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts); do
    for turn in 1 2 3 4 5 6 7 8 9 10; do
      [ -d "$at/GROUP" ] || break
      find "$at/GROUP" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.1
    done
  done
`;

/** Does what buildkitd does at its start, and what a build would do; then tells systemd that it is ready, and stays. */
const STAND_IN = `#!/bin/sh
case $1 in
  --version) echo 'buildkitd github.com/moby/buildkit v0.32.2 0123456789'; exit 0 ;;
  --help) for flag in root addr config debug debugaddr group oci-worker oci-worker-net oci-worker-snapshotter oci-worker-no-process-sandbox containerd-worker log-level; do echo "   --$flag value"; done; exit 0 ;;
esac
[ "$(id -u)" = 0 ] || { echo 'rootless mode requires to be executed as the mapped root in a user namespace'; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --debug) shift; continue ;;
    --*=*) name=\${1%%=*} value=\${1#*=}; shift ;;
    --*) name=$1 value=$2; shift 2 ;;
    *) break ;;
  esac
  case $name in
    --root) export CHAIN_ROOT=$value ;;
    --addr) [ "$value" != fd:// ] || [ "$LISTEN_PID" = $$ ] || { echo 'no sockets found via socket activation'; exit 1; } ;;
    --oci-worker-snapshotter) case $value in auto|overlayfs|native) ;; *) echo "no worker: $value"; exit 1 ;; esac ;;
    --oci-worker|--oci-worker-net|--containerd-worker) ;;
    *) echo "flag provided but not defined: $name"; exit 1 ;;
  esac
done
# runc would wait for word from what it starts.
unshare --mount env -u NOTIFY_SOCKET sh -c '${chainScript().replaceAll("'", "'\\''")}' || exit 1
systemd-notify --ready 2>/dev/null
# Told to stop it ends with 1, as buildkitd does.
sleep ${FOREVER} &
trap "kill $!; exit 1" TERM INT
wait
`;
