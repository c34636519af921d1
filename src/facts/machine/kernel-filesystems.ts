import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { kernel } from './kernel.ts';

/** What the running kernel can mount. */
export interface KernelFilesystems {
  readonly overlay: Loadable;
  readonly fuse: Loadable;
  /** Debian's module parameter of 4.19 and 5.10 kernels. */
  readonly permitMountsInUserns: boolean;
}
/** `loaded`: listed in /proc/filesystems; `module`: a module that the kernel can load; `absent`: neither; `unknown`: /lib/modules is not here, as in a container. */
export type Loadable = 'loaded' | 'module' | 'absent' | 'disabled' | 'unknown';

/** The names of /proc/filesystems, with or without "nodev". */
export function parseFilesystems(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/).at(-1) ?? '')
      .filter(Boolean),
  );
}

/** Is a module named in modules.dep or modules.builtin, compressed or not? */
export function hasModule(list: string, name: string): boolean {
  return new RegExp(`(^|/)${name}\\.ko(\\.(xz|zst|gz))?(:|$)`, 'm').test(list);
}

export const kernelFilesystems: Fact<KernelFilesystems> = {
  id: 'kernel-filesystems',
  async read(look) {
    const { host } = look;
    const { release } = await look.get(kernel);
    const text = async (path: string, limit?: number) =>
      (await host.read(path, 'self', limit).catch(asAbsent))?.text ?? null;
    const [listed, permit] = await Promise.all([
      text('/proc/filesystems'),
      text('/sys/module/overlay/parameters/permit_mounts_in_userns'),
    ]);
    const known = parseFilesystems(listed ?? '');
    const judge = async (filesystem: string, module: string): Promise<Loadable> => {
      if (known.has(filesystem)) return 'loaded';
      const directories = [`/lib/modules/${release}`, `/usr/lib/modules/${release}`];
      for (const directory of directories) {
        const [dep, builtin] = await Promise.all([
          text(`${directory}/modules.dep`, 16 * 1024 * 1024),
          text(`${directory}/modules.builtin`, 16 * 1024 * 1024),
        ]);
        if (dep === null) continue;
        if (builtin !== null && hasModule(builtin, module)) return 'loaded';
        if (!hasModule(dep, module)) return 'absent';
        if ((await text('/proc/sys/kernel/modules_disabled'))?.trim() === '1') return 'disabled';
        return (await isRefused(module)) ? 'disabled' : 'module';
      }
      // Modules of another kernel: the running one was replaced by an update, and nothing more can be loaded until a reboot.
      const others = await host.list('/lib/modules', 'self').catch(asAbsent);
      return listed === null || others === null || others.length === 0 ? 'unknown' : 'absent';
    };
    const isRefused = async (module: string): Promise<boolean> => {
      for (const directory of ['/etc/modprobe.d', '/run/modprobe.d', '/usr/lib/modprobe.d', '/lib/modprobe.d']) {
        for (const name of (await host.list(directory, 'self').catch(asAbsent)) ?? []) {
          if (!name.endsWith('.conf')) continue;
          const rules = (await text(`${directory}/${name}`)) ?? '';
          if (new RegExp(`^\\s*install\\s+${module}\\s+(/usr)?/?(bin/)?(false|true)\\b`, 'm').test(rules)) return true;
        }
      }
      return false;
    };
    const [overlay, fuse] = await Promise.all([judge('overlay', 'overlay'), judge('fuse', 'fuse')]);
    return { overlay, fuse, permitMountsInUserns: /^[Y1]/.test(permit ?? '') };
  },
};
