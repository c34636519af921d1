import { parse } from 'smol-toml';
import { valueAt } from '../../buildkit/config/read.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { findInPath } from '../programs/find-in-path.ts';
import { environment } from '../target/environment.ts';
import { configFile } from './config-file.ts';
import { settings } from './settings.ts';

/** What containerd lacks to build with, though it answers. */
export type ContainerdLack =
  /** The program that starts containers for the runtime that is named. */
  | { readonly what: 'shim'; readonly program: string; readonly runtime: string }
  | { readonly what: 'runc' }
  /** containerd leaves its overlayfs snapshotter out where its root lies on overlayfs. */
  | { readonly what: 'overlay'; readonly root: string }
  | { readonly what: 'disabled'; readonly plugin: string };

const OVERLAYFS = 0x794c7630;
const CONFIG = '/etc/containerd/config.toml';
/** Where a service of the system has its programs. */
const SYSTEM = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const containerdLacks: Fact<readonly ContainerdLack[]> = {
  id: 'containerd-lacks',
  async read(look) {
    const [{ containerd }, config, { values }] = await Promise.all([
      look.get(settings),
      look.get(configFile),
      look.get(environment),
    ]);
    const runtime = valueAt(config.content.document, ['worker', 'containerd', 'runtime', 'name']);
    const path = `${values.PATH ?? ''}:${SYSTEM}`;
    const [programs, own] = await Promise.all([
      lacksOfRuntime(look, typeof runtime === 'string' && runtime !== '' ? runtime : 'io.containerd.runc.v2', path),
      lacksOfSnapshotter(look, containerd.snapshotter.value),
    ]);
    return [...programs, ...own];
  },
};

/** io.containerd.runc.v2 is started by containerd-shim-runc-v2, wherever containerd finds it. */
async function lacksOfRuntime(look: Look, runtime: string, path: string): Promise<readonly ContainerdLack[]> {
  const parts = runtime.split('.');
  if (runtime.includes('/') || parts.length < 2) return [];
  const program = `containerd-shim-${parts.slice(-2).join('-')}`;
  if ((await findInPath(look, program, path)) === null) return [{ what: 'shim', program, runtime }];
  const needsRunc = parts.at(-2) === 'runc' && (await findInPath(look, 'runc', path)) === null;
  return needsRunc ? [{ what: 'runc' }] : [];
}

/** containerd does not start with a file that is no TOML: then there is no containerd that answers. */
function documentOf(text: string): { readonly [key: string]: unknown } {
  try {
    return parse(text);
  } catch {
    return {};
  }
}

async function lacksOfSnapshotter(look: Look, snapshotter: string): Promise<readonly ContainerdLack[]> {
  const text = (await look.host.read(CONFIG, 'self', undefined, 'toml').catch(asAbsent))?.text;
  const { disabled_plugins: disabled, root: written } = text === undefined ? {} : documentOf(text);
  const plugin = (Array.isArray(disabled) ? disabled : []).find(
    (name) =>
      typeof name === 'string' && (name === snapshotter || name === `io.containerd.snapshotter.v1.${snapshotter}`),
  );
  if (typeof plugin === 'string') return [{ what: 'disabled', plugin }];
  if (snapshotter !== 'overlayfs') return [];
  const root = typeof written === 'string' && written.startsWith('/') ? written : '/var/lib/containerd';
  const disk = await look.host.statfs(root, 'self').catch(asAbsent);
  return disk?.type === OVERLAYFS ? [{ what: 'overlay', root }] : [];
}
