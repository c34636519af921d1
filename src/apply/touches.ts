import type { Json } from '../model/look.ts';
import type { Step } from '../model/plan.ts';
import { isWithin } from './disk/places.ts';
import { componentsOf } from './disk/walk.ts';
import { pathOf } from './steps/sysctl.ts';

/** A deed as the journal has it. */
export interface Done {
  readonly step: Step;
  readonly prepared: Json;
}

/** The path that a deed changed something at, or below; null when it names none. */
export function touchedBy({ step, prepared }: Done): string | null {
  switch (step.do) {
    case 'edit':
    case 'remove':
    case 'owner':
    case 'mode':
      return step.path;
    case 'directory':
      return topOf(step.path, prepared);
    case 'adopt':
      return step.tree;
    case 'sysctl':
      return pathOf(step.key);
    case 'run':
    case 'tell':
      return null;
  }
}

/** The outermost directory that was made. */
function topOf(path: string, prepared: Json): string {
  const made = typeof prepared === 'object' && prepared !== null && 'made' in prepared ? prepared.made : [];
  const count = Array.isArray(made) ? Math.max(1, made.length) : 1;
  const parts = componentsOf(path);
  return `/${parts.slice(0, parts.length - count + 1).join('/')}`;
}

/** Does taking back the one depend on what the other left? */
export function meet(one: Done, other: Done): boolean {
  const a = touchedBy(one);
  const b = touchedBy(other);
  if (a === null || b === null) return false;
  if (isWithin(a, b) && isWithin(b, a)) return true;
  // The owner of a directory says nothing about what is in it; that it was made, or everything in it given away, does.
  return (holds(one.step) && isWithin(b, a)) || (holds(other.step) && isWithin(a, b));
}

const holds = (step: Step): boolean => step.do === 'directory' || step.do === 'adopt';

/** Can what the earlier deed left not be seen while the later one stands? */
export function masks(later: Done, earlier: Done): boolean {
  if (!meet(later, earlier)) return false;
  // Owner and mode are told apart, and an edit keeps both.
  const isOwned = earlier.step.do === 'owner' || earlier.step.do === 'mode';
  const keeps = later.step.do === 'edit' || later.step.do === 'owner' || later.step.do === 'mode';
  return !(isOwned && keeps && later.step.do !== earlier.step.do);
}
