import { visible } from '../../text/visible.ts';
import { type Kept, keep, keptContent, putBack } from '../disk/backup.ts';
import { digestOf } from '../disk/digest.ts';
import { type FileLocation, openPlace, putFile, removeTemp } from '../disk/live-file.ts';
import { isTargetsPlace } from '../disk/places.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { clearLeftLocks, withSubidLocks } from '../disk/subid-lock.ts';
import { applyEditToBytes } from '../disk/text-edit.ts';
import { tomlEditorFor } from '../disk/toml.ts';
import type { Acted, Standing, StepKind, StepOf, Work } from '../disk/work.ts';
import { moveAsideAndUnlink } from './remove.ts';

type EditStep = StepOf<'edit'>;
export interface PreparedEdit {
  readonly before: Kept | null;
  /** Digest of the new content. */
  readonly after: string;
}

/** Changes a file's text, or makes a file. */
export const edit: StepKind<EditStep, PreparedEdit> = {
  async prepare(step, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      const { file } = place;
      const next = await nextContent(step, file?.content ?? null, file !== null && isExpected(step, file.digest, work));
      if (next === null) return 'already';
      refuseUnexpected(step, file?.digest ?? null, work);
      const after = digestOf(next);
      if (file === null) {
        refuseOddMode(step);
        refuseOddOwner(step, work);
        return { before: null, after };
      }
      return { before: await keep(file, step.path, backup, work), after };
    } finally {
      place.close();
    }
  },

  act(step, prepared, work) {
    return withSubidLocks(step.path, work, async (): Promise<Acted> => {
      const place = await openPlace(step.path, work);
      try {
        const { file } = place;
        if ((file?.digest ?? null) !== (prepared.before?.digest ?? null)) throw changed(step.path);
        const content = await nextContent(step, file?.content ?? null, true);
        if (content === null || digestOf(content) !== prepared.after) throw changed(step.path);
        await putFile(
          place,
          step.path,
          work.temp,
          {
            content,
            like: file === null ? null : { handle: file.handle, times: false },
            mode: step.mode,
            uid: step.owner.uid,
            gid: step.owner.gid,
          },
          work,
        );
        return { leftAlone: [], digest: prepared.after };
      } finally {
        place.close();
      }
    });
  },

  async standing(step, prepared, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      const standing = standingOf(step, prepared, place);
      if (standing === 'after' && prepared.before !== null) keptContent(backup, prepared.before, step.path);
      return standing;
    } finally {
      place.close();
    }
  },

  async takeBack(step, prepared, work, backup) {
    const place = await openPlace(step.path, work);
    try {
      await orRefuse(step.path, () => {
        removeTemp(place.directory, work.temp, work);
        removeTemp(place.directory, `${work.temp}-undo`, work);
      });
      if (standingOf(step, prepared, place) === 'before')
        return await clearLeftLocks(new Set([work.transaction]), work.uid);
    } finally {
      place.close();
    }
    await withSubidLocks(step.path, work, async () => {
      const locked = await openPlace(step.path, work);
      try {
        if (standingOf(step, prepared, locked) === 'before') return;
        if (prepared.before === null) await moveAsideAndUnlink(locked, step.path, `${work.temp}-undo`);
        else await putBack(locked, step.path, prepared.before, work, backup);
      } finally {
        locked.close();
      }
    });
  },
};

function standingOf(step: EditStep, { before, after }: PreparedEdit, { file }: FileLocation): Standing {
  if (file === null) {
    if (before === null) return 'before';
    throw new Refused(`${visible(step.path)} was removed since`, [step.path]);
  }
  if (file.digest === before?.digest) return 'before';
  if (file.digest !== after) throw new Refused(`the content of ${visible(step.path)} was changed since`, [step.path]);
  const { uid, gid, mode } = before ?? { ...step.owner, mode: step.mode };
  if (file.seen.uid !== uid || file.seen.gid !== gid || file.seen.mode !== mode)
    throw new Refused(`the owner or mode of ${visible(step.path)} was changed since`, [step.path]);
  return 'after';
}

function changed(path: string): Refused {
  return new Refused(`${visible(path)} is no longer what the plan saw, so it was left as it is`, [path]);
}

function earlierOf(step: EditStep, work: Work): { readonly planned: string | null; readonly now: string } | undefined {
  return work.earlier.findLast(({ path, planned }) => path === step.path && planned === step.expects);
}

/** What the plan saw, or what an earlier step of the same treatment made of that. */
function isExpected(step: EditStep, digest: string, work: Work): boolean {
  return digest === step.expects || earlierOf(step, work)?.now === digest;
}

function refuseUnexpected(step: EditStep, digest: string | null, work: Work): void {
  if (digest === null ? step.expects === null : isExpected(step, digest, work)) return;
  if (digest === null) throw new Refused(`${visible(step.path)} was removed since the plan was made`, [step.path]);
  if (step.expects === null)
    throw new Refused(`${visible(step.path)} exists by now, so it is not overwritten`, [step.path]);
  throw changed(step.path);
}

/** Null: the goal holds. What an edit cannot do to an unexpected text is the text's change, not the edit's fault. */
async function nextContent(step: EditStep, content: Buffer | null, expected: boolean): Promise<Buffer | null> {
  const editor = await tomlEditorFor([step.edit]);
  try {
    const next = applyEditToBytes(content, step.edit, editor);
    if (content === null) return next.length === 0 && step.edit.edit !== 'whole' ? null : next;
    return next.equals(content) ? null : next;
  } catch (error) {
    if (error instanceof Refused && content !== null && !expected) throw changed(step.path);
    throw error;
  }
}

export function refuseOddMode(step: EditStep): void {
  if ((step.mode & ~0o777) !== 0 || (step.mode & 0o002) !== 0)
    throw new Refused(`a file is not made with the mode ${step.mode.toString(8)}`, [step.path]);
}

function refuseOddOwner(step: EditStep, work: Work): void {
  const { uid, gid } = step.owner;
  if (work.uid !== 0) {
    if (uid !== work.uid)
      throw new Refused(`only root can make ${visible(step.path)} belong to uid ${uid}`, [step.path]);
  } else if ((uid !== 0 || gid !== 0) && !isTargetsPlace(step.path, work)) {
    throw new Refused(`root makes no file of another account at ${visible(step.path)}`, [step.path]);
  }
}
