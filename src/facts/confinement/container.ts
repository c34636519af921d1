import type { Engine } from '../../knowledge/engines.ts';
import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { mounts } from '../machine/mounts.ts';
import { processStatus } from '../machine/process-status.ts';
import { environment } from '../target/environment.ts';

/** Are we in a container, and what says so? A stray /.dockerenv alone is not evidence. */
export interface Container {
  readonly kind: Engine | null;
  readonly evidence: readonly string[];
}

export const container: Fact<Container> = {
  id: 'container',
  async read(look) {
    const { host } = look;
    const [listed, { values }, status, cgroup, one, managed, containerenv, dockerenv, secret] = await Promise.all([
      look.get(mounts).catch(asAbsent),
      look.get(environment),
      look.get(processStatus).catch(asAbsent),
      host.read('/proc/self/cgroup', 'self').catch(asAbsent),
      host.read('/proc/1/environ', 'self').catch(asAbsent),
      host.read('/run/systemd/container', 'self').catch(asAbsent),
      host.stat('/run/.containerenv', 'self').catch(asAbsent),
      host.stat('/.dockerenv', 'self').catch(asAbsent),
      host.stat('/var/run/secrets/kubernetes.io/serviceaccount', 'self').catch(asAbsent),
    ]);
    const mounted = listed ?? [];
    const evidence: string[] = [];
    let kind: Engine | null = null;
    const say = (found: Engine, why: string): void => {
      kind ??= found;
      evidence.push(why);
    };
    const root = mounted.filter(({ point }) => point === '/').at(-1);
    const lower =
      root?.fstype === 'overlay' ? (root.superOptions.find((option) => option.startsWith('lowerdir=')) ?? '') : '';
    const groups = cgroup?.text ?? '';
    if (values.KUBERNETES_SERVICE_HOST !== undefined && (root?.fstype === 'overlay' || secret !== null))
      say('kubernetes', 'KUBERNETES_SERVICE_HOST is set');
    if (/\/kubepods/.test(groups)) say('kubernetes', '/proc/self/cgroup names kubepods');
    if (/\/docker\/|overlay2\/|\/var\/lib\/docker\//.test(lower) || /\/docker\/[0-9a-f]{12,}/.test(groups))
      say('docker', "the root file system or the cgroup is Docker's");
    if (/\/containers\/storage\//.test(lower) || /libpod-/.test(groups))
      say('podman', "the root file system or the cgroup is Podman's");
    if (/io\.containerd\.snapshotter/.test(lower)) say('containerd', 'the root file system is a containerd snapshot');
    if (
      mounted.some(({ fstype, point }) => fstype === 'fuse.lxcfs' && point.startsWith('/proc/')) ||
      mounted.some(({ point }) => point === '/dev/.lxc/proc')
    )
      say('lxc', 'lxcfs is mounted over /proc');
    const declared = (managed?.text.trim() || /(?:^|\0)container=([^\0]*)/.exec(one?.text ?? '')?.[1]) ?? '';
    if (declared !== '' && declared !== 'wsl') {
      const known = (['docker', 'podman', 'lxc', 'systemd-nspawn'] as const).find((name) => name === declared);
      say(known ?? 'other', `process 1 was told container=${declared}`);
    }
    if (containerenv !== null && root?.fstype !== 'ext4') say('podman', '/run/.containerenv exists');
    // Docker's own masks over /proc, and the file that it leaves: two witnesses.
    const masked = mounted.some(
      ({ point, root: from }) => point.startsWith('/proc/') && (from === '/null' || point === '/proc/acpi'),
    );
    if (dockerenv !== null && masked) say('docker', '/.dockerenv exists and parts of /proc are masked');
    if (masked) say('other', 'parts of /proc are masked');
    if (kind === null && status?.inUserNamespace && root?.fstype === 'overlay')
      say('other', 'the root file system is an overlay inside a user namespace');
    return { kind, evidence };
  },
};
