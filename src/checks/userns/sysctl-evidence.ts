import type { SysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { baseName, byBytes, type SetAtBoot, type SysctlFiles, setAtBoot } from '../../facts/machine/sysctl.ts';

/** All that a fix needs to set one kernel value for now and for good. */
export interface SysctlEvidence {
  readonly key: string;
  /** Null: it cannot be read. */
  readonly running: string | null;
  readonly wanted: string;
  /** What the next boot would make of it; null: nothing sets it. */
  readonly atBoot: SetAtBoot | null;
  readonly place: SysctlPlace;
  /** The file of our own for this key, sorted after every file that sets it. */
  readonly file: {
    readonly path: string;
    /** Digest of the file that stands there; null: none does. */
    readonly expects: string | null;
    /** /etc/sysctl.d is missing. */
    readonly needsDirectory: boolean;
    /** The file and line that would be applied after ours; null: ours wins. */
    readonly beatenBy: SetAtBoot | null;
  };
}

/** Later prefixes beat names that sort after the usual one; "~" comes after every letter. */
const PREFIXES = ['zz-bk-doctor-', 'zzzz-bk-doctor-', '~~bk-doctor-'];

export function sysctlEvidence(
  key: string,
  running: string | null,
  wanted: string,
  files: SysctlFiles | null,
  place: SysctlPlace,
): SysctlEvidence {
  const atBoot = files === null ? null : setAtBoot(files, key);
  const last = atBoot === null || atBoot.line === 0 ? null : baseName(atBoot.path);
  const isOurs = last !== null && PREFIXES.some((prefix) => last === `${prefix}${key}.conf`);
  // procps reads this one after all of sysctl.d, whatever the names.
  const isLegacy = files?.applier === 'procps' && atBoot?.path === '/etc/sysctl.conf';
  const fits = (prefix: string): boolean =>
    last === null || isLegacy || isOurs || byBytes(`${prefix}${key}.conf`, last) > 0;
  const prefix = isOurs
    ? (PREFIXES.find((one) => last === `${one}${key}.conf`) ?? '')
    : (PREFIXES.find(fits) ?? PREFIXES[0] ?? '');
  const path = `/etc/sysctl.d/${prefix}${key}.conf`;
  return {
    key,
    running,
    wanted,
    atBoot,
    place,
    file: {
      path,
      expects: files?.files.find((file) => file.path === path)?.digest ?? null,
      needsDirectory: files !== null && !files.directory,
      beatenBy: atBoot !== null && (isLegacy || !fits(prefix)) ? atBoot : null,
    },
  };
}

/** "line 3 of /etc/sysctl.d/60-x.conf", or the kernel's command line. */
export const atBootWords = ({ path, line }: SetAtBoot): string =>
  line === 0 ? "the kernel's command line" : `line ${line} of ${path}`;
