import * as fs from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Owner } from '../../model/plan.ts';
import { visible } from '../../text/visible.ts';
import { type Adopter, createAdopter, owns } from '../adopt/adopter.ts';
import { adoptedOwner, whyLeftAlone } from '../adopt/foreign.ts';
import { createLinkCount } from '../adopt/link-count.ts';
import { isSameObject, type Logged, readLog } from '../adopt/log.ts';
import { createRemarks, type Remarks } from '../adopt/remarks.ts';
import { bytes, legible, openBelow, refuseOtherMount, type TreeEntry, visitTree } from '../adopt/tree.ts';
import { findChild, type Handle, mountIdOf, statOf } from '../disk/handle.ts';
import { identityOf, isThatObject, type ObjectIdentity } from '../disk/object-identity.ts';
import { refuseForeignPlace } from '../disk/places.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { runTool } from '../disk/tools.ts';
import { walk } from '../disk/walk.ts';
import type { Standing, StepKind, StepOf, Work } from '../disk/work.ts';

type AdoptStep = StepOf<'adopt'>;
/** The tree itself. */
export type PreparedAdopt = ObjectIdentity;
const EVERY = 2000;

/** Gives what is foreign in a tree to its owner, entry by entry, each through its own handle. */
export const adopt: StepKind<AdoptStep, PreparedAdopt> = {
  async prepare(step, work) {
    if (work.uid !== 0) throw new Refused(`only root can change owners below ${visible(step.tree)}`, [step.tree]);
    if (step.to.uid !== work.target.uid)
      throw new Refused(`what is below ${visible(step.tree)} is given to the target alone`, [step.tree]);
    return withTree(step, work, null, async (tree) => {
      const seen: { foreign: boolean } = { foreign: false };
      const stop = new Error('found');
      try {
        await visitTree(
          tree,
          ({ stat }) => {
            if (adoptedOwner(stat, step.allowed, step.only, step.to) === null) return;
            seen.foreign = true;
            throw stop;
          },
          () => {},
        );
      } catch (error) {
        if (error !== stop) throw error;
      }
      const stat = statOf(tree);
      const own = adoptedOwner({ uid: Number(stat.uid), gid: Number(stat.gid) }, step.allowed, step.only, step.to);
      if (!seen.foreign && own === null) return 'already';
      return identityOf(tree);
    });
  },

  act(step, prepared, work, backup, report) {
    return withTree(step, work, prepared, async (tree) => {
      const remarks = createRemarks(step.tree);
      const adopter = createAdopter(tree, step, work, backup, remarks);
      let done = 0;
      const links = createLinkCount();
      try {
        await visitTree(
          tree,
          async (entry) => {
            if (++done % EVERY === 0) {
              report(done);
              await breathe();
            }
            const to = adoptedOwner(entry.stat, step.allowed, step.only, step.to);
            if (to !== null) consider(entry, to, tree, adopter, links, remarks);
          },
          remarks.add,
        );
        adopter.flush();
        for (const { path, to, ino } of links.complete(remarks))
          reconsider(tree, path, to, ino, adopter, links.since, remarks);
        const stat = statOf(tree);
        const own = adoptedOwner({ uid: Number(stat.uid), gid: Number(stat.gid) }, step.allowed, step.only, step.to);
        if (own !== null) adopter.take({ handle: tree, path: '', to: own, stat });
        adopter.flush();
        report(done);
      } finally {
        adopter.close();
      }
      return { leftAlone: remarks.sentences() };
    });
  },

  standing(step, prepared, work, backup) {
    return withTree(step, work, prepared, (tree) => {
      let standing: Standing = 'before';
      readLog(backup, prepared.boot, (entry) => {
        withLogged(tree, step, entry, work, (_handle, stat) => {
          if (owns(stat, entry.from)) return;
          if (!isSameObject(entry, stat, wasReplaced(step, entry, work)) || !owns(stat, entry.to))
            throw changedSince(step, entry);
          standing = 'after';
        });
      });
      return standing;
    });
  },

  takeBack(step, prepared, work, backup) {
    return withTree(step, work, prepared, (tree) => {
      readLog(backup, prepared.boot, (entry) => {
        withLogged(tree, step, entry, work, (handle, stat) => {
          if (isSameObject(entry, stat, wasReplaced(step, entry, work)) && owns(stat, entry.to))
            fs.chownSync(handle.path, entry.from.uid, entry.from.gid);
        });
      });
      // All of it at once: each alone would take hours in a large tree.
      runTool('sync', ['-f', '/proc/self/fd/3'], {
        descriptors: [tree.fd],
        transaction: work.transaction,
        timeoutMs: 300_000,
      });
    });
  },
};

async function withTree<T>(
  step: AdoptStep,
  work: Work,
  prepared: PreparedAdopt | null,
  task: (tree: Handle) => T | Promise<T>,
): Promise<T> {
  return orRefuse(step.tree, async () => {
    refuseForeignPlace(step.tree, work);
    const { directory, missing } = walk(step.tree, work.uid);
    try {
      if (missing.length > 0) throw new Refused(`${visible(step.tree)} is not there`, [step.tree]);
      const stat = statOf(directory);
      if (prepared !== null && !isThatObject(stat, prepared))
        throw new Refused(`${visible(step.tree)} was replaced since`, [step.tree]);
      return await task(directory);
    } finally {
      directory.close();
    }
  });
}

function consider(
  { directory, name, path }: TreeEntry,
  to: Owner,
  tree: Handle,
  adopter: Adopter,
  links: ReturnType<typeof createLinkCount>,
  remarks: Remarks,
): void {
  const handle = findChild(directory, bytes(name));
  if (handle === null) return;
  const stat = statOf(handle);
  const why = mountIdOf(handle) === mountIdOf(tree) ? whyLeftAlone(stat) : 'another mount';
  if (why === null && (stat.isDirectory() || stat.nlink === 1n)) {
    adopter.take({ handle, path, to, stat });
    return;
  }
  handle.close();
  if (why !== null) remarks.add(path, `is ${why}`);
  else links.count(path, to, stat);
}

/** A file with several names, all of which were seen inside the tree. */
function reconsider(
  tree: Handle,
  path: string,
  to: Owner,
  ino: string,
  adopter: Adopter,
  since: bigint,
  remarks: Remarks,
): void {
  const handle = openBelow(tree, path);
  if (handle === null) return;
  const stat = statOf(handle);
  // A name that was added, moved or removed since we began shows in the time of the last change.
  if (String(stat.ino) !== ino || stat.ctimeNs >= since || mountIdOf(handle) !== mountIdOf(tree)) {
    handle.close();
    remarks.add(path, 'has several names, which changed meanwhile');
  } else adopter.take({ handle, path, to, stat });
}

function withLogged(
  tree: Handle,
  step: AdoptStep,
  entry: Logged,
  work: Work,
  task: (handle: Handle, stat: fs.BigIntStats) => void,
): void {
  const handle = entry.path === '' ? tree : openBelow(tree, entry.path);
  // What was removed since has no owner to give back.
  if (handle === null) return;
  try {
    const stat = statOf(handle);
    if (!isThatObject(stat, entry) && !wasReplaced(step, entry, work)) throw changedSince(step, entry);
    refuseOtherMount(handle, tree, entry.path);
    task(handle, stat);
  } finally {
    if (handle !== tree) handle.close();
  }
}

function wasReplaced(step: AdoptStep, entry: Logged, work: Work): boolean {
  return work.replaced.includes(`${step.tree}/${legible(entry.path)}`);
}

function changedSince(step: AdoptStep, entry: Logged): Refused {
  const path = `${step.tree}/${legible(entry.path)}`;
  return new Refused(`${visible(path)} was changed since`, [path]);
}
