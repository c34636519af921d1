import type { By } from '../../facts/confinement/unit-mounts.ts';

const LONGEST = 100;
const MOST = 6;

/** A directive as it stands in the unit. */
export function written({ option, value }: By): string {
  return `${option}=${value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}`;
}

/** The first few names, and how many more there are. */
export function listed(names: readonly string[]): string {
  return names.length > MOST ? `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more` : names.join(', ');
}
