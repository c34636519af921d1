import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { type Kept, keep, keptContent, putBack } from '../disk/backup.ts';
import { findChild, statOf, syncDirectory } from '../disk/handle.ts';
import { type FileLocation, openPlace, refuseChanged, removeTemp } from '../disk/live-file.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import type { Acted, StepKind, StepOf } from '../disk/work.ts';

type RemoveStep = StepOf<'remove'>;
export interface PreparedRemove {
  readonly before: Kept;
}

/** Removes a regular file, whose content and attributes the journal keeps. */
export const remove: StepKind<RemoveStep, PreparedRemove> = {
  async prepare(step, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      if (place.file === null) return 'already';
      if (place.file.digest !== step.expects) throw changed(step.path);
      return { before: await keep(place.file, step.path, backup, work) };
    } finally {
      place.close();
    }
  },

  async act(step, { before }, work): Promise<Acted> {
    const place = await openPlace(step.path, work);
    try {
      if (place.file?.digest !== before.digest) throw changed(step.path);
      await moveAsideAndUnlink(place, step.path, work.temp);
      return { leftAlone: [] };
    } finally {
      place.close();
    }
  },

  async standing(step, { before }, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      if (place.file === null) {
        keptContent(backup, before, step.path);
        return 'after';
      }
      if (place.file.digest === before.digest) return 'before';
      throw new Refused(`${visible(step.path)} was made anew since`, [step.path]);
    } finally {
      place.close();
    }
  },

  async takeBack(step, { before }, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      await orRefuse(step.path, () => {
        removeTemp(place.directory, work.temp, work);
        removeTemp(place.directory, `${work.temp}-undo`, work);
      });
      if (place.file !== null) return;
      await putBack(place, step.path, before, work, backup);
    } finally {
      place.close();
    }
  },
};

/** Moved aside under a temporary name first, so that what is unlinked is what was looked at. */
export async function moveAsideAndUnlink(place: FileLocation, path: string, temp: string): Promise<void> {
  await orRefuse(path, () => {
    refuseChanged(place, path);
    const live = `${place.directory.path}/${place.name}`;
    const aside = `${place.directory.path}/${temp}`;
    fs.renameSync(live, aside);
    const moved = findChild(place.directory, temp);
    const same = moved !== null && String(statOf(moved).ino) === place.file?.seen.ino;
    moved?.close();
    if (!same) fs.linkSync(aside, live);
    fs.unlinkSync(aside);
    syncDirectory(place.directory);
    if (!same) throw changed(path);
  });
}

function changed(path: string): Refused {
  return new Refused(`${visible(path)} is no longer what the plan saw, so it was left as it is`, [path]);
}
