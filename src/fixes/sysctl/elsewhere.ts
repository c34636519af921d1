import type { SysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { groundOf } from '../../knowledge/engines.ts';

interface Wanted {
  readonly key: string;
  readonly wanted: string;
}

/** What to do where a file in /etc/sysctl.d is not the way; null: it is. */
export function elsewhere(change: Wanted, place: SysctlPlace): string | null {
  const { key, wanted } = change;
  const { system, node, container, readOnly, inUserNamespace } = place;
  switch (system) {
    case 'nixos':
      return `In /etc/nixos/configuration.nix: boot.kernel.sysctl."${key}" = ${wanted}; then, as root, nixos-rebuild switch.${key === 'user.max_user_namespaces' ? ' (security.allowUserNamespaces = false sets it to 0.)' : ''}`;
    case 'bottlerocket':
      return bottlerocketWords(change);
    case 'talos':
      return talosWords(change);
    case 'cos':
      return `Container-Optimized OS forgets /etc at every boot: put "sysctl -w ${key}=${wanted}" into the instance's startup script or cloud-init (runcmd).`;
    case null:
      break;
  }
  const ownLimit = inUserNamespace && key.startsWith('user.') && !readOnly;
  if (ownLimit) return null;
  if (container === null && !readOnly && !inUserNamespace) return null;
  if (container === null)
    return `${readOnly ? '/proc/sys is read-only here' : 'This runs in a user namespace'}: set ${key} = ${wanted} on the system outside of it, in a file of /etc/sysctl.d.`;
  if (node === 'talos') return `This belongs to the node. ${talosWords(change)}`;
  if (node === 'cos')
    return `This belongs to the node, which runs Container-Optimized OS: put "sysctl -w ${key}=${wanted}" into its startup script, or run a privileged DaemonSet that does so.`;
  return `This belongs to the ${groundOf(container)}, not to the container: there, as root, write "${key} = ${wanted}" to /etc/sysctl.d/zz-buildkit.conf and run sysctl -w ${key}=${wanted}.${container === 'kubernetes' ? ` On Bottlerocket nodes: ${bottlerocketWords(change)} On Talos nodes: ${talosWords(change)}` : ''}`;
}

const bottlerocketWords = ({ key, wanted }: Wanted): string =>
  `apiclient set --json '{"settings":{"kernel":{"sysctl":{"${key}":"${wanted}"}}}}' (in user data: [settings.kernel.sysctl] "${key}" = "${wanted}").`;

const talosWords = ({ key, wanted }: Wanted): string =>
  `talosctl patch machineconfig --patch '{"machine":{"sysctls":{"${key}":"${wanted}"}}}'`;
