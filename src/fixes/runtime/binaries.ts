import type { BinariesEvidence } from '../../checks/runtime/binaries.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { quoted } from '../quoted.ts';

/** Names the package of what is missing, and installs it only where the person says so. */
export const supplyBinaries: Fix<NoNeeds, BinariesEvidence> = {
  needs: {},
  title: 'Install what is missing',
  plan(problems) {
    return problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const { install, lacks, configure, path, program, advice } = evidence;
      if (configure !== null)
        return [
          {
            for: [index],
            risk: 'safe',
            until: 'restart',
            steps: configSteps(
              configure,
              configure.values.map(({ key, value }) => ({ change: 'set', path: key.split('.'), value })),
            ),
          },
        ];
      if (lacks !== null && path !== null)
        return [
          { for: [index], risk: 'manual', steps: [tell(`As the owner of the file: chmod ${lacks} ${quoted(path)}`)] },
        ];
      if (install === null) return advice === null ? [] : [{ for: [index], risk: 'manual', steps: [tell(advice)] }];
      if (install.argv === null || severity === 'info')
        return [
          {
            for: [index],
            risk: 'manual',
            steps: [tell(install.argv === null ? install.text : `As root: ${install.text}`)],
          },
        ];
      const steps: readonly Step[] = [
        {
          do: 'run',
          as: 'root',
          argv: install.argv,
          undo: null,
          why: `Install ${install.package ?? program}, which has ${program}`,
        },
      ];
      return [
        {
          for: [index],
          risk: 'risky',
          consequence: `The package ${install.package ?? program} and what it depends on are installed from this system's repositories, and stay when this is undone.`,
          steps,
        },
      ];
    });
  },
};
