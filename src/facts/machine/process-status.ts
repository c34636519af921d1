import type { Fact } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';
import type { IdMap } from '../../text/id-map.ts';
import { parseIdMap } from '../../text/id-map.ts';

/** What the kernel grants a process of the target. */
export interface ProcessStatus {
  readonly noNewPrivs: boolean | null;
  /** Null on kernels that do not say; of a process that became the target, not what a login of it has. */
  readonly umask: number | null;
  /** 0 none, 1 strict, 2 filter; null on kernels that do not say. */
  readonly seccomp: 0 | 1 | 2 | null;
  readonly capabilityBounding: bigint | null;
  readonly capabilityEffective: bigint | null;
  readonly uidMap: IdMap;
  readonly gidMap: IdMap;
  /** Any other map than "0 0 4294967295". */
  readonly inUserNamespace: boolean;
  /** False where the kernel has no user namespaces at all. */
  readonly userNamespaces: boolean;
  /** The LSM label of this process, such as "docker-default (enforce)"; null where no LSM answers. */
  readonly label: string | null;
}

/** Of the process that looks as the target; where root asks, much of it is root's own. */
export const ownStatus: Fact<ProcessStatus> = {
  id: 'own-status',
  async read({ host }) {
    const [status, uidMap, gidMap, label, apparmor, namespace] = await Promise.all([
      host.read('/proc/self/status', 'target'),
      host.read('/proc/self/uid_map', 'target'),
      host.read('/proc/self/gid_map', 'target'),
      host.read('/proc/self/attr/current', 'target').catch(asAbsent),
      host.read('/proc/self/attr/apparmor/current', 'target').catch(asAbsent),
      host.readlink('/proc/self/ns/user', 'target'),
    ]);
    if (status === null) throw new Unseen('/proc is not mounted here, so nothing about processes can be seen');
    const uids = parseIdMap(uidMap?.text ?? '');
    const [first] = uids;
    return {
      ...fieldsOf(status.text),
      uidMap: uids,
      gidMap: parseIdMap(gidMap?.text ?? ''),
      inUserNamespace: first !== undefined && !(first[0] === 0 && first[1] === 0 && first[2] === 4294967295),
      userNamespaces: namespace !== null,
      label: labelIn((apparmor ?? label)?.text),
    };
  },
};

type Inherited = Pick<ProcessStatus, 'noNewPrivs' | 'seccomp' | 'capabilityBounding' | 'label'>;

/** What logins and services inherit of process 1; null where it is hidden. */
export const statusOfFirst: Fact<Inherited | null> = {
  id: 'status-of-first',
  async read({ host }) {
    const [status, label, apparmor] = await Promise.all([
      host.read('/proc/1/status', 'self').catch(asAbsent),
      host.read('/proc/1/attr/current', 'self').catch(asAbsent),
      host.read('/proc/1/attr/apparmor/current', 'self').catch(asAbsent),
    ]);
    if (status === null) return null;
    const { noNewPrivs, seccomp, capabilityBounding } = fieldsOf(status.text);
    return { noNewPrivs, seccomp, capabilityBounding, label: labelIn((apparmor ?? label)?.text) };
  },
};

/** From a process that has become the target; where root asks, what is inherited is that of process 1, which starts logins and services. */
export const processStatus: Fact<ProcessStatus> = {
  id: 'process-status',
  async read(look) {
    const own = await look.get(ownStatus);
    const { self, target } = look.host.identity;
    const first = self.uid === target.uid ? null : await look.get(statusOfFirst);
    if (first === null) return own;
    const isProfile = /^unconfined$|\([a-z]+\)$/.test(first.label ?? '');
    return {
      ...own,
      noNewPrivs: first.noNewPrivs ?? own.noNewPrivs,
      seccomp: first.seccomp ?? own.seccomp,
      capabilityBounding: first.capabilityBounding ?? own.capabilityBounding,
      label: isProfile ? first.label : own.label,
    };
  },
};

function fieldsOf(
  status: string,
): Pick<ProcessStatus, 'noNewPrivs' | 'umask' | 'seccomp' | 'capabilityBounding' | 'capabilityEffective'> {
  const field = (name: string): string | null => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? null;
  const hex = (name: string): bigint | null => {
    const value = field(name);
    return value !== null && /^[0-9a-f]+$/i.test(value) ? BigInt(`0x${value}`) : null;
  };
  const [seccomp, noNewPrivs, umask] = [field('Seccomp'), field('NoNewPrivs'), field('Umask')];
  return {
    noNewPrivs: noNewPrivs === null ? null : noNewPrivs === '1',
    umask: umask === null ? null : Number.parseInt(umask, 8),
    seccomp: seccomp === '0' ? 0 : seccomp === '1' ? 1 : seccomp === '2' ? 2 : null,
    capabilityBounding: hex('CapBnd'),
    capabilityEffective: hex('CapEff'),
  };
}

function labelIn(written: string | undefined): string | null {
  const text = written?.replace(/(?<![\0\n])[\0\n]+$/, '') ?? '';
  return text === '' ? null : text;
}

/** Bit numbers of capabilities(7). */
export const CAP = { chown: 0, dacOverride: 1, setgid: 6, setuid: 7, sysAdmin: 21 } as const;

export function hasCapability(set: bigint | null, bit: number): boolean | null {
  return set === null ? null : ((set >> BigInt(bit)) & 1n) === 1n;
}
