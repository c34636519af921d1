import { configFile } from '../../facts/config/config-file.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { settings } from '../../facts/config/settings.ts';
import { serverTls } from '../../facts/config/tls.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Condition, FactsOf, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import type { Findings } from '../findings.ts';

/** Evidence of config/tls. */
export interface TlsEvidence {
  readonly what:
    | 'half-pair'
    | 'ca-alone'
    | 'unusable-file'
    | 'foreign-key'
    | 'locked-key'
    | 'foreign-kind'
    | 'untrusted'
    | 'no-authority'
    | 'only-itself'
    | 'ended'
    | 'not-begun'
    | 'ends-soon'
    | 'exposed-key'
    | 'open-debug'
    | 'open'
    | 'unverified-clients';
  /** The dotted key of buildkitd.toml that it is about. */
  readonly key: string;
  /** The certificate, key or CA file concerned; null where none is named. */
  readonly file: string | null;
  readonly prints: string | null;
  /** For a key that others can read. */
  readonly mode: number | null;
}

export const needs = {
  config: configFile,
  settings,
  listeners,
  tls: serverTls,
  identity,
  version: optional(buildkitdVersion),
};

/** What is asked for, and what has been found of it so far. */
export interface TlsCase extends FactsOf<typeof needs> {
  readonly found: Findings<TlsEvidence>;
  /** Certificate and key are both set. */
  readonly on: boolean;
  /** Clients come by TCP. */
  readonly tcp: boolean;
}

/** The name of a file of TLS, as the key that names it ends. */
export type TlsName = 'cert' | 'key' | 'ca';

/** Adds a problem of one file that makes buildkitd speak TLS. */
export function addOfFile(
  { settings: { tls }, found }: TlsCase,
  name: TlsName,
  condition: Condition,
  severity: Severity,
  subject: string,
  message: string,
  evidence: Pick<TlsEvidence, 'what'> & Partial<TlsEvidence>,
): void {
  const blank = { key: `grpc.tls.${name}`, file: null, prints: null, mode: null };
  found.add(condition, severity, subject, message, { ...blank, ...evidence }, tls[name].at);
}
