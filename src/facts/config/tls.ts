import type { Fact, Look, PemAnswer, Probes, Stat, UnseenReason } from '../../model/look.ts';
import { asAbsent, seen } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { settings } from './settings.ts';

/** A certificate or key file, without what is in it. */
export interface PemFile {
  readonly path: string;
  /** After all links; null when absent. */
  readonly stat: Stat | null;
  /** Null when it could not be looked at. */
  readonly pem: PemAnswer | null;
  readonly unseen: UnseenReason | null;
  /** May the target read it, as far as permissions go? */
  readonly readable: boolean;
}
export interface KeyPair {
  readonly cert: PemFile | null;
  readonly key: PemFile | null;
  /** Null when one of the two is not there to be compared. */
  readonly match: Probes['keypair']['answer'] | null;
}
/** The files that make buildkitd speak TLS. */
export interface ServerTls extends KeyPair {
  readonly ca: PemFile | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Looks at one PEM file as the target. */
export async function lookAtPem(look: Look, path: string): Promise<PemFile> {
  const { host } = look;
  const nothing = { path, stat: null, pem: null, readable: false } as const;
  if (!path.startsWith('/'))
    return { ...nothing, unseen: { why: `${path} is a relative path, and where buildkitd is started is not known` } };
  const found = async (): Promise<PemFile> => {
    const stat = await host.stat(path, 'target');
    if (stat === null) return { ...nothing, unseen: null };
    const readable = await host.access(path, 'r', 'target');
    if (stat.kind !== 'file' || !readable) return { path, stat, pem: null, readable, unseen: null };
    const { values } = await look.get(environment);
    return { path, stat, pem: await host.probe('pem', { path }, 'target', values), readable, unseen: null };
  };
  const { value, unseen } = await seen(found());
  return unseen === undefined ? value : { ...nothing, unseen };
}

/** Looks at a certificate and its key, and whether they belong together. */
export async function lookAtPair(look: Look, cert: string | null, key: string | null): Promise<KeyPair> {
  const [certFile, keyFile] = await Promise.all([
    cert === null ? null : lookAtPem(look, cert),
    key === null ? null : lookAtPem(look, key),
  ]);
  const whole = (file: PemFile | null): boolean => file?.pem != null;
  let match: KeyPair['match'] = null;
  if (cert !== null && key !== null && whole(certFile) && whole(keyFile)) {
    const { values } = await look.get(environment);
    match = await look.host.probe('keypair', { cert, key }, 'target', values).catch(asAbsent);
  }
  return { cert: certFile, key: keyFile, match };
}

export const serverTls: Fact<ServerTls> = {
  id: 'server-tls',
  async read(look) {
    const { tls } = await look.get(settings);
    const [pair, ca] = await Promise.all([
      lookAtPair(look, tls.cert.value, tls.key.value),
      tls.ca.value === null ? null : lookAtPem(look, tls.ca.value),
    ]);
    return { ...pair, ca, now: look.host.now() };
  },
};
