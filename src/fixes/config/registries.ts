import type { RegistriesEvidence } from '../../checks/config/registries.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { planEdits } from './edits.ts';

/** Drops schemes from mirrors and gives registry tables the name that is looked up. */
export const correctRegistries: Fix<NoNeeds, RegistriesEvidence> = {
  needs: {},
  title: 'Write registries and mirrors as buildkitd reads them',
  plan: planEdits,
};
