import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { permissionsOf, statOf, syncObject } from '../disk/handle.ts';
import { identityOf } from '../disk/object-identity.ts';
import { isSame, type OwnedObject, type PreparedObject, withObject } from '../disk/owned-object.ts';
import { isOfPackage } from '../disk/package-owner.ts';
import { whyNotHelper } from '../disk/places.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import type { Acted, Standing, StepKind, StepOf, Work } from '../disk/work.ts';
import { refuseUnread } from './unread.ts';

type ModeStep = StepOf<'mode'>;

/** Changes the permission bits of one object, through its own handle. */
export const mode: StepKind<ModeStep, PreparedObject> = {
  async prepare(step, work) {
    return withModeObject(step, work, async (object) => {
      const { handle, stat } = object;
      if (permissionsOf(stat) === step.to) return 'already';
      if (permissionsOf(stat) !== step.from)
        throw new Refused(
          `${visible(step.path)} has the mode ${permissionsOf(stat).toString(8)} by now, not ${step.from.toString(8)}`,
          [step.path],
        );
      await refuseNewReaders(step, object, work);
      return identityOf(handle);
    });
  },
  act(step, prepared, work): Promise<Acted> {
    return withModeObject(step, work, async (object) => {
      if (!isSame(object.stat, prepared, step.path, work) || permissionsOf(object.stat) !== step.from)
        throw new Refused(`${visible(step.path)} is no longer what the plan saw, so it was left as it is`, [step.path]);
      await refuseNewReaders(step, object, work);
      set(object, step.to, step.path);
      return { leftAlone: [] };
    });
  },
  standing(step, prepared, work) {
    return withModeObject(step, work, ({ stat }): Standing => {
      if (!isSame(stat, prepared, step.path, work))
        throw new Refused(`${visible(step.path)} was replaced since`, [step.path]);
      if (permissionsOf(stat) === step.from) return 'before';
      if (permissionsOf(stat) === step.to) return 'after';
      throw new Refused(`the mode of ${visible(step.path)} was changed since`, [step.path]);
    });
  },
  takeBack(step, prepared, work) {
    return withModeObject(step, work, (object) => {
      if (!isSame(object.stat, prepared, step.path, work) || permissionsOf(object.stat) !== step.to) return;
      set(object, step.from, step.path);
      syncObject(object.handle);
    });
  },
};

/** Both directions are judged alike, so that whatever is done can be taken back. */
async function withModeObject<T>(
  step: ModeStep,
  work: Work,
  task: (object: OwnedObject) => T | Promise<T>,
): Promise<T> {
  const isHelper = await orRefuse(step.path, () => mayBePrivileged(step, work));
  return withObject(step.path, work, isHelper, (object) => {
    refuseWeak(step, object);
    return task(object);
  });
}

/** Setuid and setgid bits only for newuidmap and newgidmap. (A directory's setgid bit gives no privilege.) */
function mayBePrivileged(step: ModeStep, work: Work): boolean {
  if (((step.to | step.from) & 0o4000) === 0) return false;
  const why = whyNotHelper(step.path, work);
  if (why !== null) throw new Refused(`no setuid bit is set or cleared here: ${why}`, [step.path]);
  if (isOfPackage(step.path) === false)
    throw new Refused(`no setuid bit is set on ${visible(step.path)}: it is in no package of this system`, [step.path]);
  return true;
}

/** What takes rights away gives nothing; new ones are for what the target could read already. */
async function refuseNewReaders({ path, from, to }: ModeStep, object: OwnedObject, work: Work): Promise<void> {
  if ((to & ~from & 0o077) !== 0) await refuseUnread(object, path, work);
}

function refuseWeak(step: ModeStep, { stat }: OwnedObject): void {
  for (const bits of [step.from, step.to])
    if ((bits & 0o2000) !== 0 && !stat.isDirectory())
      throw new Refused(`the setgid bit of ${visible(step.path)} is left alone`, [step.path]);
  refuseOpening(step, stat.isDirectory() && (step.to & 0o1000) !== 0);
}

/** `sticky`: a directory in which nobody touches what is another's. */
export function refuseOpening(step: ModeStep, sticky: boolean): void {
  const opens = (step.to & ~step.from & 0o002) !== 0;
  if (opens && !sticky) throw new Refused(`${visible(step.path)} is not made writable for every account`, [step.path]);
}

function set({ handle }: OwnedObject, to: number, path: string): void {
  fs.chmodSync(handle.path, to);
  if (permissionsOf(statOf(handle)) !== to)
    throw new Refused(`${visible(path)} cannot be given the mode ${to.toString(8)}`, [path]);
}
