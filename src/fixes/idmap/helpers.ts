import type { HelpersEvidence } from '../../checks/idmap/helpers.ts';
import { container } from '../../facts/confinement/container.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { unitEdit } from '../../facts/rights/unit-edit.ts';
import { installedHelpers } from '../../facts/start/idmap-helpers.ts';
import type { FactsOf, Position, Problem } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { installation, installOn } from '../install.ts';
import { isLater, loosened, unitAdvice } from '../service/unit.ts';
import { restorePrivilege, withoutSetuid } from './helper-privilege.ts';
import { boundedSetuidWords, capabilityWords, noNewPrivsWords, pathWords, remountWords } from './helper-words.ts';

const needs = {
  helpers: installedHelpers,
  os: optional(osRelease),
  container: optional(container),
  edit: optional(unitEdit),
};
type Facts = FactsOf<typeof needs>;

/** Gives newuidmap and newgidmap back the privilege that their package gives them. */
export const restoreHelpers: Fix<typeof needs, HelpersEvidence> = {
  needs,
  title: 'Restore the privilege of newuidmap and newgidmap',
  plan: (problems, facts) =>
    problems.flatMap(({ evidence, at }, index) =>
      evidence.obstacle === 'missing' ? install(problems, index, facts) : [treat(evidence, at, index, facts)],
    ),
};

/** One package brings both. */
function install(problems: readonly Problem<HelpersEvidence>[], index: number, { os }: Facts): readonly Treatment[] {
  const wanted = problems.map(({ evidence: { helpers, obstacle } }) => {
    const [name] = helpers;
    return obstacle === 'missing' && name !== undefined ? installOn(name, os) : null;
  });
  const own = wanted[index];
  if (own == null) return [];
  const all = wanted.flatMap((other, at) => (other?.package === own.package ? [at] : []));
  const treatment = installation(all, own, 'newuidmap and newgidmap');
  if (treatment === null) return [advice([index], own.text)];
  return all[0] === index ? [treatment] : [];
}

function treat(
  { helpers, path, obstacle, lacks, unit }: HelpersEvidence,
  at: Position | undefined,
  index: number,
  facts: Facts,
): Treatment {
  const helper = facts.helpers[helpers[0] ?? 'newuidmap'];
  const inside = facts.container.value?.kind ?? null;
  const around = { distribution: facts.os, inside, suseLevel: facts.helpers.suseLevel };
  const point = helper.mount?.point ?? '/';
  switch (obstacle) {
    case 'no-new-privs':
      if (unit === undefined) return advice([index], noNewPrivsWords(inside));
      return facts.edit.value == null || isLater(at)
        ? advice([index], ...unitAdvice(unit, at))
        : loosened(facts.edit.value, [index], [unit], 'privileges');
    case 'outside-path':
      return advice([index], pathWords(path ?? ''));
    case 'noexec':
      return advice([index], remountWords(point, 'exec', inside));
    case 'nosuid':
      return facts.os.value?.id === 'nixos'
        ? restorePrivilege(index, helper, around)
        : advice([index], remountWords(point, 'suid', inside));
    case 'bounding-set':
      return advice([index], capabilityWords(lacks[0] ?? '', inside));
    case 'setuid-and-capabilities':
      return withoutSetuid(index, helper, around) ?? restorePrivilege(index, helper, around);
    case 'setuid-without-capabilities':
      return advice([index], boundedSetuidWords(helper.name, path ?? '', lacks[0] ?? '', inside));
    case 'missing':
    case 'not-executable':
    case 'unprivileged':
      return restorePrivilege(index, helper, around);
  }
}
