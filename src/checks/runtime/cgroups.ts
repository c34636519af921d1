import { cgroups, type StepLimit } from '../../facts/confinement/cgroups.ts';
import { container } from '../../facts/confinement/container.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { runtimeBinary } from '../../facts/start/runtime-binary.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { Check, Condition, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

export interface CgroupsEvidence {
  readonly layout: 'unified' | 'legacy' | null;
  readonly controllers: readonly string[];
  readonly readOnly: readonly string[];
  readonly container: Engine | null;
  readonly missing: readonly string[];
  /** The file of a control group that keeps RUN steps from running. */
  readonly limit: StepLimit | null;
}

const needs = { cgroups, launcher, runtimeBinary, status: optional(processStatus), container: optional(container) };

export const runtimeCgroups: Check<typeof needs, CgroupsEvidence> = {
  id: 'runtime/cgroups',
  title: 'The OCI runtime can use the control groups',
  why: 'runc looks for a cgroup hierarchy before every RUN step, and as root makes a group in it; limits, which need delegation, are not applied to rootless builds.',
  decides: true,
  conditions: [
    'cgroup.not-mounted',
    'cgroup.read-only',
    'cgroup.v1-only',
    'cgroup.delegation-missing',
    'cgroup.limited',
    'limits.pids',
    'limits.out-of-memory',
  ],
  needs,
  examine({ cgroups: found, launcher: by, runtimeBinary: runtime, status, container: inside }) {
    const { problems, unseen, add: find } = findings<CgroupsEvidence>();
    const { layout, controllers, readOnly, hybrid, delegated } = found;
    const isCrun = runtime?.path.endsWith('crun') === true;
    const rootless = by === 'rootlesskit' || status.value?.inUserNamespace === true;
    const missing = delegated === null ? [] : ['cpu', 'memory', 'pids'].filter((name) => !delegated.includes(name));
    const evidence: CgroupsEvidence = {
      layout,
      controllers,
      readOnly,
      container: inside.value?.kind ?? null,
      missing,
      limit: null,
    };
    const add = (condition: Condition, severity: Severity, message: string): void =>
      find(condition, severity, '/sys/fs/cgroup', message, evidence);
    const name = isCrun ? 'crun' : 'runc';
    if (layout === null)
      add(
        'cgroup.not-mounted',
        'error',
        `No cgroup hierarchy is mounted (neither cgroup v2 on /sys/fs/cgroup nor cgroup v1): ${name} refuses every RUN step`,
      );
    else if (layout === 'legacy' && !isCrun && !controllers.includes('devices'))
      add(
        'cgroup.not-mounted',
        'error',
        `cgroup v1 has no devices controller mounted (only ${controllers.join(', ')}): runc refuses every RUN step`,
      );
    else if (layout === 'legacy' && isCrun && hybrid.length > 0)
      add(
        'cgroup.v1-only',
        'error',
        `cgroup v1 is mounted together with a v2 hierarchy that has controllers (${hybrid.join(', ')}): crun refuses such a mix`,
      );
    if (!rootless && readOnly.length > 0)
      add(
        'cgroup.read-only',
        'error',
        `${readOnly.join(', ')} ${readOnly.length === 1 ? 'is' : 'are'} mounted read-only: ${name}, run by root, cannot make the group of a RUN step there`,
      );
    if (!rootless)
      for (const limit of found.steps)
        find(CONDITION[limit.kind], 'error', limit.path, stepWords(limit), { ...evidence, limit });
    if (rootless && missing.length > 0)
      add(
        'cgroup.delegation-missing',
        'info',
        `of the controllers cpu, memory and pids, ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not delegated to the user; rootless builds have no limits in any case`,
      );
    return { problems, unseen };
  },
};

const CONDITION: { readonly [K in StepLimit['kind']]: Condition } = {
  memory: 'limits.out-of-memory',
  pids: 'limits.pids',
  frozen: 'cgroup.limited',
  devices: 'cgroup.limited',
  descendants: 'cgroup.limited',
  depth: 'cgroup.limited',
};

function stepWords({ kind, path, value }: StepLimit): string {
  switch (kind) {
    case 'memory':
      return `${path} leaves every RUN step together ${value} bytes of memory, too few for the smallest program`;
    case 'pids':
      return `${path} lets all RUN steps together have ${value} processes and threads, too few for runc itself`;
    case 'frozen':
      return `The group that RUN steps are made in is frozen (${path}): each of them stands still`;
    case 'devices':
      return `${path} forbids /dev/null (it holds "${value}"), and a RUN step may have no device that its group has not`;
    case 'descendants':
    case 'depth':
      return `${path} is ${value}: the group of a RUN step cannot be made`;
  }
}
