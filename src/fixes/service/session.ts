import type { ServiceSessionEvidence } from '../../checks/service/session.ts';
import { runtimeName } from '../../checks/service/setup-units.ts';
import { type UnitEdit, unitEdit } from '../../facts/rights/unit-edit.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { USUAL_NAME } from '../../facts/target/unit.ts';
import type { Account } from '../../model/look.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { enableLinger } from '../runtime/session-runtime.ts';
import { dropIn, reread } from './drop-in.ts';

const needs = { identity, session, edit: optional(unitEdit) };

/** A unit of the user's needs an account that lingers; one of the system's gets a directory of its own. */
export const keepSession: Fix<typeof needs, ServiceSessionEvidence> = {
  needs,
  title: 'Keep the session that the unit needs',
  plan(problems, { identity: { target }, session, edit }) {
    const { loginctl } = session;
    const { name } = target;
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { kind, unit } = evidence;
      if (kind === 'directory-of-a-login' && edit.value != null) {
        return [{ for: [index], risk: 'safe', until: 'restart', steps: giveRuntime(edit.value, unit, target) }];
      }
      if (name === null) return [];
      const why = `Keep the systemd of ${name}, and with it buildkitd, running after logout`;
      if (loginctl === null) return [advice([index], `${why}, as root:\nloginctl enable-linger ${name}`)];
      return [{ for: [index], risk: 'safe', steps: [enableLinger(loginctl, name, why)] }];
    });
  },
};

/** A runtime directory that systemd makes for the unit, and that nobody else can enter. */
export function giveRuntime(edit: UnitEdit, unit: string, account: Account): readonly Step[] {
  const directory = runtimeName(USUAL_NAME, account);
  const lines = [
    `RuntimeDirectory=${directory}`,
    'RuntimeDirectoryMode=0700',
    `Environment=XDG_RUNTIME_DIR=/run/${directory}`,
  ];
  return reread(edit, dropIn(edit, unit, 'session', { Service: lines }));
}
