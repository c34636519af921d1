import type { FileRepair, RangesEvidence } from '../../checks/idmap/ranges.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';

/** Gives the user a free range of 65536 ids in both files and takes out lines that nothing could ever use. */
export const giveRanges: Fix<NoNeeds, RangesEvidence> = {
  needs: {},
  title: 'Give the user subordinate ids',
  plan(problems) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { repair } = evidence;
      // One repair mends both files for every problem; it is planned once.
      const same = (other: number): boolean =>
        JSON.stringify(problems[other]?.evidence.repair) === JSON.stringify(repair);
      const all = problems.map((_, at) => at).filter(same);
      if (all[0] !== index) return [];
      if (repair.how === 'manual')
        return [
          {
            for: all,
            risk: 'manual' as const,
            steps: [{ as: 'root' as const, do: 'tell' as const, text: repair.text }],
          },
        ];
      return [{ for: all, risk: 'safe', steps: repair.files.flatMap(stepsFor) }];
    });
  },
};

function stepsFor({ path, expects, remove, replace, append }: FileRepair): readonly Step[] {
  const file = { as: 'root', do: 'edit', path, expects, mode: 0o644, owner: { uid: 0, gid: 0 } } as const;
  if (expects === null) return [{ ...file, edit: { edit: 'whole', text: append.map((line) => `${line}\n`).join('') } }];
  return [
    ...remove.map((line): Step => ({ ...file, edit: { edit: 'replace-line', line, by: null } })),
    ...replace.map(([line, by]): Step => ({ ...file, edit: { edit: 'replace-line', line, by } })),
    ...append.map((line): Step => ({ ...file, edit: { edit: 'append', line } })),
  ];
}
