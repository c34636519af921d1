import type { Fact } from '../../model/look.ts';
import type { HostReport } from '../../model/say.ts';
import { decidesNothing } from '../../model/unseen.ts';
import { kernel } from '../machine/kernel.ts';
import { osRelease } from '../machine/os-release.ts';
import { container } from './container.ts';

/** What machine this is, for the person who reads a report; nothing is judged by it. */
export const machine: Fact<Omit<HostReport, 'arch' | 'software'>> = {
  id: 'machine',
  async read(look) {
    const { host } = look;
    const quiet = <T>(reading: Promise<T>): Promise<T | null> => reading.catch(decidesNothing);
    const [name, os, release, inside, cpuinfo, meminfo, vendor, product] = await Promise.all([
      quiet(host.read('/proc/sys/kernel/hostname', 'self')),
      quiet(look.get(osRelease)),
      quiet(look.get(kernel)),
      quiet(look.get(container)),
      quiet(host.read('/proc/cpuinfo', 'self', 16 * 1024 * 1024)),
      quiet(host.read('/proc/meminfo', 'self')),
      quiet(host.read('/sys/class/dmi/id/sys_vendor', 'self')),
      quiet(host.read('/sys/hypervisor/type', 'self')),
    ]);
    return {
      name: name?.text.trim() || null,
      os: { id: os?.id ?? 'linux', version: os?.version ?? null, name: os?.name ?? 'Linux' },
      kernel: release?.release ?? 'unknown',
      container: inside?.kind ?? null,
      virtualization: virtualizationOf(
        cpuinfo?.text ?? '',
        vendor?.text.trim() ?? '',
        product?.text.trim() ?? '',
        release?.release ?? '',
      ),
      cpus: cpuinfo?.text.match(/^processor\s*:/gm)?.length ?? 0,
      memoryBytes: Number(/^MemTotal:\s+(\d+) kB/m.exec(meminfo?.text ?? '')?.[1] ?? 0) * 1024,
    };
  },
};

/** Names as systemd-detect-virt uses them; null on bare metal as far as can be told. */
function virtualizationOf(cpuinfo: string, vendor: string, hypervisor: string, release: string): string | null {
  if (/microsoft/i.test(release)) return 'wsl';
  if (hypervisor === 'xen') return 'xen';
  if (/Amazon EC2/.test(vendor)) return 'amazon';
  if (/Microsoft Corporation/.test(vendor)) return 'microsoft';
  if (/VMware/.test(vendor)) return 'vmware';
  if (/innotek|Oracle/.test(vendor)) return 'oracle';
  if (/^flags\s*:.*\bhypervisor\b/m.test(cpuinfo)) return /Google/.test(vendor) ? 'google' : 'kvm';
  return null;
}
