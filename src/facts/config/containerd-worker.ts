import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { settings } from './settings.ts';

/** buildkitd's other worker: in automatic mode it is used when its socket answers. */
export type ContainerdWorker = {
  /** It is switched on by name: buildkitd then insists on it. */
  readonly required: boolean;
} & ({ readonly usable: true } | { readonly usable: false; readonly obstacle: ContainerdObstacle });

/** Why it is not used; `error` is the errno of connecting. */
export type ContainerdObstacle =
  | { readonly why: 'switched-off' }
  | { readonly why: 'scheme' | 'relative' | 'absent' | 'denied' | 'untried'; readonly address: string }
  | { readonly why: 'silent'; readonly address: string; readonly error: string };

export const containerdWorker: Fact<ContainerdWorker> = {
  id: 'containerd-worker',
  async read({ host, request, get }) {
    const { containerd } = await get(settings);
    const required = containerd.enabled.value === true;
    if (containerd.enabled.value === false) return { usable: false, required, obstacle: { why: 'switched-off' } };
    const path = containerd.address.value;
    const yes: ContainerdWorker = { usable: true, required };
    const no = (obstacle: ContainerdObstacle): ContainerdWorker => ({ usable: false, required, obstacle });
    // containerd's client puts the scheme before it itself.
    if (path.startsWith('unix://')) return no({ why: 'scheme', address: path });
    if (!path.startsWith('/')) return no({ why: 'relative', address: path });
    const stat = await host.stat(path, 'target').catch(asAbsent);
    if (stat === null) return no({ why: 'absent', address: path });
    if (!request.probe) {
      const writable = await host.access(path, 'w', 'target');
      return writable ? yes : no({ why: 'denied', address: path });
    }
    const tried = await host.probe('connect', { path }, 'target', {}).catch(asAbsent);
    if (tried === null) return no({ why: 'untried', address: path });
    return tried.error === null ? yes : no({ why: 'silent', address: path, error: tried.error });
  },
};
