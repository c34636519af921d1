import { surelyBefore } from '../../buildkit/version.ts';
import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { settings, stepsOf } from '../config/settings.ts';
import { cgroups } from '../confinement/cgroups.ts';
import { readSysctlNumber } from '../machine/sysctl.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';

export const NAMESPACE_KINDS = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'] as const;
export type NamespaceKind = (typeof NAMESPACE_KINDS)[number];
export const limitKey = (kind: NamespaceKind): string => `user.max_${kind}_namespaces`;

/** The limits of this user namespace (Linux 4.9); null where the kernel has no such key. */
export interface NamespaceLimits {
  readonly running: { readonly [K in NamespaceKind]: number | null };
  readonly threadsMax: number | null;
}

export const namespaceLimits: Fact<NamespaceLimits> = {
  id: 'namespace-limits',
  async read(look) {
    const [values, threadsMax] = await Promise.all([
      Promise.all(NAMESPACE_KINDS.map(async (kind) => [kind, await readSysctlNumber(look, limitKey(kind))] as const)),
      readSysctlNumber(look, 'kernel.threads-max').catch(asAbsent),
    ]);
    return { running: Object.fromEntries(values) as NamespaceLimits['running'], threadsMax };
  },
};

/** Namespaces that one instance with one RUN step has at the same time, by who makes them. */
export interface NamespaceNeeds {
  readonly launcher: { readonly [K in NamespaceKind]: number };
  readonly step: { readonly [K in NamespaceKind]: number };
}

const NONE = { user: 0, mnt: 0, pid: 0, ipc: 0, uts: 0, net: 0, cgroup: 0 };

/**
 * rootlesskit makes a user and a mount namespace, and what its options ask for; its slirp4netns sandbox takes a mount
 * namespace more, pasta leaves its own for each kind but the network. runc makes the rest for every RUN step.
 */
export const namespaceNeeds: Fact<NamespaceNeeds> = {
  id: 'namespace-needs',
  async read(look) {
    const [by, options, { values }, groups, version] = await Promise.all([
      look.get(launcher),
      look.get(settings),
      look.get(environment),
      look.get(cgroups).catch(asAbsent),
      look.get(buildkitdVersion).catch(asAbsent),
    ]);
    const flags = options.rootlesskitFlags;
    const isOn = (name: string): number => (/^(1|t|true)$/i.test(flags[name]?.at(-1) ?? '') ? 1 : 0);
    const net = flags.net?.at(-1) ?? 'host';
    const helper = net === 'pasta' ? 1 : 0;
    const ofLauncher =
      by === 'none'
        ? NONE
        : {
            user: 1,
            mnt: 1 + (net === 'slirp4netns' || net === 'pasta' ? 1 : 0),
            pid: isOn('pidns') + helper,
            ipc: isOn('ipcns') + helper,
            uts: isOn('utsns') + helper,
            net: net === 'host' ? 0 : 1,
            cgroup: isOn('cgroupns'),
          };
    const steps = stepsOf(options);
    const mode = steps.networkMode.value;
    const bridged = /^(1|t|true)$/i.test(values.BUILDKIT_NETWORK_BRIDGE_AUTO ?? '');
    const hasCni = async (): Promise<boolean> =>
      (await look.host.stat(steps.cniConfigPath.value, 'target').catch(asAbsent)) !== null;
    const isolated = mode === 'cni' || mode === 'bridge' || (mode === 'auto' && (bridged || (await hasCni())));
    // Steps have a cgroup namespace where cgroup v2 is mounted (BuildKit v0.12).
    const groupsToo = groups?.layout === 'unified' && (version === null || !surelyBefore(version, [0, 12, 0]));
    return {
      launcher: ofLauncher,
      step: {
        user: 0,
        mnt: 1,
        pid: options.oci.noProcessSandbox.value ? 0 : 1,
        ipc: 1,
        uts: 1,
        net: isolated ? 1 : 0,
        cgroup: groupsToo ? 1 : 0,
      },
    };
  },
};
