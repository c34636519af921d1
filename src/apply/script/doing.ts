import type { Step } from '../../model/plan.ts';
import { isNamed, mayStep, NOT_ROOTS } from '../../rights/rights.ts';
import { visible } from '../../text/visible.ts';
import { Refused } from '../disk/refused.ts';
import { componentsOf } from '../disk/walk.ts';
import { refuseOddDirectory } from '../steps/directory.ts';
import { refuseOddMode } from '../steps/edit.ts';
import { refuseOpening } from '../steps/mode.ts';
import { refuseNever } from '../steps/run.ts';
import { refuseOddValue } from '../steps/sysctl.ts';
import type { ScriptFor } from './made-for.ts';
import { BeyondShell } from './shell-word.ts';
import { wayTo } from './way.ts';

/**
 * Who does a step in the script: root's shell, or one that has become the target. The rules are those of the apply room.
 * Throws Refused for what bk-doctor would refuse as well, and BeyondShell for what a shell cannot do safely.
 */
export async function doerOf(step: Exclude<Step, { do: 'tell' }>, made: ScriptFor): Promise<'root' | 'target'> {
  const { host } = made;
  const { self, target } = host.identity;
  const asRoot = step.as === 'root' || (step.as === 'self' && self.uid === 0) || target.uid === 0;
  refuseOdd(step);
  if (!asRoot) return 'target';
  if (!mayStep(step, made.rights))
    throw new Refused(`root does not do this for ${target.name ?? `uid ${target.uid}`}: ${NOT_ROOTS}`);
  if (step.do === 'adopt') throw new BeyondShell('a shell follows names, which others can change meanwhile');
  if (step.do === 'sysctl') return 'root';
  const paths = step.do === 'run' ? pathsIn(step.argv) : [step.path];
  for (const path of paths) {
    const { exclusive, holder } = await wayTo(path, host);
    if (exclusive) continue;
    // What lies in a directory of the target's is the target's to change, even in a step of root's.
    if (target.uid !== 0 && holder === target.uid && isChange(step) && !isNamed(path, made.rights.named))
      return 'target';
    throw new BeyondShell(`others can write the directory of ${visible(path)}, or lead the way to it elsewhere`);
  }
  return 'root';
}

const isChange = (step: Step): boolean => step.do === 'edit' || step.do === 'directory' || step.do === 'remove';

/** Paths among the words of a command. */
function pathsIn(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word) => /^(?:-[^=]*=)?(\/.*)$/s.exec(word)?.[1] ?? []);
}

function refuseOdd(step: Exclude<Step, { do: 'tell' }>): void {
  if ('path' in step) componentsOf(step.path);
  if (step.do === 'edit' && step.expects === null) refuseOddMode(step);
  if (step.do === 'directory') refuseOddDirectory(step);
  if (step.do === 'mode') refuseOpening(step, (step.to & 0o1000) !== 0);
  if (step.do === 'adopt') componentsOf(step.tree);
  if (step.do === 'sysctl') refuseOddValue(step);
  if (step.do === 'run') refuseNever(step.argv);
}
