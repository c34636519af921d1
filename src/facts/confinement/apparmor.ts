import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { processStatus } from '../machine/process-status.ts';

/** The AppArmor profile that the target's processes already run under. */
export interface Confinement {
  /** Null: none, or "unconfined". */
  readonly profile: string | null;
  readonly mode: 'enforce' | 'complain' | 'unconfined' | 'kill' | 'other' | null;
}

/** /proc/self/attr/current under AppArmor: "unconfined", or "NAME (MODE)"; an SELinux label has neither form. */
export function parseConfinement(label: string | null): Confinement {
  const found = /^(.*\S)\s+\((enforce|complain|unconfined|kill|mixed|prompt)\)$/.exec((label ?? '').trim());
  if (found?.[1] === undefined) return { profile: null, mode: null };
  const mode = found[2];
  return {
    profile: found[1],
    mode: mode === 'enforce' || mode === 'complain' || mode === 'unconfined' || mode === 'kill' ? mode : 'other',
  };
}

/** Profiles of container engines whose text has "deny mount": rootless or not, nothing can be mounted under them. */
export function isMountDenying(profile: string): boolean {
  return /^(docker-default|containers-default-.*|crio-default|cri-containerd\.apparmor\.d|nerdctl-default|buildkit-default)$/.test(
    profile,
  );
}

export const confinement: Fact<Confinement> = {
  id: 'confinement',
  read: async (look) => parseConfinement((await look.get(processStatus)).label),
};

/** AppArmor as the kernel has it. */
export interface LoadedProfiles {
  readonly active: boolean;
  /** Names of the profiles that are loaded; null: not shown to this account. */
  readonly names: readonly string[] | null;
}

export const loadedProfiles: Fact<LoadedProfiles> = {
  id: 'apparmor-loaded',
  async read({ host }) {
    const enabled = await host.read('/sys/module/apparmor/parameters/enabled', 'self').catch(asAbsent);
    if (enabled?.text.trim() !== 'Y') return { active: false, names: null };
    const profiles = await host.read('/sys/kernel/security/apparmor/profiles', 'self').catch(asAbsent);
    const lines = profiles?.text.split('\n') ?? null;
    return {
      active: true,
      names: lines?.flatMap((line) => /^(.+) \([a-z]+\)$/.exec(line)?.[1] ?? []) ?? null,
    };
  },
};
