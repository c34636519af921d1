import { valueAt } from '../../buildkit/config/read.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';
import { findInPath } from '../programs/find-in-path.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';
import { configFile } from './config-file.ts';
import { containerdWorker } from './containerd-worker.ts';
import { settings } from './settings.ts';

/** What containerd lacks to build with, though it answers. */
export type ContainerdLack =
  /** The program that starts containers for the runtime that is named. */
  | { readonly what: 'shim'; readonly program: string; readonly runtime: string }
  | { readonly what: 'runc'; readonly program: string }
  /** `why`: in its own words; null where it knows none of that name. */
  | { readonly what: 'snapshotter'; readonly name: string; readonly why: string | null }
  /** Its files lie on overlayfs, which it mounts all the same, and a step cannot write to. */
  | { readonly what: 'overlay'; readonly root: string }
  /** A containerd of root, or of somebody else: a rootless buildkitd has no right to its files. */
  | { readonly what: 'foreign'; readonly root: string }
  | { readonly what: 'namespace'; readonly why: string }
  /** A runtime that does not take the options which buildkitd passes to all but one. */
  | { readonly what: 'options'; readonly runtime: string };

/** Where a service of the system has its programs. */
const SYSTEM = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OVERLAYFS = 0x794c7630;
const RUNC = 'io.containerd.runc.v2';

/** Empty where buildkitd has another worker, whose fault it is not. */
export const containerdLacks: Fact<readonly ContainerdLack[]> = {
  id: 'containerd-lacks',
  async read(look) {
    const [{ oci }, { usable }] = await Promise.all([look.get(settings), look.get(containerdWorker)]);
    if (oci.enabled.value !== false || !usable) return [];
    const [programs, own] = await Promise.all([lacksOfRuntime(look), askedFor(look)]);
    return [...programs, ...own];
  },
};

/** io.containerd.runc.v2 is started by containerd-shim-runc-v2, wherever containerd finds it. */
async function lacksOfRuntime(look: Look): Promise<readonly ContainerdLack[]> {
  const [{ flags }, config, { values }] = await Promise.all([
    look.get(settings),
    look.get(configFile),
    look.get(environment),
  ]);
  const flag = flags['containerd-worker-runtime']?.at(-1);
  const written = (key: string): string | null => {
    const value = valueAt(config.content.document, ['worker', 'containerd', 'runtime', ...key.split('.')]);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  // A flag, and a table without a name, count for all of the table.
  const named = typeof flag === 'string' ? null : written('name');
  const runtime = typeof flag === 'string' ? flag : (named ?? RUNC);
  const parts = runtime.split('.');
  if (runtime.includes('/') || parts.length < 2 || (named !== null && written('path') !== null)) return [];
  const path = `${values.PATH ?? ''}:${SYSTEM}`;
  const program = `containerd-shim-${parts.slice(-2).join('-')}`;
  if ((await findInPath(look, program, path)) === null) return [{ what: 'shim', program, runtime }];
  if (parts.at(-2) !== 'runc') return [];
  if (runtime !== RUNC) return [{ what: 'options', runtime }];
  const runc = (named === null ? null : written('options.BinaryName')) ?? 'runc';
  const found = runc.startsWith('/') ? await look.host.stat(runc, 'self') : await findInPath(look, runc, path);
  return found === null ? [{ what: 'runc', program: runc }] : [];
}

/** What containerd itself tells. */
async function askedFor(look: Look): Promise<readonly ContainerdLack[]> {
  const { address, namespace, snapshotter } = (await look.get(settings)).containerd;
  const unasked = (why: string): Unseen =>
    new Unseen(
      `which snapshotters containerd has ${why}`,
      `ctr --address ${address.value} plugins ls 'type==io.containerd.snapshotter.v1'`,
    );
  if (!look.request.probe) throw unasked('was not asked');
  const input = { path: address.value, namespace: namespace.value };
  const { error, snapshotters, refusal } = await look.host.probe('containerd', input, 'target', {});
  if (error !== null) throw unasked(`is not told (${error})`);
  const name = snapshotter.value;
  const own = snapshotters.find((one) => one.name === name);
  const lacks: ContainerdLack[] = refusal === null ? [] : [{ what: 'namespace', why: refusal }];
  if (own === undefined || own.message !== null) lacks.push({ what: 'snapshotter', name, why: own?.message ?? null });
  else if (name === 'overlayfs' && own.root !== null && (await isOverlayfs(look, own.root)))
    lacks.push({ what: 'overlay', root: own.root });
  if (own?.root != null && (await isForeign(look, own.root))) lacks.push({ what: 'foreign', root: own.root });
  return lacks;
}

async function isForeign(look: Look, directory: string): Promise<boolean> {
  if ((await look.get(launcher)) !== 'rootlesskit') return false;
  const stat = await look.host.stat(directory, 'target').catch(asAbsent);
  return stat?.uid !== look.host.identity.target.uid;
}

async function isOverlayfs({ host }: Look, directory: string): Promise<boolean> {
  return (await host.statfs(directory, 'self').catch(asAbsent))?.type === OVERLAYFS;
}
