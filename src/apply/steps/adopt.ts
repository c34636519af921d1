import * as fs from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Owner } from '../../model/look.ts';
import { visible } from '../../text/visible.ts';
import { type Adopter, createAdopter, owns } from '../adopt/adopter.ts';
import { adoptedOwner, isAllowed, whyLeftAlone } from '../adopt/foreign.ts';
import { createLinkCount } from '../adopt/link-count.ts';
import { isSameObject, type Logged, readLog } from '../adopt/log.ts';
import { createRemarks, type Remarks } from '../adopt/remarks.ts';
import { bytes, legible, openBelow, refuseOtherMount, type TreeEntry, visitTree } from '../adopt/tree.ts';
import { createVouching, type Verdict, type Vouching } from '../adopt/vouching.ts';
import { findChild, type Handle, mountIdOf, statOf } from '../disk/handle.ts';
import { identityOf, isThatObject, type ObjectIdentity } from '../disk/object-identity.ts';
import { refuseForeignPlace } from '../disk/places.ts';
import { canPass } from '../disk/reading-rights.ts';
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
      if (!seen.foreign && ownerFor(stat, step) === null) return 'already';
      return identityOf(tree);
    });
  },

  act(step, prepared, work, backup, report) {
    return withTree(step, work, prepared, async (tree, reached) => {
      const remarks = createRemarks(step.tree);
      const adopter = createAdopter(tree, step, work, backup, remarks);
      const vouching = createVouching(step, work, reached);
      const round: Round = { tree, step, adopter, vouching, links: createLinkCount(), remarks };
      let done = 0;
      try {
        await visitTree(
          tree,
          async (entry) => {
            if (++done % EVERY === 0) {
              report(done);
              await breathe();
            }
            consider(entry, round);
            if (entry.visited !== null) vouching.leave();
          },
          (path, why) => {
            vouching.leftAlone(null);
            remarks.add(path, why);
          },
          vouching.enter,
        );
        adopter.flush();
        reconsiderNames(round);
        considerTree(round);
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
  task: (tree: Handle, reached: boolean) => T | Promise<T>,
): Promise<T> {
  return orRefuse(step.tree, async () => {
    refuseForeignPlace(step.tree, work);
    const { directory, missing, way } = walk(step.tree, work.uid);
    try {
      if (missing.length > 0) throw new Refused(`${visible(step.tree)} is not there`, [step.tree]);
      const stat = statOf(directory);
      if (prepared !== null && !isThatObject(stat, prepared))
        throw new Refused(`${visible(step.tree)} was replaced since`, [step.tree]);
      return await task(directory, canPass(way.slice(0, -1), work.target));
    } finally {
      directory.close();
    }
  });
}

/** What one walk through the tree works with. */
interface Round {
  readonly tree: Handle;
  readonly step: AdoptStep;
  readonly adopter: Adopter;
  readonly vouching: Vouching;
  readonly links: ReturnType<typeof createLinkCount>;
  readonly remarks: Remarks;
}

function consider({ directory, name, path, visited }: TreeEntry, round: Round): void {
  const { step, adopter, vouching, links, remarks } = round;
  // Looked up again, a directory could be another one than that whose content was judged.
  const handle = visited === null ? findChild(directory, bytes(name)) : visited.keep();
  if (handle === null) return;
  const stat = statOf(handle);
  const to = ownerFor(stat, step);
  if (to === null) {
    if (!isAllowed(step.allowed, 'uid', Number(stat.uid))) vouching.leftAlone(stat);
    handle.close();
    return;
  }
  const verdict = judge(handle, path, stat, visited !== null, round);
  if (verdict.give && (stat.isDirectory() || stat.nlink === 1n)) {
    adopter.take({ handle, path, to, stat, ifUnlisted: verdict.ifUnlisted });
    return;
  }
  handle.close();
  if (verdict.give) links.count(path, to, stat, verdict.ifUnlisted);
  else {
    vouching.leftAlone(stat);
    remarks.add(path, verdict.why);
  }
}

function judge(
  handle: Handle,
  path: string,
  stat: fs.BigIntStats,
  wasVisited: boolean,
  { tree, vouching }: Round,
): Verdict {
  const why = mountIdOf(handle) === mountIdOf(tree) ? whyLeftAlone(stat) : 'another mount';
  if (why !== null) return { give: false, why: `is ${why}` };
  // A directory that came there after its place was looked at was not looked into.
  if (stat.isDirectory() && !wasVisited) return { give: false, why: 'was replaced while it was looked at' };
  return vouching.judge(handle, path, stat);
}

function considerTree({ tree, step, adopter, vouching, remarks }: Round): void {
  const stat = statOf(tree);
  const to = ownerFor(stat, step);
  if (to === null) return;
  const verdict = vouching.judge(tree, '', stat);
  if (verdict.give) adopter.take({ handle: tree, path: '', to, stat, ifUnlisted: false });
  else remarks.add('', verdict.why);
}

/** Files with several names, all of which were seen inside the tree. */
function reconsiderNames({ tree, adopter, links, remarks }: Round): void {
  for (const { path, to, ino, ifUnlisted } of links.complete(remarks)) {
    const handle = openBelow(tree, path);
    if (handle === null) continue;
    const stat = statOf(handle);
    // A name that was added, moved or removed since we began shows in the time of the last change.
    if (String(stat.ino) !== ino || stat.ctimeNs >= links.since || mountIdOf(handle) !== mountIdOf(tree)) {
      handle.close();
      remarks.add(path, 'has several names, which changed meanwhile');
    } else adopter.take({ handle, path, to, stat, ifUnlisted });
  }
}

function ownerFor(stat: fs.BigIntStats, { allowed, only, to }: AdoptStep): Owner | null {
  return adoptedOwner({ uid: Number(stat.uid), gid: Number(stat.gid) }, allowed, only, to);
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
