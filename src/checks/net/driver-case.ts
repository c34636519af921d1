import { type Setting, settings, stepsOf } from '../../facts/config/settings.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { netDriver } from '../../facts/start/net-driver.ts';
import { software } from '../../facts/start/software.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Installable } from '../../knowledge/packages.ts';
import type { Condition, FactsOf, Problem } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

export interface DriverEvidence {
  readonly what:
    | 'program'
    | 'tun'
    | 'version'
    | 'cni-config'
    | 'cni-plugins'
    | 'cni-cache'
    | 'cni-network'
    | 'iptables'
    | 'published'
    | 'unknown';
  readonly driver: string;
  /** The key of buildkitd.toml that is concerned; null where it does not come from there. */
  readonly key: string | null;
  /** The program or plugins that are missing or too old. */
  readonly program: Installable | null;
  readonly path: string | null;
  /** /dev/net/tun: its mode and owner; null when it is missing. */
  readonly tun: { readonly mode: number; readonly uid: number; readonly gid: number } | null;
}

export const driverNeeds = {
  netDriver,
  settings,
  binaries,
  launcher,
  software,
  buildkitdVersion,
  namespace: optional(namespace),
};

/** What concerns it of buildkitd's settings: the first of them that the file holds. */
type Written = Pick<Setting<unknown>, 'key' | 'at'>;

/** One examination of the network driver: its facts and the problems found so far, each of which ends the start. */
export interface DriverCase {
  readonly facts: FactsOf<typeof driverNeeds>;
  readonly problems: readonly Problem<DriverEvidence>[];
  readonly written: {
    readonly mode: Written | null;
    readonly config: Written | null;
    readonly plugins: Written | null;
  };
  add(
    condition: Condition,
    subject: string,
    message: string,
    evidence: Partial<DriverEvidence> & Pick<DriverEvidence, 'what'>,
    written?: Written | null,
  ): void;
}

export function openDriver(facts: FactsOf<typeof driverNeeds>): DriverCase {
  const { problems, add } = findings<DriverEvidence>();
  const { networkMode, cniConfigPath, cniBinaryPath } = stepsOf(facts.settings);
  const driver = facts.netDriver.net ?? 'none';
  const firstOf = (...settings: readonly Written[]): Written | null => settings.find(({ at }) => at !== null) ?? null;
  return {
    facts,
    problems,
    written: {
      mode: firstOf(networkMode),
      config: firstOf(cniConfigPath, networkMode),
      plugins: firstOf(cniBinaryPath, networkMode),
    },
    add(condition, subject, message, evidence, written = null) {
      const seen = { driver, key: written?.key ?? null, program: null, path: null, tun: null, ...evidence };
      add(condition, 'error', subject, message, seen, written?.at);
    },
  };
}
