import type { Look } from '../../model/look.ts';
import { environment } from '../target/environment.ts';
import { binaries } from './binaries.ts';
import { buildkitdVersion } from './buildkitd-version.ts';

/** Flags that every buildkitd since v0.11 takes, those hidden from its help among them. */
const OLD = new Set(
  `addr allow-insecure-entitlement config containerd-cni-binary-dir containerd-cni-config-path containerd-cni-pool-size
containerd-worker containerd-worker-addr containerd-worker-apparmor-profile containerd-worker-gc
containerd-worker-gc-keepstorage containerd-worker-labels containerd-worker-namespace containerd-worker-net
containerd-worker-platform containerd-worker-rootless containerd-worker-selinux containerd-worker-snapshotter debug debugaddr
group oci-cni-binary-dir oci-cni-config-path oci-cni-pool-size oci-worker oci-worker-apparmor-profile oci-worker-binary
oci-worker-gc oci-worker-gc-keepstorage oci-worker-labels oci-worker-net oci-worker-no-process-sandbox oci-worker-platform
oci-worker-proxy-snapshotter-path oci-worker-rootless oci-worker-selinux oci-worker-snapshotter root rootless tlscacert tlscert
tlskey help h version v`.split(/\s+/),
);
/** Taken although the help does not show them, by releases whose help shows the other flag. */
const HIDDEN: { readonly [flag: string]: string } = {
  trace: 'log-level',
  'containerd-worker-runtime': 'otel-socket-path',
};
const SINCE_OLD = 11;

/** Of these flags those that the target's buildkitd does not know: one of them ends it. It is asked only about newer ones. */
export async function unknownFlags(look: Look, flags: readonly string[]): Promise<readonly string[]> {
  const { min } = flags.length === 0 ? { min: null } : await look.get(buildkitdVersion);
  const isOld = min !== null && min[0] === 0 && min[1] < SINCE_OLD;
  const asked = flags.filter((flag) => isOld || !OLD.has(flag));
  if (asked.length === 0) return [];
  const [found, { values }] = await Promise.all([look.get(binaries), look.get(environment)]);
  const directory = found.buildkitd?.path.replace(/\/[^/]*$/, '');
  if (directory === undefined) return [];
  const help = await look.host.run('buildkitd', ['--help'], 'target', `${directory}:${values.PATH ?? ''}`);
  if (help === null || help.code !== 0) return [];
  const known = new Set(
    help.stdout.split('\n').flatMap((line) => {
      const [, name, short = ''] = /^[ \t]+--?([a-z][a-z0-9-]*)(?:, -?-?([a-z]+))?/.exec(line) ?? [];
      return name === undefined ? [] : [name, short];
    }),
  );
  return known.size < 10 ? [] : asked.filter((flag) => !known.has(flag) && !known.has(HIDDEN[flag] ?? flag));
}
