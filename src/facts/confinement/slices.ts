import type { Look } from '../../model/look.ts';
import { type Directives, lastOf, parseUnit } from '../target/directives.ts';
import { readingBudget } from '../target/reading-budget.ts';
import type { Unit } from '../target/unit.ts';
import { dropInsOf, listDirectories } from '../target/unit-files.ts';
import { SYSTEM_DIRECTORIES, userDirectories, userPlaces } from '../target/unit-paths.ts';

/** The slice that a unit asks for, and those above it, outermost first: "a-b.slice" stands in "a.slice" (systemd.slice(5)). */
export function slicesOf({ directives }: Pick<Unit, 'directives'>): readonly string[] {
  const name = lastOf(directives, 'Slice')?.value ?? '';
  if (!/^[^-/\s][^/\s]*\.slice$/.test(name)) return [];
  const parts = name.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`);
}

/** What the files of these slices say; where none of their services runs, nothing else tells. */
export async function slicesFromFiles(look: Look, service: Unit): Promise<readonly Directives[]> {
  const names = slicesOf(service);
  if (names.length === 0) return [];
  const budget = readingBudget(look.host, `the slices of ${service.name}`);
  const places = service.scope === 'system' ? SYSTEM_DIRECTORIES : userDirectories(userPlaces(look));
  const listed = await listDirectories(look, places);
  return Promise.all(
    names.map(async (name) => {
      const fragment = listed.find((directory) => directory.names.has(name));
      const paths = [
        ...(fragment === undefined ? [] : [`${fragment.path}/${name}`]),
        ...(await dropInsOf(look, listed, name, 'target')),
      ];
      const texts = await Promise.all(
        paths.map(async (path) => ({ path, text: (await budget.read(path, 'unit')) ?? '' })),
      );
      return parseUnit(texts);
    }),
  );
}
