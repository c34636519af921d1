import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { asIfInstalled } from './fault-table.ts';
import { canMakeWorlds, daemonDirectory, type Judgement, judge, missingTools, World } from './world.ts';

/** A containerd that buildkitd is to build with, and what becomes of it. */
interface Row {
  readonly name: string;
  /** Lines of containerd's own file. */
  readonly containerd?: string;
  /** Lines below [worker.containerd]. */
  readonly worker?: string;
  readonly inject?: (world: World) => void;
  readonly ready: boolean;
  /** containerd's own client passes something else. */
  readonly buildkitdOnly?: true;
  /** What the first reason's problem says. */
  readonly says?: string;
}

const SOCKET = '/run/containerd/containerd.sock';
const runtime = (lines: string): string => `[worker.containerd.runtime]\n${lines}`;

const ROWS: readonly Row[] = [
  { name: 'as it is', ready: true },
  { name: 'a namespace of another name', worker: 'namespace = "ci_1.builds-2"', ready: true },
  { name: 'a namespace that it does not take', worker: 'namespace = "build kit"', ready: false, says: '"build kit"' },
  { name: 'its native snapshotter', worker: 'snapshotter = "native"', ready: true },
  { name: 'a snapshotter of another file system', worker: 'snapshotter = "btrfs"', ready: false, says: 'btrfs file' },
  {
    name: 'a snapshotter that it does not have',
    worker: 'snapshotter = "stargz"',
    ready: false,
    says: 'no snapshotter',
  },
  {
    name: 'its overlayfs snapshotter is disabled',
    containerd: 'disabled_plugins = ["io.containerd.snapshotter.v1.overlayfs"]',
    ready: false,
    says: 'no snapshotter overlayfs',
  },
  {
    name: 'its state lies on overlayfs',
    inject: (world) => {
      const at = world.scratch;
      world.script(`mkdir -p ${at}/o/l ${at}/o/u ${at}/o/w ${at}/ctrd
        mount -t overlay overlay -o lowerdir=${at}/o/l,upperdir=${at}/o/u,workdir=${at}/o/w ${at}/ctrd`);
    },
    ready: false,
    says: 'on overlayfs, where no RUN step can write',
    buildkitdOnly: true,
  },
  {
    name: 'a runtime that takes other options',
    worker: runtime('name = "io.containerd.runc.v1"'),
    ready: false,
    says: 'does not take the options',
    buildkitdOnly: true,
  },
  { name: 'a runtime without its program', worker: runtime('name = "io.containerd.runsc.v1"'), ready: false },
  {
    name: 'no runc',
    inject: (world) => {
      world.script('rm -f /usr/sbin/runc /usr/bin/runc');
    },
    ready: false,
    says: 'containerd has no runc',
  },
  {
    name: 'an AppArmor profile for its steps without AppArmor',
    worker: 'apparmor-profile = "own"',
    ready: false,
    says: 'AppArmor is not active here',
    buildkitdOnly: true,
  },
  {
    name: 'CNI without its configuration',
    worker: 'networkMode = "cni"',
    ready: false,
    says: 'the configuration /etc/buildkit/cni.json does not exist',
    buildkitdOnly: true,
  },
  {
    name: 'an address with a scheme',
    worker: `address = "unix://${SOCKET}"`,
    ready: false,
    says: 'has a scheme',
  },
];

/** Starts a real containerd in the world. */
function startContainerd(world: World, { containerd = '' }: Row): void {
  const text = `version = 2\n${containerd}\nroot = "${world.scratch}/ctrd"\nstate = "/run/containerd"\n[grpc]\naddress = "${SOCKET}"\n`;
  world.asRoot(['sh', '-c', 'mkdir -p /etc/containerd /run/containerd; cat >/etc/containerd/config.toml'], {
    input: text,
  });
  world.start(['containerd'], 'root');
  const answers = `for turn in $(seq 200); do ctr --address ${SOCKET} version >/dev/null 2>&1 && exit; sleep 0.05; done; exit 1`;
  expect(world.asRoot(['sh', '-c', answers]).code).toBe(0);
}

/** What buildkitd asks of containerd for a RUN step, asked by its own client: a snapshot, and a container with the runtime. */
function judgeByClient(world: World, { worker = '' }: Row): Judgement {
  const said = (key: string, byDefault: string): string =>
    new RegExp(`^${key} = "(.*)"$`, 'm').exec(worker)?.[1] ?? byDefault;
  const client = `ctr --address '${said('address', SOCKET)}' --namespace '${said('namespace', 'buildkit')}'`;
  const done = world.asRoot([
    'sh',
    '-c',
    `exec 2>&1; set -e
    mkdir -p ${world.scratch}/rootfs; cp /bin/busybox ${world.scratch}/rootfs/
    ${client} snapshots --snapshotter '${said('snapshotter', 'overlayfs')}' prepare trial ''
    ${client} run --rm --runtime '${said('name', 'io.containerd.runc.v2')}' --rootfs ${world.scratch}/rootfs trial /busybox true`,
  ]);
  return { ready: done.code === 0, snapshotter: null, log: done.stdout };
}

const possible = canMakeWorlds() && missingTools(['containerd', 'ctr']).length === 0;
if (!possible && process.env.CI) throw new Error('containerd is missing');

describe.skipIf(!possible)('containerd as the only worker', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test.each(
    some(
      3,
      ROWS.filter(({ buildkitdOnly }) => buildkitdOnly !== true || daemonDirectory() !== null),
    ),
  )('$name', { timeout: 180_000 }, (row) => {
    row.inject?.(world);
    startContainerd(world, row);
    const config = `[worker.oci]\nenabled = false\n[worker.containerd]\nenabled = true\n${row.worker ?? ''}\n`;
    world.asRoot(['sh', '-c', 'mkdir -p /etc/buildkit; cat >/etc/buildkit/buildkitd.toml'], { input: config });
    const truth = daemonDirectory() === null ? judgeByClient(world, row) : judge(world, { as: 'root' });
    expect(truth.ready, truth.log).toBe(row.ready);
    const { report } = world.doctor(['check', '--mode', 'rootful']);
    const problems = report.checks.flatMap(({ problems }) => problems);
    const told = JSON.stringify({ verdict: report.verdict, problems }, null, 1);
    expect(asIfInstalled(report).ready, told).toBe(row.ready);
    if (row.says !== undefined) expect(problems.map(({ message }) => message).join('\n'), told).toContain(row.says);
  });
});
