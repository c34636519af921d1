import { outerIds, type RangesEvidence } from '../../checks/idmap/ranges.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { subids } from '../../facts/start/subids.ts';
import { accounts } from '../../facts/target/accounts.ts';
import { identityByUid } from '../../facts/target/identity-by-uid.ts';
import { loginDefs } from '../../facts/target/login-defs.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { accountWords } from './account-words.ts';
import { type FileRepair, repairRanges } from './ranges-repair.ts';

const needs = {
  identity: identityByUid,
  subids,
  accounts,
  login: loginDefs,
  place: sysctlPlace,
  status: optional(processStatus),
  namespace: optional(namespace),
};

/** Gives the user a free range of 65536 ids in both files and takes out lines that nothing could ever use. */
export const giveRanges: Fix<typeof needs, RangesEvidence> = {
  needs,
  title: 'Give the user subordinate ids',
  plan(problems, facts) {
    const ofAccount = problems.flatMap(({ condition }, at) => (condition === 'idmap.user-lookup-failed' ? [at] : []));
    const ofRanges = problems.flatMap((_, at) => (ofAccount.includes(at) ? [] : [at]));
    const { identity, accounts, place } = facts;
    return [
      ...ofAccount.map((at) => advice([at], accountWords(identity.target, accounts, place.container))),
      ...(ofRanges.length === 0 ? [] : [repairAll(ofRanges, facts)]),
    ];
  },
};

/** One repair mends both files for every problem. */
function repairAll(problems: readonly number[], facts: FactsOf<typeof needs>): Treatment {
  const { identity, subids, accounts, login, place, status, namespace } = facts;
  const repair = repairRanges({
    subids,
    target: identity.target,
    accounts,
    login,
    outer: outerIds(status.value),
    system: place.system,
    engine: place.container,
    // Where getsubids is used, it finds the new range and the files are not read.
    readsFiles: subids.dynamic === null && namespace.value?.launch.ok !== true,
  });
  if (typeof repair === 'string') return advice(problems, repair);
  return { for: problems, risk: 'safe', steps: repair.flatMap(stepsFor) };
}

function stepsFor({ path, expects, remove, replace, append }: FileRepair): readonly Step[] {
  const file = { as: 'root', do: 'edit', path, expects, mode: 0o644, owner: { uid: 0, gid: 0 } } as const;
  if (expects === null) return [{ ...file, edit: { edit: 'whole', text: append.map((line) => `${line}\n`).join('') } }];
  return [
    ...remove.map((line): Step => ({ ...file, edit: { edit: 'replace-line', line, by: null } })),
    ...replace.map(([line, by]): Step => ({ ...file, edit: { edit: 'replace-line', line, by } })),
    ...append.map((line): Step => ({ ...file, edit: { edit: 'append', line } })),
  ];
}
