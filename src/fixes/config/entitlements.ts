import type { EntitlementsEvidence } from '../../checks/config/entitlements.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { planEdits } from './edits.ts';

/** Writes the real name of an entitlement, which then counts. */
export const correctEntitlements: Fix<NoNeeds, EntitlementsEvidence> = {
  needs: {},
  title: 'Write the real name of an entitlement',
  plan: planEdits,
};
