import type { Fact } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { settings } from './settings.ts';

/** buildkitd's other worker: in automatic mode it is used when its socket answers. */
export interface ContainerdWorker {
  readonly usable: boolean;
  /** It is switched on by name: buildkitd then insists on it. */
  readonly required: boolean;
  /** Why it is not used, in words that continue a sentence. */
  readonly why: string;
}

export const containerdWorker: Fact<ContainerdWorker> = {
  id: 'containerd-worker',
  async read({ host, request, get }) {
    const { containerd } = await get(settings);
    const required = containerd.enabled.value === true;
    if (containerd.enabled.value === false)
      return { usable: false, required, why: 'the containerd worker is switched off too' };
    const path = containerd.address.value.replace(/^unix:\/\//, '');
    const no = (why: string): ContainerdWorker => ({ usable: false, required, why });
    if (!path.startsWith('/')) return no(`the address of containerd, "${path}", is not an absolute path`);
    const stat = await host.stat(path, 'target').catch(() => null);
    if (stat === null) return no(`there is no containerd at ${path}`);
    if (!request.probe) {
      const writable = await host.access(path, 'w', 'target');
      return writable ? { usable: true, required, why: '' } : no(`containerd's socket ${path} may not be used`);
    }
    try {
      const { error } = await host.probe('connect', { path }, 'target', {});
      return error === null
        ? { usable: true, required, why: '' }
        : no(`containerd does not answer at ${path} (${error})`);
    } catch (error) {
      if (error instanceof Unseen) return no(`whether containerd answers at ${path} could not be tried`);
      throw error;
    }
  },
};
