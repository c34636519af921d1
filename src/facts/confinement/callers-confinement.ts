import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { ownStatus, statusOfFirst } from '../machine/process-status.ts';
import { identity } from '../target/identity.ts';
import { unit } from '../target/unit.ts';
import { parseConfinement } from './apparmor.ts';
import { selinuxType } from './selinux.ts';

/**
 * What holds for root, who asks, and would not for the account that it asks about: that one is started from a login or by a
 * manager, as process 1 starts them. In words.
 */
export interface CallersConfinement {
  /** What failed may have failed by this. */
  readonly tighter: readonly string[];
  /** What was done may be refused without this. */
  readonly looser: readonly string[];
}

const NONE: CallersConfinement = { tighter: [], looser: [] };

/** Capabilities that something of a build is refused without, by their numbers (capabilities(7)). */
const COUNTING = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 21, 27, 29, 31].reduce(
  (all, bit) => all | (1n << BigInt(bit)),
  0n,
);

export const callersConfinement: Fact<CallersConfinement> = {
  id: 'callers-confinement',
  async read(look) {
    const { self, target } = await look.get(identity);
    if (self.uid === target.uid) return NONE;
    const [own, first, domains] = await Promise.all([
      look.get(ownStatus),
      look.get(statusOfFirst),
      selinuxDomains(look),
    ]);
    const tighter: string[] = [...domains];
    const looser: string[] = [...domains];
    if (first === null) return { tighter, looser };
    const differ = (mine: boolean, theirs: boolean, what: string): void => {
      if (mine && !theirs) tighter.push(what);
      else if (theirs && !mine) looser.push(`without ${what}`);
    };
    differ(own.noNewPrivs === true, first.noNewPrivs === true, 'no_new_privs');
    differ(own.seccomp === 2, first.seccomp === 2, 'a seccomp filter');
    const [mine, theirs] = [own.capabilityBounding, first.capabilityBounding].map((set) => (set ?? -1n) & COUNTING);
    if (
      mine !== undefined &&
      theirs !== undefined &&
      own.capabilityBounding !== null &&
      first.capabilityBounding !== null
    ) {
      if ((mine & theirs) !== theirs) tighter.push('a smaller bounding set of capabilities');
      if ((mine & theirs) !== mine) looser.push('a larger bounding set of capabilities');
    }
    const [profile, above] = [enforced(own.label), enforced(first.label)];
    if (profile !== above && first.label !== null) {
      if (profile !== null) tighter.push(`the AppArmor profile ${profile}`);
      if (above !== null) looser.push(`not the AppArmor profile ${above}`);
    }
    return { tighter, looser };
  },
};

function enforced(label: string | null): string | null {
  const { profile, mode } = parseConfinement(label);
  return mode === 'enforce' || mode === 'kill' || mode === 'other' ? profile : null;
}

/** Domains in which the policies of distributions refuse nothing that a build needs. */
const UNCONFINED = /^(?:unconfined_t|unconfined_service_t|initrc_t|spc_t)$/;

/** The SELinux domain of root, where it is not known to be as good as that of the account's login; none where it is. */
async function selinuxDomains(look: Look): Promise<readonly string[]> {
  const { host } = look;
  const enforce = await host.read('/sys/fs/selinux/enforce', 'self').catch(asAbsent);
  if (enforce === null || enforce.text.trim() === '0') return [];
  const own = selinuxType((await look.get(ownStatus)).label ?? '');
  if (own === null) return ['an SELinux domain that is not shown'];
  const login = await loginDomain(look);
  if (login === own || (login !== null && UNCONFINED.test(login) && UNCONFINED.test(own))) return [];
  return [
    `the SELinux domain ${own}, which is not ${login === null ? 'known to be that' : `${login}, that`} of its login`,
  ];
}

/** The type of a login, as policies name it for each SELinux user; null where nothing tells. */
async function loginDomain(look: Look): Promise<string | null> {
  const { host } = look;
  // A service's is what the labels of its programs make it; without a label of their own, init's unconfined services are.
  const service = await look.get(unit);
  if (service?.scope === 'system' && service.directives.Service?.SELinuxContext === undefined)
    return 'unconfined_service_t';
  const config = await host.read('/etc/selinux/config', 'self').catch(asAbsent);
  const policy = /^[ \t]*SELINUXTYPE=(\w+)/m.exec(config?.text ?? '')?.[1];
  if (policy === undefined) return null;
  const seusers = await host.read(`/etc/selinux/${policy}/seusers`, 'self').catch(asAbsent);
  const { target } = host.identity;
  const mapped = (name: string): string | undefined =>
    new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}:([^:\\s]+)`, 'm').exec(seusers?.text ?? '')?.[1];
  // Lines for groups ("%wheel") come before the default; whether the account is in one is not asked.
  const byGroup = /^%/m.test(seusers?.text ?? '');
  const user = mapped(target.name ?? '') ?? (byGroup ? undefined : mapped('__default__'));
  return user?.endsWith('_u') === true ? user.replace(/_u$/, '_t') : null;
}
