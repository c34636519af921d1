import type { Look } from '../../model/look.ts';
import { asAbsent, tooMuch } from '../../model/unseen.ts';
import type { ReadingBudget } from './reading-budget.ts';
import { filesOf, type ListedDirectory, type UnitFiles } from './unit-files.ts';
import type { UnitScope } from './unit-paths.ts';

/** So many units of a directory are read, those that BuildKit's name stands in first. */
const MOST_UNITS = 1000;

export const isNamed = (file: string): boolean => /buildkit/i.test(file);

/** The services that may start buildkitd, in the order in which they are asked: by directory, those of BuildKit's name first. */
export async function candidatesIn(
  look: Look,
  budget: ReadingBudget,
  listed: readonly ListedDirectory[],
  scope: UnitScope,
): Promise<readonly UnitFiles[]> {
  const found: UnitFiles[] = [];
  const seen = new Set<string>();
  for (const { path, own, names } of listed) {
    const files = [...names]
      .filter((file) => file.endsWith('.service') && (own || isNamed(file)))
      .sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || (a < b ? -1 : 1));
    if (files.length > MOST_UNITS) throw tooMuch(`${path} has more than ${MOST_UNITS} units`);
    for (const file of files) {
      if (seen.has(file)) continue;
      seen.add(file);
      // What is not named for BuildKit is worth its drop-ins only where it mentions buildkitd.
      if (!isNamed(file) && (await budget.read(`${path}/${file}`, 'unit'))?.includes('buildkitd') !== true) continue;
      for (const name of file.endsWith('@.service') ? await instancesOf(look, listed, file) : [file]) {
        const unit = await filesOf(look, listed, name, scope);
        if (unit !== null) found.push(unit);
      }
    }
  }
  return found;
}

/** Instances of a template that something wants, then the one named for the account. */
async function instancesOf(
  { host }: Look,
  listed: readonly ListedDirectory[],
  template: string,
): Promise<readonly string[]> {
  const [before, after] = [template.slice(0, template.indexOf('@') + 1), '.service'];
  const wanted = new Set<string>();
  for (const { path, names } of listed)
    for (const directory of names) {
      if (!/\.(?:wants|requires)$/.test(directory)) continue;
      for (const name of (await host.list(`${path}/${directory}`, 'target').catch(asAbsent)) ?? [])
        if (name.startsWith(before) && name.endsWith(after) && name.length > template.length) wanted.add(name);
    }
  for (const { names } of listed)
    for (const name of names)
      if (name.startsWith(before) && name.endsWith(after) && name.length > template.length) wanted.add(name);
  const { name, uid } = host.identity.target;
  return [...[...wanted].sort(), `${before}${name ?? uid}${after}`];
}
