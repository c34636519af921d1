import { type Directives, lastOf } from '../target/directives.ts';
import { type By, byOf } from './unit-mounts.ts';

/** A limit that a unit sets; a limit of null is none at all. */
export interface UnitLimit {
  readonly soft: number | null;
  readonly hard: number | null;
  readonly by: By;
}

const POWERS = 'KMGTPE';

/** parse_size of systemd, to the base of 1024; null: no number. */
function sizeOf(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*([KMGTPE]?)B?$/.exec(text.trim());
  if (found === null) return null;
  const unit = found[2] ?? '';
  return Math.floor(Number(found[1]) * 1024 ** (unit === '' ? 0 : POWERS.indexOf(unit) + 1));
}

/** `LimitNAME=SOFT:HARD`, "infinity" being none; undefined: not set, or not understood. */
export function limitOf(unit: Directives, option: string, section = 'Service'): UnitLimit | undefined {
  const directive = lastOf(unit, option, section);
  if (directive === null) return undefined;
  const [soft = '', hard = soft] = directive.value.split(':');
  const value = (text: string): number | null | undefined =>
    text.trim() === 'infinity' ? null : (sizeOf(text) ?? undefined);
  const [low, high] = [value(soft), value(hard)];
  return low === undefined || high === undefined ? undefined : { soft: low, hard: high, by: byOf(option, directive) };
}

/** A limit of the unit's control group; `whole` is what a percentage is of. Null: none, or not understood. */
export function groupLimitOf(
  unit: Directives,
  options: readonly string[],
  whole: number | null,
  section = 'Service',
): { readonly limit: number; readonly by: By } | null {
  let tightest: { readonly limit: number; readonly by: By } | null = null;
  for (const option of options) {
    const directive = lastOf(unit, option, section);
    if (directive === null) continue;
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(directive.value)?.[1];
    const limit =
      percent === undefined ? sizeOf(directive.value) : whole && Math.floor((whole * Number(percent)) / 100);
    if (limit === null || (tightest !== null && tightest.limit <= limit)) continue;
    tightest = { limit, by: byOf(option, directive) };
  }
  return tightest;
}
