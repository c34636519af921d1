import type { SysctlEvidence } from '../../checks/userns/sysctl-evidence.ts';
import type { Step, Treatment } from '../../model/plan.ts';

/** Sets one kernel value now and writes it to a file of its own, so that it can be taken back alone. */
export function sysctlTreatments(at: number, evidence: SysctlEvidence): readonly Treatment[] {
  const { key, running, wanted, atBoot, file } = evidence;
  const elsewhere = managedWords(evidence);
  if (elsewhere !== null) return [{ for: [at], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: elsewhere }] }];
  const now: readonly Step[] =
    running === null || running === wanted ? [] : [{ as: 'root', do: 'sysctl', key, from: running, to: wanted }];
  if (file.beatenBy !== null) {
    const { path, line } = file.beatenBy;
    return [
      ...(now.length === 0 ? [] : [{ for: [at], risk: 'safe', steps: now } as const]),
      {
        for: [at],
        risk: 'manual',
        steps: [
          {
            as: 'root',
            do: 'tell',
            text: `So that it lasts: as root, change line ${line} of ${path} to "${key} = ${wanted}"; that file is applied after every other one.`,
          },
        ],
      },
    ];
  }
  const owner = { uid: 0, gid: 0 };
  return [
    {
      for: [at],
      risk: 'safe',
      ...(atBoot === null || atBoot.value === wanted || atBoot.path === file.path
        ? {}
        : {
            consequence: `From now on this file has the last word over ${whereIs(atBoot)}, which sets ${key} to ${atBoot.value}.`,
          }),
      steps: [
        ...(file.needsDirectory
          ? [{ as: 'root', do: 'directory', path: '/etc/sysctl.d', mode: 0o755, owner } as const]
          : []),
        {
          as: 'root',
          do: 'edit',
          path: file.path,
          expects: file.expects,
          edit: {
            edit: 'whole',
            text: `# Written by bk-doctor for BuildKit.\n${key} = ${wanted}\n`,
          },
          mode: 0o644,
          owner,
        },
        ...now,
      ],
    },
  ];
}

const whereIs = ({ path, line }: { readonly path: string; readonly line: number }): string =>
  line === 0 ? "the kernel's command line" : `line ${line} of ${path}`;

/** Where a file in /etc/sysctl.d is not the way; null: it is. */
function managedWords({ key, wanted, place }: SysctlEvidence): string | null {
  const { system, node, container, readOnly, inUserNamespace } = place;
  switch (system) {
    case 'nixos':
      return `In /etc/nixos/configuration.nix: boot.kernel.sysctl."${key}" = ${wanted}; then, as root, nixos-rebuild switch.${key === 'user.max_user_namespaces' ? ' (security.allowUserNamespaces = false sets it to 0.)' : ''}`;
    case 'bottlerocket':
      return bottlerocketWords(key, wanted);
    case 'talos':
      return talosWords(key, wanted);
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
  if (node === 'talos') return `This belongs to the node. ${talosWords(key, wanted)}`;
  if (node === 'cos')
    return `This belongs to the node, which runs Container-Optimized OS: put "sysctl -w ${key}=${wanted}" into its startup script, or run a privileged DaemonSet that does so.`;
  const where = container === 'kubernetes' ? 'node' : 'host';
  return `This belongs to the ${where}, not to the container: there, as root, write "${key} = ${wanted}" to /etc/sysctl.d/zz-buildkit.conf and run sysctl -w ${key}=${wanted}.${container === 'kubernetes' ? ` On Bottlerocket nodes: ${bottlerocketWords(key, wanted)} On Talos nodes: ${talosWords(key, wanted)}` : ''}`;
}

const bottlerocketWords = (key: string, wanted: string): string =>
  `apiclient set --json '{"settings":{"kernel":{"sysctl":{"${key}":"${wanted}"}}}}' (in user data: [settings.kernel.sysctl] "${key}" = "${wanted}").`;

const talosWords = (key: string, wanted: string): string =>
  `talosctl patch machineconfig --patch '{"machine":{"sysctls":{"${key}":"${wanted}"}}}'`;
