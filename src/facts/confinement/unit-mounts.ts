import { HOMES, OWN_DIRECTORIES, PROTECTED_SYSTEM } from '../../knowledge/unit-options.ts';
import type { Position } from '../../model/decide.ts';
import { unitWords } from '../../text/unit-words.ts';
import { boolean, type Directive, type Directives, isOn, lastOf, listOf } from '../target/directives.ts';

/** The option of a unit by which something is so, with its value and its place. */
export interface By {
  readonly option: string;
  readonly value: string;
  readonly at: Position;
}

/** What stands at the path: nothing that may be entered, what another path has, an empty file system, or what is there anyway. */
type Content = 'hidden' | 'bound' | 'own' | 'empty' | 'kept';

/** One path that a unit's mount namespace has otherwise than the host. */
export interface Covering {
  readonly path: string;
  readonly content: Content;
  /** Of a bound path. */
  readonly source: string | null;
  readonly readOnly: boolean;
  readonly noexec: boolean;
  /** Of an empty one: may every account write there? */
  readonly open: boolean;
  /** Without the path, or its source, the unit starts nevertheless. */
  readonly optional: boolean;
  /** systemd makes the path before the start. */
  readonly made: boolean;
  readonly by: By;
}

/** What the processes of a unit find at a path. */
export interface Covered {
  /** Nothing there can be reached. */
  readonly hidden: By | null;
  /** Something else is there: `source` names it where it is another path of the host. */
  readonly replaced: { readonly by: By; readonly source: string | null; readonly open: boolean } | null;
  readonly readOnly: By | null;
  readonly noexec: By | null;
}

export const byOf = (option: string, { value, at }: Directive): By => ({ option, value, at });

const KEPT = {
  content: 'kept',
  source: null,
  readOnly: false,
  noexec: false,
  open: false,
  optional: true,
  made: false,
} as const;

/** By what the content of a path is decided where several options name it: the first (namespace.c, MountMode). */
const PRECEDENCE: readonly Content[] = ['hidden', 'bound', 'own', 'kept', 'empty'];

/** Every path that the options of a unit cover. */
export function coveringsOf(unit: Directives): readonly Covering[] {
  return [
    ...ofPaths(unit),
    ...ofBinds(unit),
    ...ofEmpty(unit),
    ...ofHome(unit),
    ...ofSystem(unit),
    ...ofTemporary(unit),
    ...ofKernel(unit),
    ...ofOwnDirectories(unit),
  ];
}

const PATHS: { readonly [option: string]: Partial<Covering> } = {
  ReadWritePaths: {},
  ReadWriteDirectories: {},
  ReadOnlyPaths: { readOnly: true },
  ReadOnlyDirectories: { readOnly: true },
  InaccessiblePaths: { content: 'hidden', readOnly: true, noexec: true },
  InaccessibleDirectories: { content: 'hidden', readOnly: true, noexec: true },
  NoExecPaths: { noexec: true },
  ExecPaths: {},
};

function ofPaths(unit: Directives): readonly Covering[] {
  return Object.entries(PATHS).flatMap(([option, covering]) =>
    listOf(unit, option).flatMap((directive) =>
      unitWords(directive.value).words.map((word) => {
        const [, signs = '', path = ''] = /^([-+]*)(.*)$/s.exec(word) ?? [];
        return { ...KEPT, ...covering, path: plain(path), optional: signs.includes('-'), by: byOf(option, directive) };
      }),
    ),
  );
}

function ofBinds(unit: Directives): readonly Covering[] {
  return ['BindPaths', 'BindReadOnlyPaths'].flatMap((option) =>
    listOf(unit, option).flatMap((directive) =>
      unitWords(directive.value).words.map((word) => {
        const [from = '', to = from] = word.replace(/^-/, '').split(':');
        return {
          ...KEPT,
          path: plain(to),
          content: 'bound' as const,
          source: plain(from),
          readOnly: option === 'BindReadOnlyPaths',
          optional: word.startsWith('-'),
          by: byOf(option, directive),
        };
      }),
    ),
  );
}

function ofEmpty(unit: Directives): readonly Covering[] {
  return listOf(unit, 'TemporaryFileSystem').flatMap((directive) =>
    unitWords(directive.value).words.map((word) => {
      const [path = '', options = ''] = word.split(':', 2);
      const mode = /(?:^|,)mode=0*([0-7]+)/.exec(options)?.[1] ?? '755';
      return {
        ...KEPT,
        path: plain(path),
        content: 'empty' as const,
        readOnly: options.split(',').includes('ro'),
        open: (Number.parseInt(mode, 8) & 0o002) !== 0,
        by: byOf('TemporaryFileSystem', directive),
      };
    }),
  );
}

function ofHome(unit: Directives): readonly Covering[] {
  const directive = lastOf(unit, 'ProtectHome');
  const dynamic = isOn(unit, 'DynamicUser');
  const value = directive === null ? 'no' : (boolean(directive.value) ?? directive.value);
  const by =
    directive !== null && value !== 'no' && value !== false
      ? byOf('ProtectHome', directive)
      : dynamic === null
        ? null
        : byOf('DynamicUser', dynamic);
  if (by === null) return [];
  const content = value === true ? ('hidden' as const) : value === 'tmpfs' ? ('empty' as const) : ('kept' as const);
  return HOMES.map((path) => ({ ...KEPT, path, content, readOnly: true, noexec: content === 'hidden', by }));
}

function ofSystem(unit: Directives): readonly Covering[] {
  const directive = lastOf(unit, 'ProtectSystem');
  const dynamic = isOn(unit, 'DynamicUser');
  const written = directive === null ? 'no' : (boolean(directive.value) ?? directive.value);
  const value = dynamic !== null ? 'strict' : written === true ? 'yes' : written === false ? 'no' : written;
  const places = PROTECTED_SYSTEM[value];
  const by = dynamic !== null ? byOf('DynamicUser', dynamic) : directive && byOf('ProtectSystem', directive);
  if (places === undefined || by === null) return [];
  return [
    ...places.readOnly.map((path) => ({ ...KEPT, path, readOnly: true, by })),
    ...places.writable.map((path) => ({ ...KEPT, path, by })),
  ];
}

function ofTemporary(unit: Directives): readonly Covering[] {
  const directive = lastOf(unit, 'PrivateTmp');
  const dynamic = isOn(unit, 'DynamicUser');
  const isPrivate = directive !== null && boolean(directive.value) !== false && directive.value !== 'no';
  const by = isPrivate ? byOf('PrivateTmp', directive) : dynamic && byOf('DynamicUser', dynamic);
  if (by === null) return [];
  return ['/tmp', '/var/tmp'].map((path) => ({ ...KEPT, path, content: 'own' as const, open: true, by }));
}

/** Directories of the kernel that runc and newuidmap need, or that must not be masked for a new /proc. */
function ofKernel(unit: Directives): readonly Covering[] {
  const groups = lastOf(unit, 'ProtectControlGroups');
  const tunables = isOn(unit, 'ProtectKernelTunables');
  const logs = isOn(unit, 'ProtectKernelLogs');
  const isReadOnly = groups !== null && (boolean(groups.value) === true || groups.value === 'strict');
  const covering = (option: string, directive: Directive, path: string, rest: Partial<Covering>): Covering => ({
    ...KEPT,
    ...rest,
    path,
    by: byOf(option, directive),
  });
  return [
    ...(isReadOnly ? [covering('ProtectControlGroups', groups, '/sys/fs/cgroup', { readOnly: true })] : []),
    ...(tunables === null
      ? []
      : [
          covering('ProtectKernelTunables', tunables, '/sys', { readOnly: true }),
          covering('ProtectKernelTunables', tunables, '/sys/fs/cgroup', {}),
          covering('ProtectKernelTunables', tunables, '/proc/sys', { readOnly: true }),
        ]),
    ...(logs === null ? [] : [covering('ProtectKernelLogs', logs, '/proc/kmsg', { content: 'hidden' })]),
  ];
}

function ofOwnDirectories(unit: Directives): readonly Covering[] {
  return Object.entries(OWN_DIRECTORIES).flatMap(([option, above]) =>
    listOf(unit, option).flatMap((directive) =>
      unitWords(directive.value).words.map((word) => ({
        ...KEPT,
        path: plain(`${above}/${word.split(':')[0]}`),
        made: true,
        by: byOf(option, directive),
      })),
    ),
  );
}

/** Without doubled slashes and one at the end. */
function plain(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

export function isBelow(path: string, above: string): boolean {
  return path === above || above === '/' || path.startsWith(`${above}/`);
}

/** What a path is by these coverings; both are without links. Null: as on the host. */
export function coveredBy(coverings: readonly Covering[], path: string): Covered | null {
  const above = coverings.filter((one) => isBelow(path, one.path)).toSorted((a, b) => a.path.length - b.path.length);
  const hiding = above.find(({ content }) => content === 'hidden');
  if (hiding !== undefined) return { hidden: hiding.by, replaced: null, readOnly: null, noexec: null };
  const nearest = above.at(-1);
  if (nearest === undefined) return null;
  const same = above.filter((one) => one.path === nearest.path);
  const replacing = above.filter((one) => one.content !== 'kept' && first(above, one)).at(-1);
  const flag = (has: (one: Covering) => boolean): By | null => same.find(has)?.by ?? null;
  return {
    hidden: null,
    replaced:
      replacing === undefined
        ? null
        : {
            by: replacing.by,
            source: replacing.source === null ? null : plain(replacing.source + path.slice(replacing.path.length)),
            open: replacing.open,
          },
    readOnly: flag(({ readOnly }) => readOnly),
    noexec: isExecutable(same) ? null : flag(({ noexec }) => noexec),
  };
}

/** Does its kind of content win at its path? */
function first(all: readonly Covering[], { path, content }: Covering): boolean {
  const rank = (one: Content): number => PRECEDENCE.indexOf(one);
  return all.every((one) => one.path !== path || rank(content) <= rank(one.content));
}

const isExecutable = (same: readonly Covering[]): boolean => same.some(({ by }) => by.option === 'ExecPaths');
