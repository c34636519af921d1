import type { Release } from '../../buildkit/version.ts';
import type { CertificateFacts } from '../../model/look.ts';
import { addOfFile, type TlsCase } from './tls-case.ts';
import { judgeByRelease } from './tls-files.ts';

/** Extended key usages (RFC 5280, 4.2.1.12). */
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const ANY = '2.5.29.37.0';

/** TLS 1.3 signs with RSA-PSS and SHA-256, for which a key needs 66 bytes. */
const LEAST_BITS = 528;
/** From this release on, made as its go.mod says, crypto/rsa of Go refuses keys below this size (go 1.24). */
const GO_BITS = 1024;
const GO_BITS_SINCE: Release = [0, 25, 0];

const isFor = (usage: string, { uses }: CertificateFacts): boolean =>
  uses == null || uses.includes(usage) || uses.includes(ANY);

/** Whether any client trusts the server's certificate, and any client's certificate is trusted here. */
export function judgeTrust(tls: TlsCase): void {
  if (!tls.on) return;
  judgeServer(tls);
  judgeAuthorities(tls);
}

function judgeServer(tls: TlsCase): void {
  const cert = tls.tls.cert;
  const first = cert?.pem?.certificates[0];
  if (cert == null || first === undefined || cert.pem?.broken?.includes(0)) return;
  const add = (why: string): void =>
    addOfFile(
      tls,
      'cert',
      'tls.daemon-cert-untrusted',
      tls.tcp ? 'error' : 'warning',
      cert.path,
      `The server certificate ${cert.path} ${why}: every client refuses the connection.`,
      { what: 'untrusted', file: cert.path },
    );
  const { weakDigest, bits } = first;
  if (!isFor(SERVER, first)) add('is not for servers (its extended key usage lacks serverAuth)');
  else if (first.named === false) add('has no name in it (subjectAltName), and its common name does not count');
  else if (weakDigest != null && first.ownIssuer !== true)
    add(`is signed with ${weakDigest}, which counts for no signature any more`);
  else if (first.key === 'P-224') add('has a key on the curve P-224, with which TLS does not sign');
  else if (bits != null && bits < LEAST_BITS) add(`has an RSA key of ${bits} bits, which is too short to sign with`);
  else if (bits != null && bits < GO_BITS) judgeByRelease(tls, GO_BITS_SINCE, `has an RSA key of ${bits} bits`, add);
  else if ((cert.pem?.broken ?? []).length > 0) add('is followed by one that cannot be parsed, and both are sent');
}

function judgeAuthorities(tls: TlsCase): void {
  const ca = tls.tls.ca;
  const all = ca?.pem?.certificates ?? [];
  if (ca === null || all.length === 0) return;
  const usable = all.filter((one) => one.isCa && isFor(CLIENT, one));
  if (usable.length > 0) return;
  // A certificate that is trusted by itself, or an authority from before the third version.
  const alone = all.every((one) => one.isCa || one.ownIssuer !== true);
  addOfFile(
    tls,
    'ca',
    'tls.clients-refused',
    alone && tls.tcp ? 'error' : 'warning',
    ca.path,
    alone
      ? `grpc.tls.ca names ${ca.path}, which holds no authority that may vouch for clients: every client is refused.`
      : `grpc.tls.ca names ${ca.path}, which holds a certificate that is no authority: only clients with that very certificate are accepted.`,
    { what: alone ? 'no-authority' : 'only-itself', file: ca.path },
  );
}
