import { CONDITIONS } from '../../knowledge/conditions.ts';
import type { Catalog, CatalogEntry } from '../../model/catalog.ts';
import type { Condition } from '../../model/decide.ts';

/** A check as `list` and `show` tell it. */
export interface ListedCheck {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly decides: boolean;
  readonly conditions: readonly Condition[];
  /** Null: only a person can mend it. */
  readonly fix: string | null;
  readonly docs: string;
}
export interface ListedCondition {
  readonly id: Condition;
  readonly definition: string;
  /** Which checks can find it; none where only a log shows it. */
  readonly checks: readonly string[];
}

function listed({ check, fix }: CatalogEntry): ListedCheck {
  const { id, title, why, decides, conditions } = check;
  return { id, title, why, decides, conditions, fix: fix?.title ?? null, docs: `docs/checks/${id}.md` };
}

export function allChecks(catalog: Catalog): readonly ListedCheck[] {
  return catalog.map(listed);
}

export function allConditions(catalog: Catalog): readonly ListedCondition[] {
  return (Object.entries(CONDITIONS) as [Condition, string][]).map(([id, definition]) => ({
    id,
    definition,
    checks: catalog.filter(({ check }) => check.conditions.includes(id)).map(({ check }) => check.id),
  }));
}
