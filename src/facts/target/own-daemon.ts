import type { Flags } from '../../buildkit/flags.ts';
import type { Fact, Request } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { changedSince, type Daemon, daemons } from './daemon.ts';
import { type Unit, unit } from './unit.ts';

/** The target's buildkitd that runs and is meant; null when none does, or those that run are others than the question's. */
export const ownDaemon: Fact<Daemon | null> = {
  id: 'own-daemon',
  async read(look) {
    const [running, service] = await Promise.all([look.get(daemons), look.get(unit)]);
    const meant = running.filter((daemon) => service === null || isOf(daemon, service));
    const [only] = meant;
    if (meant.length < 2 || only === undefined) return only ?? null;
    const asked = meant.filter(({ buildkitd }) => fits(buildkitd.flags, look.request));
    const plain = asked.find(({ buildkitd: { flags } }) => flags.root === undefined && flags.config === undefined);
    return plain ?? asked[0] ?? null;
  },
};

/** Did this unit start it? */
function isOf({ cgroups, buildkitd }: Daemon, { name, buildkitd: wanted }: Unit): boolean {
  return cgroups.includes(name) || JSON.stringify(buildkitd.args) === JSON.stringify(wanted.args);
}

/** Of several, those that have what the person named. */
const fits = ({ root, config, addr }: Flags, request: Request): boolean =>
  (request.root === null || root?.at(-1) === request.root) &&
  (request.config === null || config?.at(-1) === request.config) &&
  (request.addresses === null || request.addresses.every((address) => addr?.includes(address) === true));

/** Its unit was changed after it was started: what the unit says now is what the next start will do. */
export const unitIsNewer: Fact<boolean> = {
  id: 'unit-is-newer',
  async read(look) {
    const [daemon, service] = await Promise.all([look.get(ownDaemon), look.get(unit)]);
    if (daemon === null || service === null) return false;
    const stats = await Promise.all(service.files.map((file) => look.host.stat(file, 'target').catch(asAbsent)));
    return stats.some((stat) => changedSince(stat, daemon));
  },
};

/** The daemon whose start is the next start too. */
export const tellingDaemon: Fact<Daemon | null> = {
  id: 'telling-daemon',
  read: async (look) =>
    look.request.daemonless === true || (await look.get(unitIsNewer)) ? null : look.get(ownDaemon),
};
