import type { PermissionEvidence, ProfileEvidence } from '../../checks/userns/permission.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';
import { sysctlTreatments } from './sysctl-steps.ts';

/** Sets the kernel's switch, or gives rootlesskit an AppArmor profile of its own. */
export const permitUserns: Fix<NoNeeds, PermissionEvidence> = {
  needs: {},
  title: 'Let rootlesskit create user namespaces',
  plan: (problems) => problems.flatMap(({ evidence }, index) => treatmentsFor(evidence, index)),
};

function treatmentsFor(evidence: PermissionEvidence, index: number): readonly Treatment[] {
  switch (evidence.cause) {
    case 'told':
      return [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: evidence.text }] }];
    case 'sysctl':
      return sysctlTreatments(index, evidence.sysctl);
    case 'apparmor': {
      const own = profileTreatment(index, evidence.profile);
      if (own !== null) return [own];
      if (evidence.sysctl === null) return [];
      return sysctlTreatments(index, evidence.sysctl).map((treatment) =>
        treatment.risk === 'manual'
          ? treatment
          : {
              ...treatment,
              risk: 'risky',
              consequence:
                'Every program of every user may then create user namespaces with full capabilities inside, which Ubuntu forbids because many kernel exploits begin so.',
            },
      );
    }
  }
}

function profileTreatment(index: number, { binary, load, write, parser, writable }: ProfileEvidence): Treatment | null {
  if (parser === null) return null;
  const loadStep = (path: string, undo: readonly string[] | null): Step => ({
    as: 'root',
    do: 'run',
    argv: [parser, '-r', '-W', path],
    undo,
    why: `Load the profile for ${binary} into the kernel`,
  });
  if (load !== null) return { for: [index], risk: 'safe', steps: [loadStep(load, null)] };
  if (write === null) return null;
  const attachment = attachmentOf(binary);
  if (attachment === null) return null;
  const steps: readonly Step[] = [
    {
      as: 'root',
      do: 'edit',
      path: write.path,
      expects: write.digest,
      edit: { edit: 'whole', text: profileText(write.name, attachment) },
      mode: 0o644,
      owner: { uid: 0, gid: 0 },
    },
    loadStep(write.path, [parser, '-R', write.path]),
  ];
  return writable === null
    ? { for: [index], risk: 'safe', steps }
    : {
        for: [index],
        risk: 'risky',
        consequence: `${writable} can be changed by another account than root, so whoever can write it can put any program at ${binary} and let it create user namespaces.`,
        steps,
      };
}

/** Quoted, with every character that means something in a pattern taken literally (apparmor.d(5)); null: it cannot be written so. */
function attachmentOf(binary: string): string | null {
  // Variables are expanded before escapes are looked at, and control characters end a line.
  if (/[\u0000-\u001f\u007f]|@\{/.test(binary)) return null;
  if (/^[\w./+-]+$/.test(binary)) return binary;
  return `"${binary.replace(/[\\"*?[\]{}^]/g, '\\$&')}"`;
}

function profileText(name: string, attachment: string): string {
  return `# Written by bk-doctor: lets rootlesskit create user namespaces; it is not confined otherwise.
abi <abi/4.0>,
include <tunables/global>

profile ${/^[\w.+-]+$/.test(name) ? name : `"${name}"`} ${attachment} flags=(unconfined) {
  userns,

  include if exists <local/${name}>
}
`;
}
