import type { Mode } from '../model/look.ts';
import { editDistance } from '../text/nearest.ts';
import { type Release, release } from './version.ts';

/** What a build may be allowed beyond its sandbox. Nothing else exists (util/entitlements). */
export interface Entitlement {
  readonly name: string;
  readonly since: string;
  readonly sinceRelease: Release;
  /** The release whose flag --allow-insecure-entitlement takes it. */
  readonly flagSince: Release;
  /** What a client writes, besides the step itself. */
  readonly client: string;
  /** One sentence on what allowing it gives away. */
  readonly consequence: { readonly [mode in Mode]: string };
}

export const ENTITLEMENTS: readonly Entitlement[] = [
  {
    name: 'network.host',
    since: 'v0.5.0',
    sinceRelease: release('v0.5.0'),
    flagSince: release('v0.5.0'),
    client: '--allow network.host, and RUN --network=host',
    consequence: {
      rootful: "Such steps share the host's network, and reach what listens on its loopback addresses.",
      rootless: "Such steps share buildkitd's network, and reach what listens on its loopback addresses.",
    },
  },
  {
    name: 'security.insecure',
    since: 'v0.5.0',
    sinceRelease: release('v0.5.0'),
    flagSince: release('v0.5.0'),
    client: '--allow security.insecure, and RUN --security=insecure',
    consequence: {
      rootful: 'Such steps run with full privileges: whoever may build is then as good as root on this host.',
      rootless:
        'Such steps run with all that the account running buildkitd may do in its user namespace, without seccomp and AppArmor.',
    },
  },
  {
    name: 'device',
    since: 'v0.20.0',
    sinceRelease: release('v0.20.0'),
    flagSince: release('v0.24.0'),
    client: '--allow device, and RUN --device=…',
    consequence: {
      rootful: 'Such steps reach the devices that CDI specifications describe.',
      rootless: 'Such steps reach the devices that CDI specifications describe.',
    },
  },
];

/** Names from articles, and what is needed in their place. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:network\.)?(?:dns|internet|default)$/,
    'Steps have network and DNS without any entitlement; where names do not resolve, set dns.nameservers in buildkitd.toml or mend the resolver of the host.',
  ],
  [/^network\.none$/, 'A step that says RUN --network=none goes without network, and needs no entitlement for that.'],
  [
    /^network\.bridge$/,
    'A step has the network that the daemon gives it, and needs no entitlement for that; networks by name do not exist in a build.',
  ],
  [
    /^network/,
    'What exists is network.host, for steps with RUN --network=host only; the ordinary network needs no entitlement.',
  ],
  [
    /^mount\.bind/,
    'RUN --mount=type=bind needs no entitlement, and reads the build context only, never a path of the host.',
  ],
  [
    /^fs(?:\.|=|$)/,
    'That is a permission of docker buildx bake, which buildkitd does not know. What a build may read is what the client shares: --build-context, or buildctl --local with --opt context:NAME=local:NAME.',
  ],
  [
    /^(?:mount|volume|filesystem|host)\b/,
    'Directories of the host come as named contexts from the client: --build-context, or buildctl --local with --opt context:NAME=local:NAME.',
  ],
  [
    /docker\.?sock|^docker/,
    "No entitlement opens Docker's socket: a build cannot reach it. Run what needs it after the build, in a container with the socket mounted.",
  ],
  [
    /^cap(?:abilit(?:y|ies))?[._]?(?:setuid|setgid|net_raw|chown|dac_override|fowner|kill|mknod)/i,
    'Steps have this capability without any entitlement.',
  ],
  [
    /^cap(?:abilit(?:y|ies))?/i,
    'Single capabilities cannot be given; what exists is security.insecure, for RUN --security=insecure.',
  ],
  [
    /^(?:privileged|insecure|security\.privileged|root|admin)$/,
    'What exists is security.insecure, for RUN --security=insecure.',
  ],
  [
    /^(?:procfs|sysfs|proc|sys)\b/,
    'No entitlement opens these file systems alone; what exists is security.insecure, with which a step with RUN --security=insecure has them unmasked.',
  ],
  [
    /^(?:seccomp|apparmor|selinux)\b/i,
    'This profile cannot be chosen for a build; what exists is security.insecure, for steps with RUN --security=insecure.',
  ],
  [/^ssh$/, 'Keys need no entitlement: give --ssh default to the command, and RUN --mount=type=ssh to the step.'],
  [
    /^(?:image|ssh|buildx)/,
    'That is a permission of docker buildx, given to the client with --allow; buildkitd knows none of it.',
  ],
  [
    /^(?:device|gpu|cdi|nvidia)/i,
    'What exists is device, without a name; which devices builds may use unasked is cdi.autoAllowed.',
  ],
];

/** What to do about a name that does not exist. */
export function adviceOnEntitlement(name: string, meant: string | null): string {
  if (meant !== null)
    return name.toLowerCase() === meant ? `Write ${meant}, in small letters.` : `Perhaps ${meant} is meant.`;
  const found = INSTEAD.find(([pattern]) => pattern.test(name));
  return found?.[1] ?? `There are only ${ENTITLEMENTS.map((entitlement) => entitlement.name).join(', ')}.`;
}

/** The entitlement of that name; null where there is none. */
export const entitlementNamed = (name: string): Entitlement | null =>
  ENTITLEMENTS.find((entitlement) => entitlement.name === name) ?? null;

/** The real entitlement that a misspelt name means; null where nothing is near enough. */
export function meantEntitlement(name: string): string | null {
  const folded = name.toLowerCase().replace(/[^a-z]/g, '');
  const exact = ENTITLEMENTS.find((entitlement) => entitlement.name.replace(/[^a-z]/g, '') === folded);
  if (exact !== undefined) return exact.name;
  const near = ENTITLEMENTS.find(
    (entitlement) => folded.length > 5 && editDistance(name.toLowerCase(), entitlement.name) <= 2,
  );
  return near?.name ?? null;
}
