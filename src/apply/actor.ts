import type { Step } from '../model/plan.ts';
import { statOf } from './disk/handle.ts';
import { isPermitted } from './disk/places.ts';
import { Refused } from './disk/refused.ts';
import { walk } from './disk/walk.ts';
import type { ApplyContext } from './journal/types.ts';

/** Whose process does a deed: this one, or one that becomes the target. Throws Refused where neither may. */
export function actorOf(step: Step, context: ApplyContext): 'self' | 'target' {
  const { self, target } = context.identity;
  if (self.uid !== 0) {
    if (step.as === 'root') throw new Refused('this needs root');
    if (step.as === 'target' && target.uid !== self.uid)
      throw new Refused(`only root can act as ${target.name ?? `uid ${target.uid}`}`);
    return 'self';
  }
  if (target.uid === 0) return 'self';
  if (step.as === 'target') return 'target';
  return isTargetsOwn(step, context) ? 'target' : 'self';
}

/** What would be made or changed inside a directory of the target's is the target's to do, even in a step of root's. */
function isTargetsOwn(step: Step, { identity, permitted }: ApplyContext): boolean {
  if (step.do !== 'edit' && step.do !== 'directory' && step.do !== 'remove') return false;
  if (isPermitted(step.path, { permitted })) return false;
  const { directory } = walk(step.do === 'directory' ? step.path : parentOf(step.path), 0);
  try {
    return statOf(directory).uid === BigInt(identity.target.uid);
  } finally {
    directory.close();
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
