import type { BinariesEvidence } from '../../checks/runtime/binaries-case.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { environment } from '../../facts/target/environment.ts';
import type { Installable } from '../../knowledge/packages.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { installation, installOn } from '../install.ts';
import { quoted } from '../quoted.ts';

const needs = { environment, distribution: optional(osRelease), configEdit: optional(configEdit) };

/** Names the package of what is missing, and installs it only where the person says so. */
export const supplyBinaries: Fix<typeof needs, BinariesEvidence> = {
  needs,
  title: 'Install what is missing',
  plan: (problems, facts) => problems.map((problem, index) => supply(problem, index, facts)),
};

function supply(problem: Problem<BinariesEvidence>, index: number, facts: FactsOf<typeof needs>): Treatment {
  const { condition, severity, evidence } = problem;
  const { unused, lacks, path, program } = evidence;
  const config = facts.configEdit.value ?? null;
  if (unused !== null && config !== null && (unused.named || unused.fits)) return take(unused.named, index, config);
  if (lacks !== null && path !== null)
    return advice([index], `As the owner of the file: chmod ${lacks} ${quoted(path)}`);
  if (evidence.named?.found != null)
    return advice(
      [index],
      `Name ${quoted(evidence.named.found)} in ExecStart=: ${evidence.named.scope === 'user' ? 'systemctl --user' : 'sudo systemctl'} edit --full ${evidence.named.unit}.`,
    );
  // What is installed would not be found either.
  if (!facts.environment.values.PATH)
    return advice(
      [index],
      'Give PATH to buildkitd where it is started: export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
  if (condition === 'runtime.no-worker') return advice([index], workerAdvice(evidence));
  const packaged = PROGRAMS.get(program) ?? null;
  if (packaged === null)
    return advice([index], `Install ${program}, or leave worker.oci.binary out: buildkitd then uses runc.`);
  const install = installOn(packaged, facts.distribution);
  if (severity === 'info' && install.argv !== null) return advice([index], `As root: ${install.text}`);
  return installation([index], install) ?? advice([index], install.text);
}

/** Switches the worker on with the runtime that is there. */
function take(named: boolean, index: number, config: ConfigEdit): Treatment {
  const oci = ['worker', 'oci'];
  const steps = configSteps(config, [
    { change: 'set', path: [...oci, 'enabled'], value: true },
    ...(named ? [] : [{ change: 'set', path: [...oci, 'binary'], value: 'crun' } as const]),
  ]);
  return { for: [index], risk: 'safe', until: 'restart', steps };
}

function workerAdvice({ program, key }: BinariesEvidence): string {
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
