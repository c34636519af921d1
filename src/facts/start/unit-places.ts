import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { configFile } from '../config/config-file.ts';
import { settings } from '../config/settings.ts';
import { type By, type Covered, type Covering, coveredBy } from '../confinement/unit-mounts.ts';
import { binaries } from '../programs/binaries.ts';
import { lastOf } from '../target/directives.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';
import type { Unit } from '../target/unit.ts';
import { reach } from './reach.ts';
import { runtimeBinary } from './runtime-binary.ts';

/** What a start needs at a path. */
export type Purpose =
  | 'program'
  | 'runtime'
  | 'helper'
  | 'state'
  | 'temporary'
  | 'runtime-directory'
  | 'socket'
  | 'configuration'
  | 'subordinate-ids'
  | 'notification'
  | 'device'
  | 'processes'
  | 'control-groups';
interface Needed {
  readonly path: string;
  readonly purpose: Purpose;
  readonly use: 'execute' | 'read' | 'write';
  /** It is only looked for. */
  readonly absent?: boolean;
}
/** A path that a start needs and that the unit has otherwise than the host, so that it cannot be used as it must be. */
export interface UnitPlace extends Needed {
  readonly obstacle: 'hidden' | 'empty' | 'read-only' | 'noexec' | 'unwritable' | 'out-of-sight';
  readonly by: By;
}

/** Every path by which a start fails under these coverings. */
export async function lostPlaces(
  look: Look,
  unit: Unit,
  coverings: readonly Covering[],
): Promise<readonly UnitPlace[]> {
  if (coverings.length === 0) return [];
  const resolved = await Promise.all(
    coverings.map(async (covering) => ({ ...covering, path: await withoutLinks(look, covering.path) })),
  );
  const found = await Promise.all(
    (await neededPaths(look, unit)).map(async (needed) => {
      const real = await withoutLinks(look, needed.path);
      const covered = coveredBy(resolved, real);
      const lost = covered === null ? null : await obstacleOf(look, needed, real, covered);
      return lost === null ? [] : [{ ...needed, ...lost }];
    }),
  );
  return found.flat();
}

/** The real path of what exists of it, and the rest as it is written. */
export async function withoutLinks(look: Look, path: string): Promise<string> {
  const parts = path.split('/').filter(Boolean);
  for (let count = parts.length; count > 0; count--) {
    const real = await realpath(look, `/${parts.slice(0, count).join('/')}`);
    if (real !== null) return [real === '/' ? '' : real, ...parts.slice(count)].join('/');
  }
  return path;
}

/** Where the target may not look, root may. */
async function realpath({ host }: Look, path: string): Promise<string | null> {
  return (await host.realpath(path, 'target').catch(asAbsent)) ?? host.realpath(path, 'self').catch(asAbsent);
}

async function neededPaths(look: Look, unit: Unit): Promise<readonly Needed[]> {
  const [options, found, runtime, by, { values }, config] = await Promise.all([
    look.get(settings),
    look.get(binaries),
    look.get(runtimeBinary),
    look.get(launcher),
    look.get(environment),
    look.get(configFile),
  ]);
  const rootless = by === 'rootlesskit';
  const execute = (purpose: Purpose, path: string | undefined): readonly Needed[] =>
    path === undefined ? [] : [{ purpose, use: 'execute', path }];
  const write = (purpose: Purpose, ...paths: readonly string[]): readonly Needed[] =>
    paths.filter((path) => path.startsWith('/')).map((path) => ({ purpose, use: 'write', path }));
  const directory = values.XDG_RUNTIME_DIR?.split(':')[0];
  const sockets = options.addresses.value
    .filter((address) => address.startsWith('unix://'))
    .map((address) => address.slice('unix://'.length));
  return [
    ...execute('program', unit.argv[0]?.startsWith('/') ? unit.argv[0] : undefined),
    ...execute('program', found.buildkitd?.realpath),
    ...(rootless ? execute('program', found.rootlesskit?.realpath) : []),
    ...(rootless ? execute('helper', found.newuidmap?.realpath) : []),
    ...(rootless ? execute('helper', found.newgidmap?.realpath) : []),
    ...execute('runtime', runtime?.realpath),
    ...write('state', options.root.value),
    ...write('temporary', values.TMPDIR ?? '/tmp', ...(rootless ? ['/tmp'] : [])),
    ...write('runtime-directory', ...(rootless ? (directory === undefined ? [] : [directory]) : ['/run/runc'])),
    ...write('socket', ...sockets),
    { purpose: 'device', use: 'read', path: '/dev/null' },
    // Root finds nothing where an account is refused.
    ...(config.file === null && !rootless
      ? []
      : [{ purpose: 'configuration', use: 'read', path: config.path, absent: config.file === null } as const]),
    ...(rootless
      ? [
          { purpose: 'subordinate-ids', use: 'read', path: '/etc/subuid' } as const,
          { purpose: 'subordinate-ids', use: 'read', path: '/etc/subgid' } as const,
          { purpose: 'control-groups', use: 'read', path: '/sys/fs/cgroup' } as const,
          ...write('processes', '/proc'),
        ]
      : write('control-groups', '/sys/fs/cgroup')),
    ...(lastOf(unit.directives, 'Type')?.value.startsWith('notify') && unit.scope === 'system'
      ? [{ purpose: 'notification', use: 'read', path: '/run/systemd/notify' } as const]
      : []),
  ];
}

type Lost = Pick<UnitPlace, 'obstacle' | 'by'>;

async function obstacleOf(
  look: Look,
  { purpose, use, absent }: Needed,
  real: string,
  { hidden, replaced, readOnly, noexec }: Covered,
): Promise<Lost | null> {
  if (hidden !== null) return { obstacle: 'hidden', by: hidden };
  // What is not there can only be kept from being looked for.
  if (absent === true) return null;
  if (replaced !== null && replaced.source !== real) {
    if (purpose === 'socket') return { obstacle: 'out-of-sight', by: replaced.by };
    if (use === 'write' && readOnly !== null) return { obstacle: 'read-only', by: readOnly };
    return replacedBy(look, use, replaced);
  }
  if (use === 'write' && readOnly !== null) return { obstacle: 'read-only', by: readOnly };
  if (use === 'execute' && noexec !== null) return { obstacle: 'noexec', by: noexec };
  return null;
}

async function replacedBy(
  look: Look,
  use: Needed['use'],
  { by, source, open }: NonNullable<Covered['replaced']>,
): Promise<Lost | null> {
  const { host } = look;
  if (source === null) {
    if (use !== 'write') return { obstacle: 'empty', by };
    return open || host.identity.target.uid === 0 ? null : { obstacle: 'unwritable', by };
  }
  if (use !== 'write')
    return (await host.access(source, use === 'read' ? 'r' : 'x', 'target')) ? null : { obstacle: 'empty', by };
  const { obstacle, writable } = await reach(look, source);
  return obstacle === null && writable ? null : { obstacle: 'unwritable', by };
}
