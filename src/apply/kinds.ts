import type { Json } from '../model/look.ts';
import type { Step } from '../model/plan.ts';
import type { Acted, Announce, Backup, Standing, StepKind, Work } from './disk/work.ts';
import { adopt } from './steps/adopt.ts';
import { directory } from './steps/directory.ts';
import { edit } from './steps/edit.ts';
import { mode } from './steps/mode.ts';
import { owner } from './steps/owner.ts';
import { remove } from './steps/remove.ts';
import { run } from './steps/run.ts';
import { sysctl } from './steps/sysctl.ts';

/** A step that does something. */
export type Deed = Exclude<Step, { do: 'tell' }>;

const KINDS = { edit, directory, remove, owner, mode, adopt, sysctl, run };

/** What a step's kind prepared is plain data: it goes through the journal and between processes. */
export type Prepared = Json;

function kindOf(deed: Deed): StepKind<Deed, Prepared> {
  return KINDS[deed.do] as unknown as StepKind<Deed, Prepared>;
}

/** Does one deed in this process, as the account that this process is. */
export const here = {
  prepare: (deed: Deed, work: Work, backup: Backup): Promise<Prepared | 'already'> =>
    kindOf(deed).prepare(deed, work, backup),
  act: (deed: Deed, prepared: Prepared, work: Work, backup: Backup, report: Announce): Promise<Acted> =>
    kindOf(deed).act(deed, prepared, work, backup, report),
  standing: (deed: Deed, prepared: Prepared, work: Work, backup: Backup): Promise<Standing> =>
    kindOf(deed).standing(deed, prepared, work, backup),
  takeBack: (deed: Deed, prepared: Prepared, work: Work, backup: Backup): Promise<void> =>
    kindOf(deed).takeBack(deed, prepared, work, backup),
};
export type Doer = typeof here;
