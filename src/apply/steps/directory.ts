import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { findChild, type Handle, openChild, permissionsOf, statOf, syncDirectory } from '../disk/handle.ts';
import { isPermitted, isTargetsPlace, refuseForeignFile } from '../disk/places.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { componentsOf, walk } from '../disk/walk.ts';
import type { Acted, StepKind, StepOf, Work } from '../disk/work.ts';

type DirectoryStep = StepOf<'directory'>;
export interface PreparedDirectory {
  /** The components that are made, top first; the last one is the step's path. */
  readonly made: readonly string[];
}

/** Makes a directory, and those above it that do not exist, all with the same mode and owner. */
export const directory: StepKind<DirectoryStep, PreparedDirectory> = {
  async prepare(step, work) {
    return orRefuse(step.path, () => {
      refuseOdd(step, work);
      const walked = walk(step.path, work.uid);
      try {
        if (walked.missing.length > 0) {
          refuseUnsafeParent(walked, step, work);
          return { made: walked.missing };
        }
        const stat = statOf(walked.directory);
        const holds =
          stat.uid === BigInt(step.owner.uid) &&
          stat.gid === BigInt(step.owner.gid) &&
          permissionsOf(stat) === step.mode;
        if (holds) return 'already';
        throw new Refused(`${visible(step.path)} exists by now, with another owner or mode than was planned`, [
          step.path,
        ]);
      } finally {
        walked.directory.close();
      }
    });
  },

  async act(step, { made }, work): Promise<Acted> {
    return orRefuse(step.path, () => {
      const walked = walk(step.path, work.uid);
      try {
        refuseUnsafeParent(walked, step, work);
        if (walked.missing.length !== made.length)
          throw new Refused(`${visible(step.path)} is no longer what the plan saw`, [step.path]);
        const [top = ''] = made;
        removeTempTree(walked.directory, work.temp, made);
        makeTree(walked.directory, work.temp, made, step);
        // Whole and in one moment: nobody sees, or gets into, a tree that is half made.
        const other = findChild(walked.directory, top);
        other?.close();
        if (other !== null) throw new Refused(`${visible(step.path)} came into being meanwhile`, [step.path]);
        fs.renameSync(`${walked.directory.path}/${work.temp}`, `${walked.directory.path}/${top}`);
        syncDirectory(walked.directory);
        return { leftAlone: [] };
      } catch (error) {
        removeTempTree(walked.directory, work.temp, made);
        throw error;
      } finally {
        walked.directory.close();
      }
    });
  },

  async standing(step, { made }, work) {
    return orRefuse(step.path, () => {
      const walked = walk(step.path, work.uid);
      try {
        if (walked.missing.length >= made.length) return 'before';
        if (walked.missing.length > 0) {
          refuseFilled(step.path, made.slice(0, made.length - walked.missing.length), walked.missing.length, work);
          return 'after';
        }
        const stat = statOf(walked.directory);
        const same =
          stat.uid === BigInt(step.owner.uid) &&
          stat.gid === BigInt(step.owner.gid) &&
          permissionsOf(stat) === step.mode;
        if (!same) throw new Refused(`the owner or mode of ${visible(step.path)} was changed since`, [step.path]);
        refuseFilled(step.path, made, 0, work);
        return 'after';
      } finally {
        walked.directory.close();
      }
    });
  },

  async takeBack(step, { made }, work) {
    await orRefuse(step.path, () => {
      refuseOdd(step, work);
      for (let depth = made.length; depth > 0; depth--) {
        const parts = componentsOf(step.path).slice(0, componentsOf(step.path).length - made.length + depth);
        const walked = walk(`/${parts.slice(0, -1).join('/')}`, work.uid);
        try {
          if (walked.missing.length > 0) continue;
          if (depth === 1) removeTempTree(walked.directory, work.temp, made);
          removeEmpty(walked.directory, parts.at(-1) ?? '');
          syncDirectory(walked.directory);
        } finally {
          walked.directory.close();
        }
      }
    });
  },
};

export function refuseOddDirectory(step: DirectoryStep): void {
  if ((step.mode & 0o6002) !== 0 || step.mode > 0o1777)
    throw new Refused(`a directory is not made with the mode ${step.mode.toString(8)}`, [step.path]);
}

function refuseOdd(step: DirectoryStep, work: Work): void {
  refuseOddDirectory(step);
  refuseForeignFile(step.path, work);
  if (work.uid === 0) {
    if (step.owner.uid !== 0 && !isTargetsPlace(step.path, work))
      throw new Refused(`root makes no directory of another account at ${visible(step.path)}`, [step.path]);
  } else if (step.owner.uid !== work.uid)
    throw new Refused(`only root can make ${visible(step.path)} belong to uid ${step.owner.uid}`, [step.path]);
}

function refuseUnsafeParent(
  { directory: parent, trusted }: { directory: Handle; trusted: boolean },
  step: DirectoryStep,
  work: Work,
): void {
  if (trusted) return;
  const stat = statOf(parent);
  const rootsOwn = stat.uid === 0n && (stat.mode & 0o022n) === 0n;
  if (work.uid === 0 && (isPermitted(step.path, work) || (rootsOwn && isTargetsPlace(step.path, work)))) return;
  throw new Refused(
    `${visible(step.path)} is not made: another account can write the directory that it would be in, or one above it`,
    [step.path],
  );
}

/** Made closed to others, then given away from the innermost outwards, through handles held all the while. */
function makeTree(parent: Handle, temp: string, made: readonly string[], step: DirectoryStep): void {
  const handles: Handle[] = [];
  try {
    let above = parent;
    for (const name of [temp, ...made.slice(1)]) {
      fs.mkdirSync(`${above.path}/${name}`, { mode: 0o700 });
      above = openChild(above, name);
      handles.push(above);
    }
    for (const handle of handles.toReversed()) {
      const stat = statOf(handle);
      if (!stat.isDirectory()) throw new Refused(`${visible(step.path)} was replaced meanwhile`, [step.path]);
      if (stat.uid !== BigInt(step.owner.uid) || stat.gid !== BigInt(step.owner.gid))
        fs.chownSync(handle.path, step.owner.uid, step.owner.gid);
      fs.chmodSync(handle.path, step.mode);
      if (permissionsOf(statOf(handle)) !== step.mode)
        throw new Refused(`${visible(step.path)} cannot be given the mode ${step.mode.toString(8)}`, [step.path]);
      syncDirectory(handle);
    }
  } finally {
    for (const handle of handles) handle.close();
  }
}

function removeEmpty(parent: Handle, name: string): void {
  try {
    fs.rmdirSync(`${parent.path}/${name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** What a killed run left of a tree that was not yet in its place. */
function removeTempTree(parent: Handle, temp: string, made: readonly string[]): void {
  const path = [temp, ...made.slice(1)];
  for (let depth = path.length; depth > 0; depth--) {
    let above: Handle | null = parent;
    for (const name of path.slice(0, depth - 1)) {
      const next: Handle | null = above === null ? null : findChild(above, name);
      if (above !== parent) above?.close();
      above = next;
    }
    if (above === null) continue;
    removeEmpty(above, path[depth - 1] ?? '');
    if (above !== parent) above.close();
  }
}

/** `gone`: so many of the innermost directories are no longer there. */
function refuseFilled(path: string, made: readonly string[], gone: number, work: Work): void {
  const parts = componentsOf(path).slice(0, componentsOf(path).length - gone);
  for (let up = 0; up < made.length; up++) {
    const at = `/${parts.slice(0, parts.length - up).join('/')}`;
    const walked = walk(at, work.uid);
    try {
      const other = fs.readdirSync(walked.directory.path).find((name) => up === 0 || name !== made[made.length - up]);
      if (other !== undefined) throw new Refused(`${visible(at)} was filled since: it holds ${visible(other)}`, [at]);
    } finally {
      walked.directory.close();
    }
  }
}
