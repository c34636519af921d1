import { type Distribution, type Install, type Installable, installOf } from '../knowledge/packages.ts';
import type { Seen } from '../model/decide.ts';
import type { Treatment } from '../model/plan.ts';

/** How a program gets onto this host; in general words where its distribution is not known. */
export function installOn(program: Installable, distribution: Seen<Distribution>): Install {
  return installOf(program, distribution.value ?? { id: 'linux', idLike: [], version: null });
}

/** Installs a package, and the programs that it `has`, for these problems; null where no package manager of this host can. */
export function installation(
  problems: readonly number[],
  { program, package: name, argv }: Install,
  has: string = program,
): Treatment | null {
  if (argv === null) return null;
  return {
    for: problems,
    risk: 'risky',
    consequence: `The package ${name ?? program} and what it depends on are installed from this system's repositories, and stay when this is undone.`,
    steps: [{ do: 'run', as: 'root', argv, undo: null, why: `Install ${name ?? program}, which has ${has}` }],
  };
}
