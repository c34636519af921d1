import { binaries } from '../../facts/binaries.ts';
import { buildkitdVersion } from '../../facts/buildkitd-version.ts';
import { launcher, namespace } from '../../facts/namespace.ts';
import { netDriver } from '../../facts/net-driver.ts';
import { osRelease } from '../../facts/os-release.ts';
import { settings, writtenAt } from '../../facts/settings.ts';
import { software } from '../../facts/software.ts';
import { optional } from '../../facts/unseen.ts';
import type { FactsOf, Problem } from '../../model.ts';
import { type Install, type Installable, installOf } from '../../packages.ts';

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
    condition: string,
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
