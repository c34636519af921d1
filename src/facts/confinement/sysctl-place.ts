import type { Engine } from '../../knowledge/engines.ts';
import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { kernel } from '../machine/kernel.ts';
import { mounts } from '../machine/mounts.ts';
import { osRelease } from '../machine/os-release.ts';
import { processStatus } from '../machine/process-status.ts';
import { container } from './container.ts';

/** Systems whose kernel values are set through an interface of their own. */
export type ManagedSystem = 'nixos' | 'bottlerocket' | 'talos' | 'cos';
/** Who may set kernel values that concern this host, and where they would last. */
export interface SysctlPlace {
  /** The system itself; null: an ordinary one, or a container. */
  readonly system: ManagedSystem | null;
  /** What the node runs, as far as its kernel's name tells it from inside a container. */
  readonly node: ManagedSystem | null;
  /** The container's kind; null outside of one. */
  readonly container: Engine | null;
  /** /proc/sys cannot be written here, whoever writes. */
  readonly readOnly: boolean;
  /** Keys outside user.* belong to an outer namespace then. */
  readonly inUserNamespace: boolean;
}

/** Talos and COS sign their kernels' names; Bottlerocket's has no sign of its own. */
function nodeOf(release: string): ManagedSystem | null {
  if (release.endsWith('-talos')) return 'talos';
  return /^\d+\.\d+\.\d+\+$/.test(release) ? 'cos' : null;
}

export const sysctlPlace: Fact<SysctlPlace> = {
  id: 'sysctl-place',
  async read(look) {
    const [os, inside, mounted, status, known] = await Promise.all([
      look.get(osRelease).catch(asAbsent),
      look.get(container).catch(asAbsent),
      look.get(mounts).catch(asAbsent),
      look.get(processStatus).catch(asAbsent),
      look.get(kernel).catch(asAbsent),
    ]);
    const over = (mounted ?? []).filter(
      ({ point }) => point === '/proc' || point === '/proc/sys' || point === '/proc/sys/user',
    );
    const last = over.toSorted((a, b) => a.point.length - b.point.length).at(-1);
    const managed = (['nixos', 'bottlerocket', 'talos', 'cos'] as const).find((id) => id === os?.id) ?? null;
    const kind = inside?.kind ?? null;
    return {
      system: kind === null ? managed : null,
      node: kind === null ? null : nodeOf(known?.release ?? ''),
      container: kind,
      readOnly: last?.options.includes('ro') === true || last?.superOptions.includes('ro') === true,
      inUserNamespace: status?.inUserNamespace === true,
    };
  },
};
