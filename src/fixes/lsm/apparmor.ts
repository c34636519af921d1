import type { ApparmorEvidence } from '../../checks/lsm/apparmor.ts';
import { container } from '../../facts/confinement/container.ts';
import { refusingProfile } from '../../facts/start/refusing-profile.ts';
import { clauseFor } from '../../knowledge/engines.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { rulesFor } from './profile-rules.ts';

const needs = { container: optional(container), refusing: optional(refusingProfile) };

/** A profile is put on from outside: only who starts the container can choose another. */
export const freeFromProfile: Fix<typeof needs, ApparmorEvidence> = {
  needs,
  title: 'Start the container under a profile that allows mounts',
  plan: (problems, { container: inside, refusing }) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] =>
      severity === 'info'
        ? []
        : evidence.forSteps === true
          ? [
              advice(
                [index],
                `Remove apparmor-profile below [worker.oci] in buildkitd.toml (or --oci-worker-apparmor-profile), or load the profile ${evidence.profile} where AppArmor is active (apparmor_parser -r FILE).`,
              ),
            ]
          : refusing.value?.name === evidence.profile && refusing.value.at !== null
            ? [advice([index], rulesFor(refusing.value))]
            : [
                advice(
                  [index],
                  `Start the container without the profile ${evidence.profile}: ${clauseFor(inside.value?.kind ?? 'other', 'no-apparmor')}`,
                ),
              ],
    ),
};
