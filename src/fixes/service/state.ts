import type { StateEvidence } from '../../checks/service/state.ts';
import { unitEdit } from '../../facts/rights/unit-edit.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { systemctl } from './drop-in.ts';

const needs = { edit: optional(unitEdit) };

/** Enables what is there; what failed is started again by the person who mended it. */
export const enableUnit: Fix<typeof needs, StateEvidence> = {
  needs,
  title: 'Enable the unit, and say how it is started again',
  plan(problems, { edit }) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { kind, unit, scope } = evidence;
      if (unit === null) return [advice([index], 'Make a service of it:\nbk-doctor setup --dry-run\nbk-doctor setup')];
      const call = scope === 'user' ? 'systemctl --user' : 'sudo systemctl';
      const journal = `journalctl ${scope === 'user' ? '--user ' : ''}--unit ${unit} --boot --lines 60 | bk-doctor explain`;
      switch (kind) {
        case 'disabled': {
          const place = edit.value ?? null;
          if (place === null || !place.runs) return [advice([index], `Enable it:\n${call} enable ${unit}`)];
          const step = systemctl(
            place,
            ['enable', unit],
            ['disable', unit],
            `Let ${unit} start at every boot or login`,
          );
          return [{ for: [index], risk: 'safe', steps: [step] }];
        }
        case 'failed':
        case 'loop':
          return [
            advice([index], `Mend what its journal names, and start it anew:\n${journal}\n${call} restart ${unit}`),
          ];
        case 'not-running':
          return [advice([index], `Start it:\n${call} start ${unit}`)];
        default:
          return [advice([index], `Start it anew when no build runs:\n${call} daemon-reload\n${call} restart ${unit}`)];
      }
    });
  },
};
