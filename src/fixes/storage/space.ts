import type { SpaceEvidence } from '../../checks/storage/space.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { quoted } from '../quoted.ts';

/** Makes room by BuildKit's own pruning, where a buildkitd runs that can do it; else says where to look. */
export const makeRoom: Fix<NoNeeds, SpaceEvidence> = {
  needs: {},
  title: 'Make room for the cache',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { kind, prune, path } = evidence;
      if (kind !== 'policy' && prune !== null)
        return [
          {
            for: [index],
            risk: 'risky',
            consequence:
              'Everything in the build cache that no running build uses is deleted, and cannot be brought back.',
            steps: [
              {
                do: 'run',
                as: 'target',
                argv: [prune.buildctl, '--addr', prune.address, 'prune'],
                undo: null,
                why: 'Delete unused build cache',
              },
            ],
          },
        ];
      return [{ for: [index], risk: 'manual', steps: [tell(advice(kind, path, evidence.mount))] }];
    }),
};

function advice(kind: SpaceEvidence['kind'], path: string, mount: string | null): string {
  const at = quoted(mount ?? path);
  switch (kind) {
    case 'bytes':
      return `See what uses it: du -xh -d 2 ${at} | sort -h | tail; or put the cache on a larger disk: root = "DIRECTORY" in buildkitd.toml.`;
    case 'inodes':
      return `See what uses them: du -x --inodes -d 2 ${at} | sort -n | tail; or put the cache on another file system: root = "DIRECTORY" in buildkitd.toml.`;
    case 'quota':
      return `See what is used: quota -s; ask the administrator for more (edquota), or put the cache elsewhere: root = "DIRECTORY" in buildkitd.toml.`;
    case 'policy':
      return 'Write limits below [worker.oci] that fit the file system, for example: reservedSpace = "10%", maxUsedSpace = "60%", minFreeSpace = "20%".';
  }
}
