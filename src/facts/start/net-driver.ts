import type { Fact, Json, Stat } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { settings, stepsOf } from '../config/settings.ts';
import { processStatus } from '../machine/process-status.ts';
import { findInPath } from '../programs/find-in-path.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';
import { reach } from './reach.ts';

/** A CNI configuration as buildkitd would use it. */
export interface CniConfig {
  readonly path: string;
  readonly exists: boolean;
  /** Why it could not be read; null when it was. */
  readonly unreadable: string | null;
  /** It was read, and is no CNI configuration. */
  readonly malformed: boolean;
  /** Names of the plugin programs that it runs. */
  readonly plugins: readonly string[];
}
/** What the network of builds asks for, by rootlesskit's options and the worker's network mode. */
export interface NetDriver {
  /** rootlesskit's --net; null when buildkitd runs without rootlesskit. */
  readonly net: string | null;
  readonly portDriver: string;
  readonly published: readonly string[];
  readonly tun: Stat | null;
  /** May the account open /dev/net/tun for reading and writing? */
  readonly tunUsable: boolean;
  /** The worker's mode as it will be: `auto` already decided. */
  readonly mode: string;
  /** How `mode` came about. */
  readonly written: string;
  readonly cni: CniConfig;
  /** libcni keeps its results in /var/lib/cni: may buildkitd make that, or write there? */
  readonly cacheWritable: boolean;
  readonly iptables: boolean;
  /** buildkit-cni-bridge and its siblings, which the bridge mode prefers, are in PATH. */
  readonly ownBridge: boolean;
  /** rootlesskit --detach-netns: builds, not buildkitd, are in the namespace that rootlesskit makes. */
  readonly detached: boolean;
  readonly binaryDirectory: { readonly path: string; readonly exists: boolean; readonly programs: readonly string[] };
}

/** Names of the plugins in a CNI configuration or list; null when the text is not one. */
export function cniPlugins(text: string): readonly string[] | null {
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return null;
  const table = document as { readonly [key: string]: Json | undefined };
  const entries: readonly Json[] = Array.isArray(table.plugins) ? table.plugins : [document];
  const names: string[] = [];
  const take = (value: Json | undefined): void => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const { type, ipam } = value as { readonly [key: string]: Json | undefined };
    if (typeof type === 'string' && type !== '') names.push(type);
    take(ipam);
  };
  for (const entry of entries) take(entry);
  return names.length === 0 ? null : [...new Set(names)];
}

export const netDriver: Fact<NetDriver> = {
  id: 'net-driver',
  async read(look) {
    const { host } = look;
    const [options, { values }, by] = await Promise.all([
      look.get(settings),
      look.get(environment),
      look.get(launcher),
    ]);
    const { rootlesskitFlags } = options;
    const steps = stepsOf(options);
    // buildkitd is rootless in any user namespace; it then turns "auto" into "host" without a word.
    const status = by === 'rootlesskit' ? null : await look.get(processStatus).catch(asAbsent);
    const rootless = by === 'rootlesskit' || status?.inUserNamespace === true;
    const path = steps.cniConfigPath.value;
    const directory = steps.cniBinaryPath.value;
    const [file, directoryStat, programs, tun, readable, writable, cache, iptables, ownPlugins] = await Promise.all([
      unlessRefused(host.read(path, 'target', undefined, 'json')),
      host.stat(directory, 'target').catch(asAbsent),
      host.list(directory, 'target').catch(asAbsent),
      host.stat('/dev/net/tun', 'target').catch(asAbsent),
      host.access('/dev/net/tun', 'r', 'target'),
      host.access('/dev/net/tun', 'w', 'target'),
      reach(look, '/var/lib/cni'),
      findInPath(look, 'iptables', values.PATH ?? ''),
      findInPath(look, 'buildkit-cni-bridge', values.PATH ?? ''),
    ]);
    const copied = (by === 'rootlesskit' ? (rootlesskitFlags['copy-up'] ?? []) : []).map((one) =>
      one.replace(/(?<!\/)\/+$/, ''),
    );
    const detached = rootlesskitFlags['detach-netns'];
    const exists = file.value !== null;
    const plugins = file.value == null ? null : cniPlugins(file.value.text);
    const bridge = /^(1|t|true)$/i.test(values.BUILDKIT_NETWORK_BRIDGE_AUTO ?? '');
    const written = steps.networkMode.value;
    const automatic = rootless ? 'host' : bridge ? 'bridge' : exists ? 'cni' : 'host';
    return {
      net: by === 'rootlesskit' ? (rootlesskitFlags.net?.at(-1) ?? 'host') : null,
      portDriver: rootlesskitFlags['port-driver']?.at(-1) ?? 'none',
      published: by === 'rootlesskit' ? [...(rootlesskitFlags.publish ?? []), ...(rootlesskitFlags.p ?? [])] : [],
      tun,
      tunUsable: readable && writable,
      mode: written === 'auto' ? automatic : written,
      written,
      cni: {
        path,
        exists,
        unreadable: file.unseen?.why ?? null,
        malformed: file.value != null && plugins === null,
        plugins: plugins ?? [],
      },
      cacheWritable:
        (cache.obstacle === null && cache.writable) || copied.includes('/var/lib') || copied.includes('/var'),
      iptables: iptables?.executable === true,
      ownBridge: ownPlugins?.executable === true,
      detached: detached !== undefined && !/^(0|f|false)$/i.test(detached.at(-1) ?? ''),
      binaryDirectory: { path: directory, exists: directoryStat?.kind === 'directory', programs: programs ?? [] },
    };
  },
};
