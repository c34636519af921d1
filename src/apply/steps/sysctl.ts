import * as fs from 'node:fs';
import { isVisible, visible } from '../../text/visible.ts';
import { contentOf } from '../disk/content.ts';
import { openChild } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { walkToParent } from '../disk/walk.ts';
import type { Acted, Standing, StepKind, StepOf, Work } from '../disk/work.ts';

type SysctlStep = StepOf<'sysctl'>;
export interface PreparedSysctl {
  /** As the kernel printed it. */
  readonly before: string;
}

/** Sets one running kernel value, and nothing else. */
export const sysctl: StepKind<SysctlStep, PreparedSysctl> = {
  async prepare(step, work) {
    refuseNotRoot(step, work);
    const before = await readValue(step);
    if (same(before, step.to)) return 'already';
    if (!same(before, step.from))
      throw new Refused(`${step.key} is ${visible(before.trim())} by now, not ${visible(step.from)}`, [
        pathOf(step.key),
      ]);
    return { before };
  },
  async act(step, { before }, work): Promise<Acted> {
    refuseNotRoot(step, work);
    const now = await readValue(step);
    if (!same(now, before))
      throw new Refused(`${step.key} changed meanwhile, so it was left as it is`, [pathOf(step.key)]);
    await writeValue(step, step.to);
    const got = await readValue(step);
    if (!same(got, step.to)) {
      await writeValue(step, before);
      throw new Refused(`the kernel made ${visible(got.trim())} of ${step.key} = ${visible(step.to)}`, [
        pathOf(step.key),
      ]);
    }
    return { leftAlone: [] };
  },
  async standing(step, { before }): Promise<Standing> {
    const now = await readValue(step);
    if (same(now, before)) return 'before';
    if (same(now, step.to)) return 'after';
    throw new Refused(`${step.key} was set to ${visible(now.trim())} since`, [pathOf(step.key)]);
  },
  async takeBack(step, { before }, work) {
    refuseNotRoot(step, work);
    if (!same(await readValue(step), step.to)) return;
    await writeValue(step, before);
  },
};

/** sysctl(8): whichever of "." and "/" comes first separates, and the other one stands for itself in a name. */
export function pathOf(key: string): string {
  const separator = /[./]/.exec(key)?.[0];
  const parts = separator === '/' ? key.split('/') : key.split('.').map((part) => part.replaceAll('/', '.'));
  if (parts.length < 2 || parts.some((part) => !/^[\w.:@-]+$/.test(part) || /^\.+$/.test(part)))
    throw new Refused(`"${visible(key)}" is not a sysctl key`);
  return `/proc/sys/${parts.join('/')}`;
}

/** Vectors are printed with tabs, whatever they were written with. */
function same(a: string, b: string): boolean {
  return a.trim().split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ');
}

function refuseNotRoot(step: SysctlStep, work: Work): void {
  if (work.uid !== 0) throw new Refused(`only root can set ${visible(step.key)}`);
  refuseOddValue(step);
}

export function refuseOddValue({ key, to }: SysctlStep): void {
  pathOf(key);
  if (!isVisible(to.replaceAll('\t', ' '))) throw new Refused(`"${visible(to)}" is not one value`);
}

async function readValue(step: SysctlStep): Promise<string> {
  const path = pathOf(step.key);
  return orRefuse(path, () => {
    const { directory, name } = walkToParent(path, 0);
    try {
      const file = openChild(directory, name);
      try {
        return contentOf(file, path).toString('utf8');
      } finally {
        file.close();
      }
    } finally {
      directory.close();
    }
  });
}

async function writeValue(step: SysctlStep, value: string): Promise<void> {
  const path = pathOf(step.key);
  await orRefuse(path, () => {
    const { directory, name } = walkToParent(path, 0);
    try {
      const fd = fs.openSync(`${directory.path}/${name}`, fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW);
      try {
        // In one write: the kernel takes each as a whole value.
        fs.writeSync(fd, `${value.trim()}\n`);
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINVAL' || code === 'ERANGE')
        throw new Refused(`the kernel does not take ${visible(value.trim())} for ${step.key}`, [path]);
      if (code === 'EROFS')
        throw new Refused(`/proc/sys is read-only here (a container?): set ${step.key} on the host itself`, [path]);
      throw error;
    } finally {
      directory.close();
    }
  });
}
