import { session } from '../../facts/start/session.ts';
import { unitState } from '../../facts/start/unit-state.ts';
import { lastOf, listOf } from '../../facts/target/directives.ts';
import { identity } from '../../facts/target/identity.ts';
import { unit } from '../../facts/target/unit.ts';
import type { Check } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

/** What the unit needs of the account's session. */
export interface ServiceSessionEvidence {
  readonly kind: 'ends-at-logout' | 'directory-of-a-login';
  readonly unit: string;
  readonly linger: boolean;
  readonly path: string | null;
}

const needs = { identity, session, unit, state: optional(unitState) };

export const serviceSession: Check<typeof needs, ServiceSessionEvidence> = {
  id: 'service/session',
  title: 'The service does not end with a login',
  why: 'The systemd of a user ends with the last session unless the account lingers, and /run/user/UID with it: a daemon that needs either ends at logout, and is not there after a boot.',
  decides: false,
  conditions: ['systemd.user-session'],
  needs,
  examine({ identity: { target }, session, unit, state }) {
    if (!session.systemd) return { notApplicable: 'systemd is not the init of this system' };
    if (unit === null) return { notApplicable: 'no systemd unit starts buildkitd for this account' };
    if (session.linger !== false || target.uid === 0) return { problems: [], unseen: [] };
    const found = findings<ServiceSessionEvidence>();
    const who = target.name ?? `uid ${target.uid}`;
    const evidence = { unit: unit.name, linger: false, path: null };
    if (unit.scope === 'user')
      found.add(
        'systemd.user-session',
        'info',
        who,
        state.value == null
          ? `${unit.name} belongs to the systemd of ${who}, which runs only while ${who} is logged in: lingering is not enabled`
          : `${unit.name} is started by the user's own systemd, which ends when ${who} logs out: lingering is not enabled`,
        { ...evidence, kind: 'ends-at-logout' },
      );
    const ofLogin = `/run/user/${target.uid}`;
    const brought = ['Requires', 'BindsTo', 'Wants'].some((key) =>
      listOf(unit.directives, key, 'Unit').some(({ value }) => value.includes(`user@${target.uid}.service`)),
    );
    if (
      unit.scope === 'system' &&
      unit.environment.XDG_RUNTIME_DIR === ofLogin &&
      lastOf(unit.directives, 'PAMName') === null &&
      !brought
    )
      found.add(
        'systemd.user-session',
        'warning',
        who,
        `${unit.name} needs ${ofLogin}, which is there only while ${who} is logged in: a boot starts it without, and a logout takes it away`,
        { ...evidence, kind: 'directory-of-a-login', path: ofLogin },
        listOf(unit.directives, 'Environment').findLast(({ value }) => value.includes('XDG_RUNTIME_DIR='))?.at,
      );
    return { problems: found.problems, unseen: [] };
  },
};
