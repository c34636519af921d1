import { catalog } from '../catalog.ts';
import { CONDITIONS } from '../knowledge/conditions.ts';
import type { CatalogEntry } from '../model/catalog.ts';

/** A check as `list` and `show` tell it. */
export interface ListedCheck {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly decides: boolean;
  readonly conditions: readonly string[];
  /** Null: only a person can mend it. */
  readonly fix: string | null;
  readonly docs: string;
}
export interface ListedCondition {
  readonly id: string;
  readonly definition: string;
  /** Which checks can find it; none where only a log shows it. */
  readonly checks: readonly string[];
}

function listed({ check, fix }: CatalogEntry): ListedCheck {
  const { id, title, why, decides, conditions } = check;
  return { id, title, why, decides, conditions, fix: fix?.title ?? null, docs: `docs/checks/${id}.md` };
}

export function allChecks(): readonly ListedCheck[] {
  return catalog.map(listed);
}

export function allConditions(): readonly ListedCondition[] {
  return Object.entries(CONDITIONS).map(([id, definition]) => ({
    id,
    definition,
    checks: catalog.filter(({ check }) => check.conditions.includes(id)).map(({ check }) => check.id),
  }));
}
