import type { Fault } from './faults.ts';
import { daemonDirectory, judge, NODE, type World } from './world.ts';

const only = { buildkitdOnly: true } as const;
const cache = (world: World): string => `${world.home}/.local/share/buildkit`;

/** Damages a database where bbolt's newest meta page says: in place, as a loss of power or a person does. */
const DAMAGE = `
  const fs = require('node:fs');
  const [file, what] = process.argv.slice(1);
  const bytes = fs.readFileSync(file);
  const metas = [0, 4096].map((at) => ({ root: bytes.readBigUInt64LE(at + 32), free: bytes.readBigUInt64LE(at + 48), turn: bytes.readBigUInt64LE(at + 64) }));
  const meta = metas[0].turn > metas[1].turn ? metas[0] : metas[1];
  const zero = (page) => bytes.fill(0, Number(page) * 4096, (Number(page) + 1) * 4096);
  if (what === 'root') zero(meta.root);
  if (what === 'free') zero(meta.free);
  fs.writeFileSync(file, what === 'end' ? bytes.subarray(0, Number(meta.root) * 4096) : what === 'head' ? bytes.fill(0, 0, 4096) : bytes);
`;
/** A state that buildkitd has used, then changed by root. */
const afterABuild =
  (change: (world: World) => void) =>
  (world: World): void => {
    const first = judge(world);
    if (!first.ready) throw new Error(`not even the first build: ${first.log}`);
    change(world);
  };
const damaged = (name: string, what: 'root' | 'free' | 'end' | 'head') =>
  afterABuild((world) => {
    const done = world.asRoot([NODE, '-e', DAMAGE, `${cache(world)}/${name}`, what]);
    if (done.code !== 0) throw new Error(done.stderr);
  });
const removed = (what: string) =>
  afterABuild((world) => {
    world.script(`cd ${cache(world)}/runc-overlayfs && rm -rf ${what}`);
  });
const blamed = 'storage/filesystem';

/** A state directory damaged or deleted in part: only a real buildkitd makes one. */
const stateFaults: readonly Fault[] =
  daemonDirectory() === null
    ? []
    : [
        ...['cache.db', 'history.db', 'runc-overlayfs/metadata_v2.db', 'runc-overlayfs/containerdmeta.db'].map(
          (name): Fault => ({
            name: `the root page of ${name} is damaged`,
            inject: damaged(name, 'root'),
            ready: false,
            blamed,
            ...only,
          }),
        ),
        {
          name: 'the list of free pages of the worker is damaged',
          inject: damaged('runc-overlayfs/metadata_v2.db', 'free'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'the database of snapshots is cut off',
          inject: damaged('runc-overlayfs/snapshots/metadata.db', 'end'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'one of two meta pages is damaged',
          inject: damaged('runc-overlayfs/containerdmeta.db', 'head'),
          ready: true,
          ...only,
        },
        {
          name: 'the database of snapshots is deleted',
          inject: removed('snapshots/metadata.db'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'the directories of snapshots are deleted',
          inject: removed('snapshots/snapshots/*'),
          ready: false,
          blamed,
          ...only,
        },
        { name: 'everything of the snapshots is deleted', inject: removed('snapshots'), ready: true, ...only },
        { name: 'the contents are deleted', inject: removed('content'), ready: true, ...only },
        { name: 'the records of contents are deleted', inject: removed('containerdmeta.db'), ready: true, ...only },
      ];

/** What buildkitd reads at its start, broken, and what only looks so. */
export const startFaults: readonly Fault[] = [...stateFaults];
