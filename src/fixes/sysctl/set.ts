import type { SysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { type SetAtBoot, type SysctlFiles, setAtBoot } from '../../facts/machine/sysctl.ts';
import type { Step, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { elsewhere } from './elsewhere.ts';
import { ownFile } from './own-file.ts';

/** A kernel value as it is, and as it should be. */
export interface SysctlChange {
  readonly key: string;
  readonly running: string;
  readonly wanted: string;
}

const ROOT = { uid: 0, gid: 0 };

/**
 * Sets one kernel value now and writes it to a file of its own, so that it can be taken back alone. `files` null: what
 * is set at boot is unknown.
 */
export function setSysctl(
  index: number,
  change: SysctlChange,
  files: SysctlFiles | null,
  place: SysctlPlace,
): readonly Treatment[] {
  const { key, running, wanted } = change;
  const told = elsewhere(change, place);
  if (told !== null) return [advice([index], told)];
  const now: readonly Step[] = running === wanted ? [] : [{ as: 'root', do: 'sysctl', key, from: running, to: wanted }];
  const atBoot = files === null ? null : setAtBoot(files, key);
  const file = ownFile(key, atBoot, files);
  if (file.beatenBy !== null) {
    const { path, line } = file.beatenBy;
    return [
      ...(now.length === 0 ? [] : [{ for: [index], risk: 'safe', steps: now } as const]),
      advice(
        [index],
        `So that it lasts: as root, change line ${line} of ${path} to "${key} = ${wanted}"; that file is applied after every other one.`,
      ),
    ];
  }
  const directory: Step = { as: 'root', do: 'directory', path: '/etc/sysctl.d', mode: 0o755, owner: ROOT };
  const write: Step = {
    as: 'root',
    do: 'edit',
    path: file.path,
    expects: file.expects,
    edit: { edit: 'whole', text: `# Written by bk-doctor for BuildKit.\n${key} = ${wanted}\n` },
    mode: 0o644,
    owner: ROOT,
  };
  const beaten = atBoot === null || atBoot.value === wanted || atBoot.path === file.path ? null : atBoot;
  return [
    {
      for: [index],
      risk: 'safe',
      ...(beaten === null
        ? {}
        : {
            consequence: `From now on this file has the last word over ${whereIs(beaten)}, which sets ${key} to ${beaten.value}.`,
          }),
      steps: [...(file.needsDirectory ? [directory] : []), write, ...now],
    },
  ];
}

const whereIs = ({ path, line }: SetAtBoot): string =>
  line === 0 ? "the kernel's command line" : `line ${line} of ${path}`;
