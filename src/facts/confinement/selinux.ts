import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { mounts } from '../machine/mounts.ts';
import { processStatus } from '../machine/process-status.ts';
import { binaries } from '../programs/binaries.ts';
import { unit } from '../target/unit.ts';

/** SELinux as it acts on the target, with the labels that decide. */
export interface Selinux {
  /** `off`: not built, disabled, no policy, or hidden from a container. */
  readonly state: 'off' | 'permissive' | 'enforcing';
  readonly policy: string | null;
  /** Type of the target's own processes, such as unconfined_t; null where it cannot be told. */
  readonly domain: string | null;
  /** Labels by path: of the cache directory and the programs; absent where ls does not show one. */
  readonly labels: { readonly [path: string]: string };
  /** What the policy wants for the same paths. */
  readonly expected: { readonly [path: string]: string };
  /** The real path of buildkitd, as labels judge it. */
  readonly buildkitd: string | null;
  readonly cache: string | null;
  /** Does the policy know BuildKit (package container-selinux)? Null: its file contexts cannot be read. */
  readonly containerPolicy: boolean | null;
}

/** The type of "user:role:type:level"; null for anything else. */
export function selinuxType(label: string): string | null {
  return /^[^:\s]+:[^:\s]+:([^:\s]+)(:|$)/.exec(label.replace(/(?<![\0\n])[\0\n]+$/, ''))?.[1] ?? null;
}

/** `ls -Zd` and `matchpathcon`: lines of label and path in either order, "?" and "<<none>>" for none. */
export function parseLabels(text: string, paths: readonly string[]): { readonly [path: string]: string } {
  const labels: { [path: string]: string } = {};
  for (const line of text.split('\n')) {
    const path = paths.find(
      (wanted) => line.endsWith(` ${wanted}`) || line.startsWith(`${wanted}\t`) || line.startsWith(`${wanted} `),
    );
    const label = /(?:^|\s)([^\s:]+:[^\s:]+:[^\s:]+(?::\S+)?)(?:\s|$)/.exec(
      path === undefined ? '' : line.replace(path, ''),
    )?.[1];
    if (path !== undefined && label !== undefined) labels[path] = label;
  }
  return labels;
}

export const selinux: Fact<Selinux> = {
  id: 'selinux',
  async read(look) {
    const { host } = look;
    const [enforce, config, mounted, status] = await Promise.all([
      host.read('/sys/fs/selinux/enforce', 'self').catch(asAbsent),
      host.read('/etc/selinux/config', 'self').catch(asAbsent),
      look.get(mounts).catch(asAbsent),
      look.get(processStatus).catch(asAbsent),
    ]);
    const policy = /^[ \t]*SELINUXTYPE=(\w+)/m.exec(config?.text ?? '')?.[1] ?? null;
    const domain = status?.label == null ? null : selinuxType(status.label);
    const on = enforce !== null || mounted?.some(({ fstype }) => fstype === 'selinuxfs') === true;
    const state = !on ? 'off' : enforce?.text.trim() === '0' ? 'permissive' : 'enforcing';
    if (state === 'off')
      return { state, policy, domain, labels: {}, expected: {}, buildkitd: null, cache: null, containerPolicy: null };
    const [programs, directory, service, contexts] = await Promise.all([
      look.get(binaries).catch(asAbsent),
      look.get(cacheDirectory).catch(asAbsent),
      look.get(unit).catch(asAbsent),
      policy === null
        ? null
        : host.read(`/etc/selinux/${policy}/contexts/files/file_contexts`, 'self', 8 * 1024 * 1024).catch(asAbsent),
    ]);
    const buildkitd = programs?.buildkitd?.realpath ?? service?.buildkitd.path ?? null;
    const cache = directory === null ? null : directory.nearest;
    const paths = [buildkitd, cache].filter((path): path is string => path?.startsWith('/') === true);
    const [shown, wanted] = await Promise.all([
      paths.length === 0 ? null : host.run('ls', ['-Zd', '--', ...paths], 'self').catch(asAbsent),
      paths.length === 0 ? null : host.run('matchpathcon', paths, 'self').catch(asAbsent),
    ]);
    return {
      state,
      policy,
      domain,
      labels: parseLabels(shown?.stdout ?? '', paths),
      expected: parseLabels(wanted?.stdout ?? '', paths),
      buildkitd,
      cache,
      containerPolicy: contexts === null ? null : contexts.text.includes('container_runtime_exec_t'),
    };
  },
};
