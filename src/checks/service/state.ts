import { instance } from '../../facts/start/instance.ts';
import { session } from '../../facts/start/session.ts';
import { isInTrouble, type UnitJournal, type UnitState, unitJournal, unitState } from '../../facts/start/unit-state.ts';
import { identity } from '../../facts/target/identity.ts';
import { type Unit, unit } from '../../facts/target/unit.ts';
import type { Check } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';

/** What the manager says, as far as it matters. */
export interface StateEvidence {
  readonly kind: 'missing' | 'failed' | 'loop' | 'disabled' | 'not-running' | 'stale';
  readonly unit: string | null;
  readonly scope: Unit['scope'] | null;
  readonly active: string | null;
  readonly result: string | null;
  readonly restarts: number;
  /** A condition that its journal shows. */
  readonly cause: string | null;
}

const needs = {
  identity,
  session,
  unit,
  state: optional(unitState),
  journal: optional(unitJournal),
  instance: optional(instance),
};

/** The files that a unit is enabled by, where it can be. */
const NOT_STARTED = new Set(['disabled', 'linked', 'bad']);

export const serviceState: Check<typeof needs, StateEvidence> = {
  id: 'service/state',
  title: 'The systemd unit is enabled and runs',
  why: 'A unit that failed, that is started again and again, or that nothing starts at a boot is no build service, although the host could have one.',
  decides: false,
  conditions: [
    'service.missing',
    'service.failed',
    'service.restart-loop',
    'service.not-enabled',
    'service.not-running',
    'service.stale',
  ],
  needs,
  examine({ identity, session, unit, state, journal, instance }) {
    if (!session.systemd) return { notApplicable: 'systemd is not the init of this system' };
    const found = findings<StateEvidence>();
    const evidence = { unit: null, scope: null, active: null, result: null, restarts: 0, cause: null };
    const { target } = identity;
    if (unit === null) {
      const who = target.name ?? `uid ${target.uid}`;
      found.add(
        'service.missing',
        'info',
        who,
        `no systemd unit starts buildkitd for ${who}: it runs only while somebody has started it (bk-doctor setup makes a service of it)`,
        { ...evidence, kind: 'missing' },
      );
      return { problems: found.problems, unseen: [] };
    }
    if (state.unseen !== undefined) found.unseen.push(state.unseen);
    if (state.value == null) return { problems: found.problems, unseen: found.unseen };
    judge(found, unit, state.value, journal.value ?? null);
    const newer = instance.value?.running === true ? instance.value.newer : [];
    if (newer.length > 0)
      found.add(
        'service.stale',
        'info',
        unit.name,
        `buildkitd was started before ${newer.join(' and ')} changed: it works by what stood there before`,
        { ...evidence, kind: 'stale', unit: unit.name, scope: unit.scope, active: state.value.active },
      );
    return { problems: found.problems, unseen: found.unseen };
  },
};

function judge(
  found: Findings<StateEvidence>,
  { name, scope, directives }: Unit,
  state: UnitState,
  journal: UnitJournal | null,
): void {
  const { active, result, restarts, file, sub } = state;
  const evidence = { unit: name, scope, active, result, restarts, cause: journal?.cause?.condition ?? null };
  if (isInTrouble(state)) {
    const why = reasonWords(journal);
    if (active === 'failed' && journal?.stopped === true)
      found.add('service.failed', 'info', name, `${name} is "failed" since it was stopped (${result})`, {
        ...evidence,
        kind: 'failed',
      });
    else if (active === 'failed')
      found.add('service.failed', 'warning', name, `${name} has failed (${result})${why}`, {
        ...evidence,
        kind: 'failed',
      });
    else
      found.add(
        'service.restart-loop',
        'warning',
        name,
        `systemd has started ${name} ${restarts + 1} times, and it ends every time (${result}${sub === '' ? '' : `, ${sub}`})${why}`,
        { ...evidence, kind: 'loop' },
      );
  } else if (active === 'inactive')
    found.add('service.not-running', 'info', name, `${name} does not run`, { ...evidence, kind: 'not-running' });
  const canBe = directives.Install !== undefined;
  if (canBe && NOT_STARTED.has(file))
    found.add(
      'service.not-enabled',
      'info',
      name,
      `${name} is not enabled: after a boot${scope === 'user' ? ' or login' : ''} nothing starts it`,
      { ...evidence, kind: 'disabled' },
    );
}

function reasonWords(journal: UnitJournal | null): string {
  if (journal === null) return '';
  const said = journal.cause?.excerpt ?? journal.last;
  if (said === null) return '';
  return `; its journal says "${said}"${journal.cause === null ? '' : ` (${journal.cause.condition})`}`;
}
