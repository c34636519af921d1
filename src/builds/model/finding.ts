import type { Condition } from '../../knowledge/conditions.ts';
import type { Severity } from '../../model/decide.ts';
import type { Place } from './request.ts';

/** What a build needs in place of what it has. */
export interface Needs {
  readonly frontend?: string;
  readonly buildkit?: string;
  readonly engine?: string;
  readonly entitlement?: string;
  readonly flag?: string;
  readonly platform?: string;
}

/** One thing that a build will not do, or not as it is meant. */
export interface Finding extends Place {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly message: string;
  readonly needs: Needs;
  readonly remedy: readonly string[];
}
