import type { HelpersEvidence } from '../../checks/idmap/helpers.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';

/** Gives newuidmap and newgidmap back the privilege that their package gives them. */
export const restoreHelpers: Fix<NoNeeds, HelpersEvidence> = {
  needs: {},
  title: 'Restore the privilege of newuidmap and newgidmap',
  plan: (problems) => problems.flatMap((_, index) => treatmentsFor(problems, index)),
};

function treatmentsFor(problems: readonly Problem<HelpersEvidence>[], index: number): readonly Treatment[] {
  const evidence = problems[index]?.evidence;
  if (evidence === undefined) return [];
  const { path, repair } = evidence;
  switch (repair.how) {
    case 'manual':
      return [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: repair.text }] }];
    case 'install': {
      const { argv, package: name, text, program } = repair.install;
      // One package brings both.
      const all = problems.flatMap(({ evidence: { repair: other } }, at) =>
        other.how === 'install' && other.install.package === name ? [at] : [],
      );
      if (argv === null) return [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text }] }];
      if (all[0] !== index) return [];
      return [
        {
          for: all,
          risk: 'risky',
          consequence: `The package ${name ?? program} and what it depends on are installed from this system's repositories, and stay when this is undone.`,
          steps: [
            {
              as: 'root',
              do: 'run',
              argv,
              undo: null,
              why: `Install ${name ?? program}, which has newuidmap and newgidmap`,
            },
          ],
        },
      ];
    }
    case 'capability':
      return path === null
        ? []
        : [{ for: [index], risk: 'safe', steps: [setCapability(path, repair.set, repair.previous)] }];
    case 'mode': {
      if (path === null) return [];
      const { from, to, dropCapabilities } = repair;
      const drop: readonly Step[] =
        dropCapabilities === null
          ? []
          : [
              {
                as: 'root',
                do: 'run',
                argv: ['setcap', '-r', path],
                undo: ['setcap', dropCapabilities, path],
                why: `Take off the file capability ${dropCapabilities}, which stands in the way of the setuid bit`,
              },
            ];
      return [{ for: [index], risk: 'safe', steps: [...drop, { as: 'root', do: 'mode', path, from, to }] }];
    }
  }
}

function setCapability(path: string, set: string, previous: string | null): Step {
  return {
    as: 'root',
    do: 'run',
    argv: ['setcap', set, path],
    undo: previous === null ? ['setcap', '-r', path] : ['setcap', previous, path],
    why: `Give the file the capability that its package gives it (${set})`,
  };
}
