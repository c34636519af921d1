import { asRead, type ServiceSetup, serviceSetup } from '../../facts/rights/service-setup.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { ownDaemon } from '../../facts/target/own-daemon.ts';
import { request } from '../../facts/target/request.ts';
import { unit } from '../../facts/target/unit.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';
import { servicePlan } from './setup-units.ts';

/** What lacks of the service that is wanted, or is left of the one that is not. */
export interface SetupEvidence {
  readonly kind:
    | 'no-systemd'
    | 'no-programs'
    | 'no-manager'
    | 'other-unit'
    | 'by-hand'
    | 'differs'
    | 'not-up'
    | 'complaint'
    | 'present';
  readonly unit: string;
  /** Units whose files, or whose state, are not as they are to be. */
  readonly units: readonly string[];
  /** A process, a unit or a line that is in the way. */
  readonly other: string | null;
}

const needs = {
  identity,
  request,
  session,
  unit,
  setup: serviceSetup,
  daemon: optional(ownDaemon),
};

/** Only where `bk-doctor setup` asks for it. */
export const serviceSetupCheck: Check<typeof needs, SetupEvidence> = {
  id: 'service/setup',
  title: 'The service is there as it is wanted, enabled, and runs',
  why: 'A host that is ready is no build service yet: somebody has to start buildkitd, at every boot and whenever it ended.',
  decides: false,
  conditions: ['service.missing', 'service.present', 'service.refused'],
  needs,
  examine(facts) {
    const { setup } = facts;
    if (setup === null) return { notApplicable: 'nobody asked for a service' };
    const found = findings<SetupEvidence>();
    const { wish } = setup;
    const unit = `${wish.name}.service`;
    const lack = wish.remove ? leftover(setup) : (obstacle(facts, setup) ?? lacking(facts, setup));
    if (lack !== null) {
      const { kind, message, units = [], other = null } = lack;
      const evidence = { kind, unit, units, other };
      found.add(wish.remove ? 'service.present' : 'service.missing', 'error', unit, message, evidence);
    }
    if (lack === null || lack.kind === 'differs' || lack.kind === 'not-up')
      for (const other of wish.remove ? [] : setup.complaints)
        found.add('service.refused', 'warning', unit, `systemd-analyze verify says: ${other}`, {
          kind: 'complaint',
          unit,
          units: [],
          other,
        });
    return { problems: found.problems, unseen: [] };
  },
};

/** The first thing that is not as it is wanted. */
interface Lack {
  readonly kind: SetupEvidence['kind'];
  readonly message: string;
  readonly units?: readonly string[];
  readonly other?: string;
}
type Facts = FactsOf<typeof needs>;

const isOrAre = (names: readonly unknown[]): string => (names.length === 1 ? 'is' : 'are');

function leftover({ files, place }: ServiceSetup): Lack | null {
  const units = Object.entries(files).flatMap(([one, file]) => (file === null ? [] : [one]));
  if (units.length === 0) return null;
  return { kind: 'present', message: `${units.join(', ')} ${isOrAre(units)} in ${place?.directory ?? ''}`, units };
}

/** What keeps a service from being made. */
function obstacle({ identity, request, session, unit, daemon }: Facts, setup: ServiceSetup): Lack | null {
  const { wish, place } = setup;
  const name = `${wish.name}.service`;
  const plan = servicePlan(setup, identity, request);
  const who = identity.target.name ?? `uid ${identity.target.uid}`;
  if (plan === null)
    return {
      kind: 'no-programs',
      message:
        identity.mode === 'rootful'
          ? 'A service needs buildkitd, which is not here'
          : 'A service needs rootlesskit and buildkitd, which are not both here',
    };
  if (!session.systemd || place === null)
    return {
      kind: 'no-systemd',
      message:
        'systemd is not the init of this system, so that nothing is written: whatever supervises services here has to start buildkitd',
      other: plan.command,
    };
  if (unit !== null && (unit.name !== name || unit.scope !== place.scope))
    return {
      kind: 'other-unit',
      message: `${unit.path} starts buildkitd for this account already, with the same state directory as ${name} would`,
      other: unit.name,
    };
  const running = daemon.value ?? null;
  if (running !== null && !running.cgroups.includes(name))
    return {
      kind: 'by-hand',
      message: `a buildkitd of this account runs that ${name} did not start (pid ${running.pid}): it holds the state directory`,
      other: String(running.pid),
    };
  if (!place.runs && (place.scope === 'system' || !setup.logind || identity.self.uid !== 0))
    return {
      kind: 'no-manager',
      message:
        place.scope === 'user'
          ? `the systemd of ${who} does not run: it is started by a login, or for an account that lingers`
          : 'the manager of the system does not answer',
      other: place.scope,
    };
  return null;
}

/** What of the units is not as it is to be. */
function lacking({ identity, request }: Facts, setup: ServiceSetup): Lack | null {
  const { files, states } = setup;
  const plan = servicePlan(setup, identity, request);
  if (plan === null) return null;
  const units = plan.units
    .filter(({ name, text }) => asRead(files[name]?.text ?? '') !== asRead(text))
    .map(({ name }) => name);
  if (units.length > 0) {
    const changed = units.filter((one) => files[one] != null);
    const [first] = changed;
    const text = plan.units.find(({ name }) => name === first)?.text ?? '';
    const message =
      first === undefined
        ? `${units.join(', ')} ${isOrAre(units)} not there yet`
        : `${changed.join(' and ')} ${isOrAre(changed)} there already, and setup would write ${otherLine(files[first]?.text ?? '', text)}`;
    return { kind: 'differs', message, units };
  }
  const down = [
    ...plan.enabled.filter((one) => !/^(?:enabled|static)/.test(states[one]?.file ?? '')),
    ...plan.started.filter((one) => states[one]?.active !== 'active'),
  ];
  const off = [...new Set(down)];
  if (off.length === 0) return null;
  return {
    kind: 'not-up',
    message: `${off.join(' and ')} ${isOrAre(off)} there, and not enabled and running`,
    units: off,
  };
}

/** The first line that is another one. */
function otherLine(is: string, written: string): string {
  const wanted = asRead(written);
  const there = new Set(asRead(is).split('\n'));
  const asked = new Set(wanted.split('\n'));
  const missing = [...asked].find((line) => !there.has(line));
  const extra = [...there].find((line) => !asked.has(line));
  return missing === undefined ? `it without "${extra ?? ''}"` : `"${missing}" in it`;
}
