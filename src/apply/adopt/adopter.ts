import * as fs from 'node:fs';
import type { Owner } from '../../model/look.ts';
import { visible } from '../../text/visible.ts';
import { CAPABILITY_BATCH, withCapabilities } from '../disk/capabilities.ts';
import { type Handle, statOf } from '../disk/handle.ts';
import { keepsBirth } from '../disk/object-identity.ts';
import { withAccessLists } from '../disk/reading-rights.ts';
import { Refused } from '../disk/refused.ts';
import type { Backup, StepOf, Work } from '../disk/work.ts';
import { appendToLog, logged, readLog } from './log.ts';
import type { Remarks } from './remarks.ts';
import { legible } from './tree.ts';
import { UNREAD } from './vouching.ts';

type AdoptStep = StepOf<'adopt'>;
interface Candidate {
  readonly handle: Handle;
  readonly path: string;
  readonly to: Owner;
  readonly stat: fs.BigIntStats;
  /** Only without an access list, which could have kept it from the target. */
  readonly ifUnlisted: boolean;
}
export interface Adopter {
  /** The handle is closed when its batch is done. */
  take(candidate: Candidate): void;
  flush(): void;
  close(): void;
}

/** Journals a batch durably, then changes it. */
export function createAdopter(tree: Handle, step: AdoptStep, work: Work, backup: Backup, remarks: Remarks): Adopter {
  let end = readLog(backup, undefined, () => {});
  let batch: Candidate[] = [];
  const born = keepsBirth(tree);
  const flush = (): void => {
    const executables = batch.filter(({ stat }) => stat.isFile() && (stat.mode & 0o111n) !== 0n);
    const named = executables.map(({ handle, path }) => ({ handle, name: legible(path) }));
    const found = executables.length === 0 ? new Set<number>() : withCapabilities(named, tree, work.transaction);
    const kept = new Set(executables.filter((_, index) => found === null || found.has(index)));
    for (const { path } of kept)
      remarks.add(
        path,
        found === null
          ? 'may have file capabilities, which cannot be told here (neither getfattr nor getcap)'
          : 'has file capabilities, which a change of owner would drop',
      );
    const doubtful = batch.filter((candidate) => candidate.ifUnlisted && !kept.has(candidate));
    const listed =
      doubtful.length === 0
        ? []
        : withAccessLists(
            doubtful.map(({ handle }) => handle),
            work.transaction,
          );
    for (const index of listed) {
      const candidate = doubtful[index];
      if (candidate === undefined) continue;
      kept.add(candidate);
      remarks.add(candidate.path, UNREAD);
    }
    const chosen = batch.filter((candidate) => !kept.has(candidate));
    if (chosen.length > 0)
      end = appendToLog(
        backup,
        chosen.map(({ path, stat, to }) => logged(path, stat, to, born)),
        end,
      );
    for (const { handle, to, path } of chosen) {
      fs.chownSync(handle.path, to.uid, to.gid);
      if (!owns(statOf(handle), to))
        throw new Refused(`the owner of ${visible(`${step.tree}/${legible(path)}`)} could not be changed`, [step.tree]);
    }
    close();
  };
  const close = (): void => {
    for (const { handle } of batch) if (handle !== tree) handle.close();
    batch = [];
  };
  return {
    take(candidate) {
      batch.push(candidate);
      if (batch.length >= CAPABILITY_BATCH) flush();
    },
    flush,
    close,
  };
}

export function owns(stat: fs.BigIntStats, { uid, gid }: Owner): boolean {
  return stat.uid === BigInt(uid) && stat.gid === BigInt(gid);
}
