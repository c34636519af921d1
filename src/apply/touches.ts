import type { Step } from '../model.ts';
import { isWithin } from './places.ts';
import { pathOf } from './steps/sysctl.ts';

/** The path that a step changes something at, or below; null when it names none. */
export function touchedBy(step: Step): string | null {
  switch (step.do) {
    case 'edit':
    case 'directory':
    case 'remove':
    case 'owner':
    case 'mode':
      return step.path;
    case 'adopt':
      return step.tree;
    case 'sysctl':
      return pathOf(step.key);
    case 'run':
    case 'tell':
      return null;
  }
}

/** Does taking back the one depend on what the other left? */
export function meet(one: Step, other: Step): boolean {
  const a = touchedBy(one);
  const b = touchedBy(other);
  if (a === null || b === null) return false;
  if (isWithin(a, b) && isWithin(b, a)) return true;
  // The owner of a directory says nothing about what is in it; that it was made, or everything in it given away, does.
  return (holds(one) && isWithin(b, a)) || (holds(other) && isWithin(a, b));
}

const holds = (step: Step): boolean => step.do === 'directory' || step.do === 'adopt';
