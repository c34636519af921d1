import { settings, writtenAt } from '../../facts/config/settings.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { netDriver } from '../../facts/start/net-driver.ts';
import { software } from '../../facts/start/software.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { type Install, type Installable, installOf } from '../../knowledge/packages.ts';
import type { Condition, FactsOf, Problem } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

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
  /** The key of buildkitd.toml that is concerned, and its line; null where it does not come from there. */
  readonly key: string | null;
  readonly line: number | null;
  readonly program: string | null;
  readonly path: string | null;
  readonly install: Pick<Install, 'package' | 'argv' | 'text'> | null;
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
  osRelease: optional(osRelease),
  namespace: optional(namespace),
};

type At = Pick<DriverEvidence, 'key' | 'line'>;

/** One examination of the network driver: its facts and the problems found so far, each of which ends the start. */
export interface DriverCase {
  readonly facts: FactsOf<typeof driverNeeds>;
  readonly problems: readonly Problem<DriverEvidence>[];
  install(program: Installable): Install;
  /** For the evidence: which of the worker's settings the file holds, the first first. */
  readonly at: { readonly mode: At; readonly config: At; readonly plugins: At };
  add(
    condition: Condition,
    subject: string,
    message: string,
    evidence: Partial<DriverEvidence> & Pick<DriverEvidence, 'what'>,
  ): void;
}

export function openDriver(facts: FactsOf<typeof driverNeeds>): DriverCase {
  const problems: Problem<DriverEvidence>[] = [];
  const { networkMode, cniConfigPath, cniBinaryPath } = facts.settings.oci;
  const driver = facts.netDriver.net ?? 'none';
  return {
    facts,
    problems,
    at: {
      mode: writtenAt(networkMode),
      config: writtenAt(cniConfigPath, networkMode),
      plugins: writtenAt(cniBinaryPath, networkMode),
    },
    install: (program) => installOf(program, facts.osRelease.value ?? { id: 'linux', idLike: [], version: null }),
    add(condition, subject, message, evidence) {
      problems.push({
        condition,
        severity: 'error',
        subject,
        message,
        evidence: { driver, key: null, line: null, program: null, path: null, install: null, tun: null, ...evidence },
      });
    },
  };
}
