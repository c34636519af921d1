import { isSince, type Release, release } from '../version.ts';
import type { Leaf } from './found.ts';
import { type ReleaseProblem, releaseProblem } from './problem.ts';
import { joinKey, keyText, specOf } from './schema-tree.ts';

/** What is wrong with old keys that a release still reads. */
export function deprecations(leaves: readonly Leaf[], at: Release): ReleaseProblem[] {
  const set = new Set(leaves.map(({ path }) => joinKey(path)));
  return leaves.flatMap((leaf) => deprecation(leaf, set, at) ?? []);
}

function deprecation(leaf: Leaf, set: ReadonlySet<string>, at: Release): ReleaseProblem | null {
  const old = specOf(leaf.path)?.deprecated;
  if (old === undefined || !isSince(at, release(old.since))) return null;
  const { path, value } = leaf;
  const key = keyText(path);
  const parent = path.slice(0, -1);
  const to = old.write === 'same' ? [...parent, old.successor] : old.successor.split('.');
  if (old.write !== 'same' && value !== true)
    return releaseProblem('deprecated', leaf, `${key} is an old key; false is what it is without it.`, { value });
  const rivals =
    path.at(-1) === 'gckeepstorage'
      ? ['reservedSpace', 'maxUsedSpace', 'minFreeSpace'].map((name) => [...parent, name])
      : [to];
  const rival = rivals.find((other) => set.has(joinKey(other)));
  if (rival !== undefined) {
    const message = `${key} has no effect: it is an old key, and ${keyText(rival)} is set.`;
    return releaseProblem('no-effect', leaf, message, { value });
  }
  const written = old.write === 'same' ? '' : ` = "${old.write}"`;
  const message = `${key} still works, but is an old key: since ${old.since} it is ${keyText(to)}${written}.`;
  return releaseProblem('deprecated', leaf, message, { to, value });
}
