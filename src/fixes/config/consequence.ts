import { joinKey, specOf } from '../../buildkit/config/schema-tree.ts';
import type { Json } from '../../model/look.ts';

/** What a key's value changes for people once buildkitd reads it; `null` where nothing is weakened, deleted or lost. */
export function consequenceOf(path: readonly string[], value: Json | undefined): string | null {
  const key = joinKey(path);
  const last = path.at(-1) ?? '';
  if (key === 'root')
    return 'buildkitd then keeps its state in that directory, and leaves the cache in the old one unused.';
  if (key === 'insecure-entitlements')
    return 'Builds may then ask for these entitlements, which let their steps out of the sandbox.';
  if (last === 'insecure' && value === true)
    return "The registry's certificate is then not verified: whoever is on the way can change images.";
  if (last === 'http' && value === true)
    return 'The registry is then spoken to without encryption: whoever is on the way can change images.';
  if (path[0] === 'grpc' && path[1] === 'tls')
    return 'buildkitd then speaks TLS at its TCP addresses: clients that do not are turned away.';
  if (last === 'binary') return 'Build steps are then run by that program, which has to be installed.';
  if (path[0] === 'frontend' && value === false) return 'Builds that ask for this frontend then fail.';
  if (last === 'noProcessSandbox') return "Build steps then see buildkitd's processes, and can kill or trace them.";
  if (key === 'grpc.address' || key === 'grpc.debugAddress')
    return 'buildkitd then listens at these addresses, and no longer at the default one.';
  if (key === 'grpc.gid' || key === 'grpc.uid')
    return 'The socket then belongs to that account or group, which may build with the rights of buildkitd.';
  if (key === 'cdi.autoAllowed') return 'Builds may then use these devices without asking.';
  if (last === 'enabled' && path[0] === 'worker')
    return 'That worker is then switched, and with it the cache that builds use.';
  if (last === 'snapshotter')
    return 'Builds then use the cache of that snapshotter; what another one has cached is not used any more.';
  const spec = specOf(path);
  if (spec?.type === 'size' || last === 'keepDuration') return 'Cache beyond that limit is then deleted.';
  if (last === 'gc') return 'Old cache is then deleted, or no longer deleted, by itself.';
  return null;
}
