import type { BinariesEvidence } from '../../checks/runtime/binaries-case.ts';
import { settings } from '../../facts/config/settings.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { environment } from '../../facts/target/environment.ts';
import { type Install, type Installable, reinstallation } from '../../knowledge/packages.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { installation, installOn } from '../install.ts';
import { quoted } from '../quoted.ts';

const needs = {
  environment,
  binaries,
  settings,
  distribution: optional(osRelease),
  configEdit: optional(configEdit),
};
type Facts = FactsOf<typeof needs>;

/** Names the package of what is missing, and installs it only where the person says so. */
export const supplyBinaries: Fix<typeof needs, BinariesEvidence> = {
  needs,
  title: 'Install what is missing',
  plan: (problems, facts) => problems.map((problem, index) => supply(problem, index, facts)),
};

function supply(problem: Problem<BinariesEvidence>, index: number, facts: Facts): Treatment {
  const { condition, severity, evidence } = problem;
  const { unused, lacks, path, program } = evidence;
  const config = facts.configEdit.value ?? null;
  if (unused !== null && config !== null && (unused.named || unused.fits)) return take(unused.named, index, config);
  if (lacks !== null && path !== null)
    return advice([index], `As the owner of the file:\nchmod ${lacks} ${quoted(path)}`);
  if (evidence.named?.found != null)
    return advice(
      [index],
      `Name ${quoted(evidence.named.found)} in ExecStart=: ${evidence.named.scope === 'user' ? 'systemctl --user' : 'sudo systemctl'} edit --full ${evidence.named.unit}.`,
    );
  // What is installed would not be found either.
  if (!facts.environment.values.PATH)
    return advice(
      [index],
      'Give PATH to buildkitd where it is started:\nexport PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
  if (condition === 'runtime.no-worker') return advice([index], workerAdvice(evidence));
  if (condition === 'limits.pids' || condition === 'limits.out-of-memory') return advice([index], LIMITS[condition]);
  const other = config === null ? null : otherRuntime(evidence, facts);
  if (other !== null && config !== null) return useInstead(other, index, config);
  const packaged = PROGRAMS.get(program) ?? null;
  if (program.startsWith('io.containerd.'))
    return advice([index], 'Leave worker.containerd.runtime out: io.containerd.runc.v2 is then used.');
  if (program.startsWith('containerd-shim-'))
    return advice(
      [index],
      `Install ${program} where containerd finds it (/usr/local/bin), or leave worker.containerd.runtime out: runc is then used.`,
    );
  if (packaged === null && facts.settings.oci.enabled.value === false)
    return advice(
      [index],
      `Install ${program}, or leave BinaryName out of worker.containerd.runtime.options: runc is then used.`,
    );
  if (packaged === null)
    return advice([index], `Install ${program}, or leave worker.oci.binary out: buildkitd then uses runc.`);
  const install = installOn(packaged, facts.distribution);
  if (path !== null) return replace(index, evidence, path, install);
  if (severity === 'info' && install.argv !== null) return advice([index], `As root:\n${install.text}`);
  return installation([index], install) ?? advice([index], install.text);
}

/** A runtime of that name where buildkitd finds it, or runc in the place of one that does not fit; null: there is none. */
function otherRuntime({ program, key, path, version }: BinariesEvidence, { binaries }: Facts): string | null {
  if (key !== BINARY_KEY) return null;
  const name = program.slice(program.lastIndexOf('/') + 1);
  const same = RUNTIMES.find((known) => known === name);
  if (path === null) {
    const found = program.includes('/') && same !== undefined ? binaries[same] : null;
    return found?.executable === true ? found.path : null;
  }
  return version !== null && name === 'crun' && binaries.runc?.executable === true ? 'runc' : null;
}

const BINARY_KEY = 'worker.oci.binary';
const RUNTIMES = ['runc', 'buildkit-runc', 'crun'] as const;

function useInstead(runtime: string, index: number, config: ConfigEdit): Treatment {
  return {
    for: [index],
    risk: 'safe',
    until: 'restart',
    steps: configSteps(config, [{ change: 'set', path: BINARY_KEY.split('.'), value: runtime }]),
  };
}

/** What is there and does not do: only the files of a package are a package manager's to put back, and its version is what it is. */
function replace(index: number, { program, version }: BinariesEvidence, path: string, install: Install): Treatment {
  const text = install.argv === null ? install.text : `as root: ${install.text}`;
  if (!/^\/(usr\/)?s?bin\//.test(path))
    return advice([index], `Replace ${quoted(path)}, or take it away where another one is wanted (${text}).`);
  if (version !== null)
    return advice(
      [index],
      `Get a newer ${program}: where this system's own package is as old (${text}), ${releaseOf(program)}.`,
    );
  // Another package may own the file, which a package manager would take away for this one: a person decides.
  return advice(
    [index],
    install.argv === null
      ? install.text
      : `As root, put it back from the package that it belongs to:\n${reinstallation(install.argv).join(' ')}`,
  );
}

const releaseOf = (program: string): string =>
  program === 'crun'
    ? 'the static binary of https://github.com/containers/crun/releases, as /usr/local/bin/crun'
    : 'buildkit-runc of the release archive of https://github.com/moby/buildkit/releases, in /usr/local/bin';

/** Switches the worker on with the runtime that is there. */
function take(named: boolean, index: number, config: ConfigEdit): Treatment {
  const oci = ['worker', 'oci'];
  const steps = configSteps(config, [
    { change: 'set', path: [...oci, 'enabled'], value: true },
    ...(named ? [] : [{ change: 'set', path: [...oci, 'binary'], value: 'crun' } as const]),
  ]);
  return { for: [index], risk: 'safe', until: 'restart', steps };
}

/** Where a limit may stand that ends every program. */
const LIMITS = {
  'limits.pids':
    'Give the account more processes and threads: ulimit -u in the shell, nproc in /etc/security/limits.conf, LimitNPROC= and TasksMax= of the unit, --pids-limit of the container.',
  'limits.out-of-memory':
    'Give the account more memory: ulimit -v in the shell, as in /etc/security/limits.conf, LimitAS= and MemoryMax= of the unit, --memory of the container.',
} as const;

function workerAdvice({ program, key }: BinariesEvidence): string {
  if (program === 'snapshotter of containerd')
    return 'Give containerd a root on a local disk (root = "DIRECTORY" in /etc/containerd/config.toml) and do not disable its snapshotter; or name another one: snapshotter = "native" below [worker.containerd].';
  if (program === 'containerd of another account')
    return 'Start a rootless containerd of this account (containerd-rootless-setuptool.sh install) and name its socket, or leave the OCI worker on: buildkitd then runs its steps itself.';
  if (program === 'namespace of containerd')
    return 'Name it with letters and digits, which single ".", "_" and "-" may join: namespace = "buildkit" below [worker.containerd].';
  if (program === 'containerd')
    return 'Start containerd, or leave worker.containerd.enabled out: buildkitd then does without it.';
  return key === null
    ? 'Start buildkitd without --oci-worker=false, or beside a containerd that answers.'
    : `config/buildkitd says how ${key} is mended.`;
}

/** What installs a program; somebody's own runtime is not among them. */
const PROGRAMS: ReadonlyMap<string, Installable> = new Map([
  ['buildkitd', 'buildkitd'],
  ['buildctl', 'buildctl'],
  ['rootlesskit', 'rootlesskit'],
  ['git', 'git'],
  ['runc', 'runc'],
  ['buildkit-runc', 'runc'],
  ['crun', 'crun'],
]);
