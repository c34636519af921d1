import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { kernel } from './kernel.ts';
import { mounts } from './mounts.ts';
import { readSysctlNumber } from './sysctl.ts';

export const CLONE_SWITCH = 'kernel.unprivileged_userns_clone';

/** Switches, besides limits and security modules, that keep ordinary users from making user namespaces. */
export interface UsernsSwitches {
  /** Null: this kernel has no such switch (only Debian's, Ubuntu's and hardened kernels have). */
  readonly clone: number | null;
  /** Red Hat's user_namespace.enable (EL 7.2 and 7.3); null: no such parameter. */
  readonly enable: boolean | null;
  /** Red Hat's namespace.unpriv_enable (EL 7.4 and 7.5); null: no such parameter. */
  readonly unprivileged: boolean | null;
  /** Build number of an Enterprise Linux 7 kernel; null for every other. */
  readonly enterprise7: number | null;
  /** In a chroot the kernel refuses; true is certain, null: it may be one or not. */
  readonly chrooted: boolean | null;
}

/** The build number of "3.10.0-1160.15.2.el7.x86_64"; null for other kernels. */
export function enterprise7Build(release: string): number | null {
  const found = /^3\.10\.0-(\d+)\b.*\.el7/.exec(release);
  return found === null ? null : Number(found[1]);
}

export const usernsSwitches: Fact<UsernsSwitches> = {
  id: 'userns-switches',
  async read(look) {
    const { host } = look;
    const flag = async (path: string): Promise<boolean | null> => {
      const text = (await host.read(path, 'self').catch(asAbsent))?.text.trim();
      return text === undefined ? null : /^[Yy1]/.test(text);
    };
    const [clone, enable, unprivileged, known, mounted, ofInit, ours] = await Promise.all([
      readSysctlNumber(look, CLONE_SWITCH).catch(asAbsent),
      flag('/sys/module/user_namespace/parameters/enable'),
      flag('/sys/module/namespace/parameters/unpriv_enable'),
      look.get(kernel).catch(asAbsent),
      look.get(mounts).catch(asAbsent),
      host.readlink('/proc/1/ns/mnt', 'self').catch(asAbsent),
      host.readlink('/proc/self/ns/mnt', 'self').catch(asAbsent),
    ]);
    let chrooted: boolean | null = null;
    // Of a root that is no mount of its own nothing at "/" is listed.
    if (mounted !== null && mounted.length > 0 && !mounted.some(({ point }) => point === '/')) chrooted = true;
    else if (ofInit !== null && ofInit === ours) {
      const [theirs, own] = await Promise.all([
        host.stat('/proc/1/root', 'self').catch(asAbsent),
        host.stat('/', 'self').catch(asAbsent),
      ]);
      if (theirs !== null && own !== null) chrooted = theirs.ino !== own.ino || theirs.dev !== own.dev;
    }
    return { clone, enable, unprivileged, enterprise7: enterprise7Build(known?.release ?? ''), chrooted };
  },
};
