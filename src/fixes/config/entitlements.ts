import { joinKey } from '../../buildkit/config/schema-tree.ts';
import { adviceOnEntitlement, entitlementNamed, meantEntitlement } from '../../buildkit/entitlements.ts';
import type { EntitlementsEvidence } from '../../checks/config/entitlements.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { identity } from '../../facts/target/identity.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { type Correction, NOTHING } from './corrections.ts';
import { planTried } from './trials.ts';

const needs = { config: configFile, settings, edit: configEdit, identity };

/** Writes the real name of an entitlement, which then counts. */
export const correctEntitlements: Fix<typeof needs, EntitlementsEvidence> = {
  title: 'Write the real name of an entitlement',
  needs,
  plan: (problems, facts) => planTried(problems, facts, (problem) => correctionOf(problem, facts)),
};

function correctionOf(
  { condition, evidence: { name, index } }: Problem<EntitlementsEvidence>,
  { config, settings: options, identity: { mode } }: FactsOf<typeof needs>,
): Correction {
  if (condition !== 'entitlement.unknown') return NOTHING;
  const meant = meantEntitlement(name);
  const known = entitlementNamed(name);
  const advice =
    known === null
      ? adviceOnEntitlement(name, meant)
      : `${name} is known from ${known.since} on${index === null ? ' (as a flag, device from v0.24.0 on)' : ''}; remove it, or install a newer BuildKit.`;
  if (meant === null || index === null) return { ...NOTHING, advice };
  const entry = config.content.values.find(({ path }) => joinKey(path) === 'insecure-entitlements');
  const path = [...(entry?.written ?? ['insecure-entitlements']), String(index)];
  if (options.entitlements.value.includes(meant)) return { ...NOTHING, advice, changes: [{ change: 'remove', path }] };
  return {
    ...NOTHING,
    advice,
    changes: [{ change: 'set', path, value: meant }],
    consequence: entitlementNamed(meant)?.consequence[mode] ?? null,
  };
}
