import { wasTried } from '../../facts/cache/snapshotter-trial.ts';
import { settings, stepsOf } from '../../facts/config/settings.ts';
import { confinement, isMountDenying, loadedProfiles } from '../../facts/confinement/apparmor.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { refusingProfile } from '../../facts/start/refusing-profile.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { NamespaceAnswer, Outcome } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';

export interface ApparmorEvidence {
  readonly profile: string;
  /** It is the one that RUN steps are to get, and not the one of this place. */
  readonly forSteps?: true;
  /** What was refused. */
  readonly refused: readonly string[];
}

const needs = {
  confinement,
  namespace: optional(namespace),
  settings: optional(settings),
  loaded: optional(loadedProfiles),
  refusing: optional(refusingProfile),
};

/** AppArmor refuses with EACCES where the kernel itself would say EPERM (apparmor(7)); profiles of LXC make it EPERM too. */
function refusals(answer: NamespaceAnswer): readonly string[] {
  const parts: readonly (readonly [string, Outcome | null | undefined])[] = [
    ['the start of the namespaces', answer.launch],
    ['mounting proc', answer.proc],
    ['mounting overlayfs', answer.overlay],
    ['a read-only bind mount', answer.bindReadOnly],
  ];
  return parts.flatMap(([name, outcome]) =>
    wasTried(outcome) && !outcome.ok && (outcome.errno === 'EACCES' || /permission denied/i.test(outcome.message))
      ? [name]
      : [],
  );
}

export const lsmApparmor: Check<typeof needs, ApparmorEvidence> = {
  id: 'lsm/apparmor',
  title: 'No AppArmor profile forbids mounts here',
  why: 'A build mounts layers and a fresh /proc for each step; the default profiles of container engines deny every mount.',
  decides: false,
  conditions: ['apparmor.mount-denied', 'apparmor.not-available'],
  needs,
  examine(facts) {
    const {
      confinement: { profile, mode },
      namespace: tried,
    } = facts;
    const found = findings<ApparmorEvidence>();
    const { problems, unseen, add } = found;
    judgeSteps(facts, found);
    judgeAttached(facts, found);
    if (profile === null || mode === 'unconfined' || mode === 'complain') return { problems, unseen };
    const answer = tried.value;
    // A namespace of users that is refused for want of the rule for it is no mount.
    if (facts.refusing.value?.rule === 'userns') return found;
    const refused = answer === undefined ? [] : refusals(answer);
    const mounted = answer?.launch.ok === true && answer.bindReadOnly?.ok === true;
    const confines = `The AppArmor profile ${profile} confines this place, and`;
    if (refused.length > 0)
      add(
        'apparmor.mount-denied',
        answer?.launch.ok === true && refused.every((what) => what === 'mounting overlayfs') ? 'info' : 'error',
        profile,
        `${confines} ${refused.join(', ')} was refused (permission denied).`,
        { profile, refused },
      );
    else if (mounted) return { problems, unseen };
    else if (isMountDenying(profile))
      add('apparmor.mount-denied', 'error', profile, `${confines} it denies every mount.`, { profile, refused });
    else if (tried.unseen !== undefined) unseen.push(tried.unseen);
    return { problems, unseen };
  },
};

/** The profile that is put on rootlesskit alone. */
function judgeAttached({ refusing }: FactsOf<typeof needs>, { add }: Findings<ApparmorEvidence>): void {
  const by = refusing.value;
  if (by?.rule !== 'mount' || by.binary === null) return;
  add(
    'apparmor.mount-denied',
    'error',
    by.name,
    `The AppArmor profile ${by.name} confines ${by.binary}, and has no rule for mounts: the start of the namespaces was refused (permission denied).`,
    { profile: by.name, refused: ['the start of the namespaces'] },
    by.at ?? undefined,
  );
}

/** The profile that every RUN step is to get. */
function judgeSteps({ settings, loaded }: FactsOf<typeof needs>, { add, unseen }: Findings<ApparmorEvidence>): void {
  const setting = settings.value && stepsOf(settings.value).apparmorProfile;
  const profile = setting?.value ?? '';
  if (setting === undefined || profile === '') return;
  if (loaded.value === undefined) {
    if (loaded.unseen !== undefined) unseen.push(loaded.unseen);
    return;
  }
  const { active, names } = loaded.value;
  if (active && names === null && profile !== 'unconfined')
    unseen.push({
      why: `whether the profile ${profile} is loaded is shown to root only`,
      command: 'sudo cat /sys/kernel/security/apparmor/profiles',
    });
  if (active && (names === null || profile === 'unconfined' || names.includes(profile))) return;
  add(
    'apparmor.not-available',
    'error',
    setting.key,
    `${setting.key} names the profile ${profile}, and ${active ? 'it is not loaded' : 'AppArmor is not active here'}: every RUN step fails.`,
    { profile, refused: [], forSteps: true },
    setting.at,
  );
}
