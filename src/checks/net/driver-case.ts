import { binaries } from '../../facts/binaries.ts';
import { buildkitdVersion } from '../../facts/buildkitd-version.ts';
import { launcher, namespace } from '../../facts/namespace.ts';
import { netDriver } from '../../facts/net-driver.ts';
import { osRelease } from '../../facts/os-release.ts';
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
  readonly program: string | null;
  readonly path: string | null;
  readonly install: Pick<Install, 'package' | 'argv' | 'text'> | null;
  /** /dev/net/tun: its mode and owner; null when it is missing. */
  readonly tun: { readonly mode: number; readonly uid: number; readonly gid: number } | null;
}

export const driverNeeds = {
  netDriver,
  binaries,
  launcher,
  software,
  buildkitdVersion,
  osRelease: optional(osRelease),
  namespace: optional(namespace),
};

/** One examination of the network driver: its facts and the problems found so far, each of which ends the start. */
export interface DriverCase {
  readonly facts: FactsOf<typeof driverNeeds>;
  readonly problems: readonly Problem<DriverEvidence>[];
  install(program: Installable): Install;
  add(
    condition: string,
    subject: string,
    message: string,
    evidence: Partial<DriverEvidence> & Pick<DriverEvidence, 'what'>,
  ): void;
}

export function openDriver(facts: FactsOf<typeof driverNeeds>): DriverCase {
  const problems: Problem<DriverEvidence>[] = [];
  const driver = facts.netDriver.net ?? 'none';
  return {
    facts,
    problems,
    install: (program) => installOf(program, facts.osRelease.value ?? { id: 'linux', idLike: [], version: null }),
    add(condition, subject, message, evidence) {
      problems.push({
        condition,
        severity: 'error',
        subject,
        message,
        evidence: { driver, program: null, path: null, install: null, tun: null, ...evidence },
      });
    },
  };
}
