import { baseName, byBytes, type SetAtBoot, type SysctlFiles } from '../../facts/machine/sysctl.ts';

/** The file of our own for one key, sorted after every file that sets it. */
export interface OwnFile {
  readonly path: string;
  /** Digest of the file that stands there; null: none does. */
  readonly expects: string | null;
  /** /etc/sysctl.d is missing. */
  readonly needsDirectory: boolean;
  /** The file and line that would be applied after ours; null: ours wins. */
  readonly beatenBy: SetAtBoot | null;
}

/** Later prefixes beat names that sort after the usual one; "~" comes after every letter. */
const PREFIXES = ['zz-bk-doctor-', 'zzzz-bk-doctor-', '~~bk-doctor-'];

/** `atBoot`: what sets the key now. */
export function ownFile(key: string, atBoot: SetAtBoot | null, files: SysctlFiles | null): OwnFile {
  const last = atBoot === null || atBoot.line === 0 ? null : baseName(atBoot.path);
  const ours = PREFIXES.find((prefix) => last === `${prefix}${key}.conf`);
  // procps reads this one after all of sysctl.d, whatever the names.
  const isLegacy = files?.applier === 'procps' && atBoot?.path === '/etc/sysctl.conf';
  const fits = (prefix: string): boolean =>
    last === null || isLegacy || prefix === ours || byBytes(`${prefix}${key}.conf`, last) > 0;
  const prefix = ours ?? PREFIXES.find(fits) ?? PREFIXES[0] ?? '';
  const path = `/etc/sysctl.d/${prefix}${key}.conf`;
  return {
    path,
    expects: files?.files.find((file) => file.path === path)?.digest ?? null,
    needsDirectory: files !== null && !files.directory,
    beatenBy: isLegacy || !fits(prefix) ? atBoot : null,
  };
}
