import type { SpaceEvidence } from '../../checks/storage/space.ts';
import { settings } from '../../facts/config/settings.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { instance } from '../../facts/start/instance.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

const needs = { settings, instance: optional(instance), binaries: optional(binaries) };

/** Makes room by BuildKit's own pruning, where a buildkitd runs that can do it; else says where to look. */
export const makeRoom: Fix<typeof needs, SpaceEvidence> = {
  needs,
  title: 'Make room for the cache',
  plan(problems, facts) {
    const prune = pruneStep(facts);
    return problems.map(({ evidence }, index): Treatment => {
      if (evidence.kind === 'policy' || prune === null) return advice([index], adviceFor(evidence));
      return {
        for: [index],
        risk: 'risky',
        consequence: 'Everything in the build cache that no running build uses is deleted, and cannot be brought back.',
        steps: [prune],
      };
    });
  },
};

/** Null where no buildkitd runs, or it cannot be asked. */
function pruneStep({ settings: options, instance: live, binaries: programs }: FactsOf<typeof needs>): Step | null {
  const socket = options.addresses.value.find((address) => address.startsWith('unix://'));
  const buildctl = programs.value?.buildctl;
  if (live.value?.running !== true || buildctl?.executable !== true || socket === undefined) return null;
  const argv = [buildctl.path, '--addr', socket, 'prune'];
  return { do: 'run', as: 'target', argv, undo: null, why: 'Delete unused build cache' };
}

function adviceFor({ kind, path, mount }: SpaceEvidence): string {
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
