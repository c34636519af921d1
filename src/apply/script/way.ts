import type { HostReader, Stat } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { keepsNames, onlyRootWrites } from '../../rights/trust.ts';
import { visible } from '../../text/visible.ts';
import { Refused } from '../disk/refused.ts';
import { componentsOf } from '../disk/walk.ts';

/** Where a path leads on the host that the plan is for. */
export interface Way {
  /** The directory that holds the path's last component, without any link in its own path; it need not exist. */
  readonly place: string;
  /** Nobody but root can put a name into the last directory that exists, or lead the way to it elsewhere. */
  readonly exclusive: boolean;
  /** Owner of that directory. */
  readonly holder: number;
}

interface Part {
  readonly name: string;
  readonly stat: Stat;
  /** Nobody but root can put something else in the place of what stands there, or of what leads there. */
  readonly sound: boolean;
}
const MOST_LINKS = 40;

const isExclusive = (part: Part | undefined): boolean => part?.sound === true && onlyRootWrites(part.stat);

/**
 * The rule of `walk`, for a host that is only looked at. Where that cannot be looked at, the way is taken to be as it is
 * written and root's: the script looks itself before it acts, and does nothing where that is not so. Throws Refused for a link that
 * another account could have put there.
 */
export async function wayTo(path: string, host: HostReader): Promise<Way> {
  const parts = componentsOf(path);
  try {
    return await walkTo(parts, path, host);
  } catch (error) {
    if (!(error instanceof Unseen)) throw error;
    return { place: `/${parts.slice(0, -1).join('/')}`, exclusive: true, holder: 0 };
  }
}

async function walkTo(parts: readonly string[], path: string, host: HostReader): Promise<Way> {
  const waiting = parts.slice(0, -1);
  const stack: Part[] = [];
  const at = (...more: string[]): string => `/${[...stack.slice(1).map(({ name }) => name), ...more].join('/')}`;
  const push = (name: string, stat: Stat): void => {
    stack.push({ name, stat, sound: (stack.at(-1)?.sound ?? true) && keepsNames(stat, 0) });
  };
  const top = await host.stat('/', 'self');
  if (top === null) throw new Refused('/ cannot be seen');
  push('', top);
  for (let links = 0; ; ) {
    const name = waiting.shift();
    if (name === undefined) return finish();
    if (name === '..') {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const stat = await host.lstat(at(name), 'self');
    if (stat === null) return finish(name, ...waiting);
    if (stat.kind === 'directory') {
      push(name, stat);
      continue;
    }
    if (stat.kind !== 'symlink') throw new Refused(`${visible(at(name))} is not a directory`, [at(name)]);
    if (!isExclusive(stack.at(-1)))
      throw new Refused(
        `${visible(at(name))} is a symbolic link in a directory that another account can write, so it is not followed`,
        [at(name)],
      );
    if (++links > MOST_LINKS) throw new Refused(`${visible(path)} goes through too many symbolic links`, [path]);
    const goal = (await host.readlink(at(name), 'self')) ?? '';
    waiting.unshift(...goal.split('/').filter((part) => part !== '' && part !== '.'));
    if (goal.startsWith('/')) stack.splice(1);
  }

  function finish(...missing: string[]): Way {
    const place = at(...missing);
    componentsOf(place);
    const last = stack.at(-1);
    return { place, exclusive: isExclusive(last), holder: last?.stat.uid ?? 0 };
  }
}
