import type { Position } from '../../model/decide.ts';
import type { Fact } from '../../model/look.ts';
import { environment } from '../target/environment.ts';
import { unit } from '../target/unit.ts';
import { binaries } from './binaries.ts';
import { findInPath } from './find-in-path.ts';

/** A program that the unit names by a path where nothing is. */
export interface NamedElsewhere {
  readonly program: 'buildkitd' | 'rootlesskit';
  readonly path: string;
  /** Where PATH has it; null: nowhere. */
  readonly found: string | null;
  readonly unit: string;
  readonly scope: 'system' | 'user';
  /** The start line. */
  readonly at: Position;
}

export const namedElsewhere: Fact<readonly NamedElsewhere[]> = {
  id: 'named-elsewhere',
  async read(look) {
    const [service, found] = await Promise.all([look.get(unit), look.get(binaries)]);
    if (service === null) return [];
    const { values, clientPath } = await look.get(environment);
    const { name, scope, command } = service;
    const missing = (['buildkitd', 'rootlesskit'] as const).flatMap((program) => {
      const path = service[program]?.path;
      return path?.startsWith('/') === true && found[program] === null ? [{ program, path }] : [];
    });
    return Promise.all(
      missing.map(async ({ program, path }) => {
        const other = await findInPath(look, program, `${values.PATH ?? ''}:${clientPath}`);
        return { program, path, found: other?.executable ? other.path : null, unit: name, scope, at: command.at };
      }),
    );
  },
};
