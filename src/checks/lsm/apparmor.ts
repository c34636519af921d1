import { wasTried } from '../../facts/cache/snapshotter-trial.ts';
import { confinement, isMountDenying } from '../../facts/confinement/apparmor.ts';
import { type ContainerKind, container } from '../../facts/confinement/container.ts';
import { namespace } from '../../facts/start/namespace.ts';
import type { Check, Examined } from '../../model/decide.ts';
import type { NamespaceAnswer, Outcome } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';

export interface ApparmorEvidence {
  readonly profile: string;
  readonly container: ContainerKind | null;
  /** What was refused. */
  readonly refused: readonly string[];
}

const needs = { confinement, container: optional(container), namespace: optional(namespace) };

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
  conditions: ['apparmor.mount-denied'],
  needs,
  examine({ confinement: { profile, mode }, container: inside, namespace: tried }) {
    if (profile === null || mode === 'unconfined' || mode === 'complain') return { problems: [], unseen: [] };
    const answer = tried.value;
    const kind = inside.value?.kind ?? null;
    const report = (
      severity: 'error' | 'info',
      message: string,
      refused: readonly string[],
    ): Examined<ApparmorEvidence> => ({
      problems: [
        {
          condition: 'apparmor.mount-denied',
          severity,
          subject: profile,
          message,
          evidence: { profile, container: kind, refused },
        },
      ],
      unseen: [],
    });
    const refused = answer === undefined ? [] : refusals(answer);
    const mounted = answer?.launch.ok === true && answer.bindReadOnly?.ok === true;
    if (mounted && refused.length === 0) return { problems: [], unseen: [] };
    if (refused.length > 0)
      return report(
        answer?.launch.ok === true && refused.every((what) => what === 'mounting overlayfs') ? 'info' : 'error',
        `The AppArmor profile ${profile} confines this place, and ${refused.join(', ')} was refused (permission denied).`,
        refused,
      );
    if (isMountDenying(profile))
      return report('error', `The AppArmor profile ${profile} confines this place, and it denies every mount.`, []);
    return { problems: [], unseen: tried.unseen === undefined ? [] : [tried.unseen] };
  },
};
