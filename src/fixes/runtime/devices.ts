import type { DeviceEvidence } from '../../checks/runtime/devices.ts';
import { container } from '../../facts/confinement/container.ts';
import { DEVICES } from '../../facts/start/devices.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';

const needs = { container: optional(container) };

/** What /dev is made of is up to whoever set it up; the node itself is made with one command. */
export const makeDevices: Fix<typeof needs, DeviceEvidence> = {
  needs,
  title: 'Make the device nodes that are missing',
  plan: (problems, { container: inside }) =>
    problems.map(({ evidence }, index) =>
      advice(
        [index],
        `As root:\n${commandFor(evidence)}`,
        inside.value != null && inside.value.kind !== null
          ? 'A container engine makes these nodes by itself where nothing is mounted over /dev: take that mount away.'
          : 'To keep it: let devtmpfs and udev make /dev (mount -t devtmpfs dev /dev), or add the command to what sets up this root directory.',
      ),
    ),
};

function commandFor({ name, obstacle }: DeviceEvidence): string {
  const path = `/dev/${name}`;
  const make = `mknod -m 666 ${path} ${DEVICES[name]}`;
  switch (obstacle) {
    case 'missing':
      return make;
    case 'no-device':
      return `rm -r ${path} && ${make}`;
    case 'mode':
      return `chmod 666 ${path}`;
    case 'nodev':
      return 'mount -o remount,dev /dev';
  }
}
