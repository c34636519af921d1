import type { OpenedArchive } from '../archive/open.ts';
import type { Condition } from '../knowledge/conditions.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Problem } from '../model/decide.ts';
import type { CheckReport, Report } from '../model/say.ts';
import { type AssessOptions, assess, countsOf, type Selected } from './assess.ts';
import { verdictOf } from './verdict.ts';

/** What is wrong by the words of one file, whatever else the host has. */
const IN_A_FILE: ReadonlySet<Condition> = new Set<Condition>([
  'config.toml-syntax',
  'config.unknown-key',
  'config.misplaced-key',
  'config.wrong-type',
  'config.invalid-value',
  'config.deprecated-key',
  'config.bad-address',
  'config.registry-mirror-invalid',
  'config.registry-name-invalid',
  'config.registry-no-effect',
  'config.cdi-invalid',
  'config.daemon-json-invalid',
  'config.client-json-invalid',
  'service.unknown-flag',
]);

/** What is wrong by how the state directory's file system is mounted, or how full it was. */
const OF_A_MOUNT = [
  'storage.read-only',
  'storage.noexec',
  'storage.network-filesystem',
  'storage.no-owners',
  'storage.disk-full',
  'storage.inodes-exhausted',
] as const satisfies readonly Condition[];

/** What is wrong by what stands in these files alone; one that is missing may be wherever the archive was not made from. */
const BY_FILES: { readonly [C in Condition]?: readonly string[] } = {
  'userns.max-user-namespaces-zero': [],
  'userns.max-other-zero': [],
  'userns.unprivileged-clone-disabled': [],
  'userns.kernel-disabled': [],
  'userns.apparmor-restricted': ['/etc/apparmor.d'],
  'kernel.too-old': ['/proc/sys/kernel/osrelease'],
  'lsm.selinux-off': ['/sys/fs/selinux/enforce'],
  'idmap.subid-missing': ['/etc/passwd', '/etc/subuid', '/etc/subgid'],
  'idmap.subid-too-few': ['/etc/passwd', '/etc/subuid', '/etc/subgid'],
  'idmap.subid-overlap': ['/etc/subuid', '/etc/subgid'],
  'idmap.subid-invalid': ['/etc/subuid', '/etc/subgid'],
  // Where packages are listed, and the one that has it is not among them.
  'idmap.newuidmap-missing': ['/sos_commands/dpkg/dpkg_-l'],
  ...Object.fromEntries(OF_A_MOUNT.map((condition) => [condition, ['/proc/self/mountinfo']])),
};

/**
 * Examines a host that an archive shows. What the archive lacks is unknown, and a check that needs it cannot pass. What
 * is wrong by the files that it has, whatever else the host had, is told all the same.
 */
export async function assessArchive(
  opened: OpenedArchive,
  catalog: Catalog,
  selected: Selected,
  options: AssessOptions,
): Promise<Report> {
  const { inventory } = options;
  const seen = await assess(opened, catalog, selected, options);
  const shown = await assess({ ...opened, host: opened.asShown }, catalog, selected, { inventory });
  const checks = seen.checks.map((check) =>
    withShown(
      check,
      shown.checks.find(({ id }) => id === check.id),
      (path) => opened.holds(path),
      isPlaceKnown(shown.target),
    ),
  );
  const { snapshotter, processSandbox } = seen.verdict;
  return {
    ...seen,
    host: { ...seen.host, software: { ...seen.host.software, ...opened.versions } },
    checks,
    counts: countsOf(checks),
    verdict: verdictOf(checks, catalog, { proved: false, snapshotter, processSandbox }),
    // Whose settings the problems are about.
    target: { ...shown.target, running: seen.target.running },
  };
}

/** A variable of a session, which no archive shows, may lead a rootless buildkitd elsewhere; not where a unit starts it. */
const isPlaceKnown = ({ mode, unit, sources }: Report['target']): boolean =>
  mode === 'rootful' || (unit !== null && unit !== 'unknown') || sources?.root === 'unit';

function withShown(
  check: CheckReport,
  shown: CheckReport | undefined,
  holds: (path: string) => boolean,
  placed: boolean,
): CheckReport {
  const tells = (problem: Problem): boolean =>
    standsAlone(problem, holds) && (placed || !OF_A_MOUNT.some((condition) => condition === problem.condition));
  const kept = shown?.problems.flatMap((problem, index) => (tells(problem) ? [index] : [])) ?? [];
  if (check.status !== 'unknown' || shown === undefined || kept.length === 0) return check;
  const problems = shown.problems.filter((_, index) => kept.includes(index));
  const fixes = shown.fixes.flatMap((fix) => {
    const treated = fix.for.map((index) => kept.indexOf(index));
    return treated.includes(-1) ? [] : [{ ...fix, for: treated }];
  });
  const fails = problems.some(({ severity }) => severity === 'error');
  return { ...check, problems, fixes, status: fails ? 'fail' : check.decides ? 'unknown' : 'warn' };
}

function standsAlone({ condition, severity, at }: Problem, holds: (path: string) => boolean): boolean {
  if (severity === 'info') return false;
  if (IN_A_FILE.has(condition)) return at !== undefined && holds(at.path);
  return BY_FILES[condition]?.every(holds) ?? false;
}
