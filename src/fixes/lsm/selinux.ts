import type { SelinuxEvidence } from '../../checks/lsm/selinux.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

/** Restores or writes labels; SELinux itself stays as it is. */
export const relabel: Fix<NoNeeds, SelinuxEvidence> = {
  needs: {},
  title: 'Give files the labels that the SELinux policy wants',
  plan: (problems) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      if (severity === 'info' && evidence.kind !== 'no-policy') return [];
      const { path, label, expected } = evidence;
      // The policy knows a better label for this very place: restorecon only writes what it says.
      if (evidence.kind === 'cache-label' && path?.startsWith('/var/lib/buildkit') && differs(label, expected))
        return [
          {
            for: [index],
            risk: 'safe',
            steps: [
              {
                do: 'run',
                as: 'root',
                argv: ['restorecon', '-RF', path],
                undo: label === null ? null : ['chcon', '-R', label, path],
                why: 'Write the labels that the policy has for this directory',
              },
            ],
          },
        ];
      return [advice([index], ...adviceFor(evidence))];
    }),
};

function differs(label: string | null, expected: string | null): boolean {
  const type = (text: string): string => text.split(':')[2] ?? '';
  return label !== null && expected !== null && type(label) !== type(expected) && type(expected) !== 'default_t';
}

function adviceFor({ kind, path, label, expected }: SelinuxEvidence): readonly string[] {
  const at = quoted(path ?? '');
  const denials = 'See what was refused:\nausearch -m avc -ts recent';
  switch (kind) {
    case 'kernel':
      return ['Run Linux 5.13 or later, or use fuse-overlayfs (packages fuse-overlayfs and fuse3).'];
    case 'program-label':
      return [
        'As root, install the policy:\ndnf install container-selinux',
        differs(label, expected)
          ? `As root, restore its label:\nrestorecon -Fv ${at}`
          : `Install buildkitd in /usr/local/bin (and run restorecon -Fv /usr/local/bin/buildkitd), or as root label it where it is:\nsemanage fcontext -a -t container_runtime_exec_t ${at} && restorecon -Fv ${at}`,
      ];
    case 'cache-label':
      return [
        'As root, install the policy:\ndnf install container-selinux policycoreutils-python-utils',
        `As root, label the directory as BuildKit's own:\nsemanage fcontext -a -e /var/lib/buildkit ${at} && restorecon -RFv ${at}`,
        denials,
      ];
    case 'set-and-off':
      return [
        'Remove selinux = true below [worker.oci] in buildkitd.toml (or --oci-worker-selinux), and restart buildkitd.',
      ];
    case 'no-policy':
      return ['As root, install it:\ndnf install container-selinux', denials];
  }
}
