import { settings } from '../../facts/config/settings.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { type DeviceName, type DeviceNode, devices } from '../../facts/start/devices.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';
import { type Findings, findings } from '../findings.ts';

const needs = {
  devices,
  identity,
  launcher: optional(launcher),
  settings: optional(settings),
  status: optional(processStatus),
};

/** What is wrong with a device node. */
export interface DeviceEvidence {
  readonly name: DeviceName;
  readonly obstacle: 'missing' | 'no-device' | 'mode' | 'nodev';
  readonly mode: number | null;
}

export const runtimeDevices: Check<typeof needs, DeviceEvidence> = {
  id: 'runtime/devices',
  title: 'The device nodes that every build uses are there',
  why: 'Programs open /dev/null before they do anything, and a rootless runtime, which may make no device nodes, gives those of the host to every RUN step.',
  decides: true,
  conditions: ['runtime.device-unusable'],
  needs,
  examine(facts) {
    const found = findings<DeviceEvidence>();
    const [first, ...others] = facts.devices;
    if (first !== undefined) judgeNull(found, first, facts);
    const { launcher, settings, status } = facts;
    // Real root's runtime makes its own.
    const given = launcher.value === 'rootlesskit' || status.value?.inUserNamespace === true;
    if (given && settings.value?.oci.enabled.value !== false) for (const node of others) judgeGiven(found, node);
    return { problems: found.problems, unseen: found.unseen };
  },
};

/** Without it hardly a program starts. A plain file in its place is written to, and works. */
function judgeNull(found: Findings<DeviceEvidence>, node: DeviceNode, { identity }: FactsOf<typeof needs>): void {
  const own = obstacleOf(node);
  const plain = own === 'mode' && node.stat?.kind === 'file';
  const obstacle = plain ? 'no-device' : (own ?? (node.nodev ? 'nodev' : null));
  if (obstacle === null) return;
  const mode = node.stat?.mode ?? null;
  const who = identity.target.name ?? `uid ${identity.target.uid}`;
  found.add(
    'runtime.device-unusable',
    'error',
    '/dev/null',
    `/dev/null ${wordsFor(obstacle, mode, who)}: rootlesskit, buildkitd and most programs do not start without it.`,
    { name: node.name, obstacle, mode },
  );
}

function judgeGiven(found: Findings<DeviceEvidence>, node: DeviceNode): void {
  const obstacle = obstacleOf(node);
  if (obstacle === null) return;
  const path = `/dev/${node.name}`;
  const mode = node.stat?.mode ?? null;
  const closed = obstacle === 'mode';
  found.add(
    'runtime.device-unusable',
    closed ? 'warning' : 'error',
    path,
    `${path} ${wordsFor(obstacle, mode, 'a build')}: ${closed ? 'RUN steps that open it fail' : 'the runtime cannot give it to RUN steps, and every one of them fails'}.`,
    { name: node.name, obstacle, mode },
  );
}

function obstacleOf({ stat, permitted }: DeviceNode): DeviceEvidence['obstacle'] | null {
  if (stat === null) return 'missing';
  if (stat.kind === 'directory' || stat.kind === 'socket') return 'no-device';
  return permitted ? null : 'mode';
}

function wordsFor(obstacle: DeviceEvidence['obstacle'], mode: number | null, who: string): string {
  switch (obstacle) {
    case 'missing':
      return 'is missing';
    case 'no-device':
      return `is no device node${mode === null ? '' : ` (mode ${octal(mode)})`}`;
    case 'mode':
      return `has mode ${octal(mode ?? 0)}, so that ${who} cannot open it`;
    case 'nodev':
      return 'lies on a file system that is mounted nodev, and cannot be opened';
  }
}
