import * as fs from 'node:fs';
import type { Owner } from '../../model/look.ts';
import { visible } from '../../text/visible.ts';
import { permissionsOf, statOf, syncObject } from '../disk/handle.ts';
import { identityOf } from '../disk/object-identity.ts';
import { isSame, type OwnedObject, type PreparedObject, refusePrivileged, withObject } from '../disk/owned-object.ts';
import { Refused } from '../disk/refused.ts';
import type { Acted, Standing, StepKind, StepOf } from '../disk/work.ts';
import { refuseUnread } from './unread.ts';

type OwnerStep = StepOf<'owner'>;

/** Changes the owner of one object, through its own handle. */
export const owner: StepKind<OwnerStep, PreparedObject> = {
  prepare(step, work) {
    return withObject(step.path, work, false, async (object) => {
      const { handle, stat } = object;
      if (owns(stat, step.to)) return 'already';
      if (!owns(stat, step.from))
        throw new Refused(
          `${visible(step.path)} belongs to ${stat.uid}:${stat.gid} by now, not to ${step.from.uid}:${step.from.gid}`,
          [step.path],
        );
      refusePrivileged(object, step.path, work);
      await refuseUnread(object, step.path, work);
      return identityOf(handle);
    });
  },
  act(step, prepared, work): Promise<Acted> {
    return withObject(step.path, work, false, async (object) => {
      if (!isSame(object.stat, prepared, step.path, work) || !owns(object.stat, step.from))
        throw new Refused(`${visible(step.path)} is no longer what the plan saw, so it was left as it is`, [step.path]);
      refusePrivileged(object, step.path, work);
      await refuseUnread(object, step.path, work);
      give(object, step.to, step.path);
      return { leftAlone: [] };
    });
  },
  standing(step, prepared, work) {
    return withObject(step.path, work, false, ({ stat }): Standing => {
      if (!isSame(stat, prepared, step.path, work))
        throw new Refused(`${visible(step.path)} was replaced since`, [step.path]);
      if (owns(stat, step.from)) return 'before';
      if (owns(stat, step.to)) return 'after';
      throw new Refused(`the owner of ${visible(step.path)} was changed since`, [step.path]);
    });
  },
  takeBack(step, prepared, work) {
    return withObject(step.path, work, false, (object) => {
      if (!isSame(object.stat, prepared, step.path, work) || !owns(object.stat, step.to)) return;
      refusePrivileged(object, step.path, work);
      give(object, step.from, step.path);
      syncObject(object.handle);
    });
  },
};

function owns(stat: fs.BigIntStats, { uid, gid }: Owner): boolean {
  return stat.uid === BigInt(uid) && stat.gid === BigInt(gid);
}

/** chown on the handle's own path reaches the object itself; lchown there would do nothing, and fchown fails on such a handle. */
function give({ handle, stat }: OwnedObject, to: Owner, path: string): void {
  fs.chownSync(handle.path, to.uid, to.gid);
  const now = statOf(handle);
  if (!owns(now, to) || permissionsOf(now) !== permissionsOf(stat))
    throw new Refused(`the owner of ${visible(path)} could not be changed without changing more`, [path]);
}
