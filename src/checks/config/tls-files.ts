import { ANY_RELEASE, type Release, releaseText, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { PemFile } from '../../facts/config/tls.ts';
import { octal } from '../../text/octal.ts';
import { addOfFile, type TlsCase, type TlsName } from './tls-case.ts';

/** Which of the files are named at all. */
export function judgeNames(tls: TlsCase): void {
  const { cert, key, ca } = tls.settings.tls;
  if ((cert.value === null) !== (key.value === null)) {
    const [there, missing] = cert.value !== null ? (['cert', 'key'] as const) : (['key', 'cert'] as const);
    addOfFile(
      tls,
      there,
      'tls.server-pair',
      'error',
      `grpc.tls.${missing}`,
      `grpc.tls.${there} is set, but grpc.tls.${missing} is not: buildkitd does not start.`,
      { what: 'half-pair', prints: 'you must specify key and cert file if one is specified' },
    );
  }
  if (cert.value === null && key.value === null && ca.value !== null)
    addOfFile(
      tls,
      'ca',
      'tls.server-missing',
      tls.tcp ? 'warning' : 'info',
      'grpc.tls.ca',
      'grpc.tls.ca alone does nothing: without cert and key there is no TLS at all.',
      { what: 'ca-alone', file: ca.value },
    );
}

/** Whether buildkitd can load what is named; a pair is compared where both are whole. */
export function judgeFiles(tls: TlsCase): void {
  if (!tls.on) return;
  const whole = (['cert', 'key', 'ca'] as const).map((name) => isWhole(tls, name));
  if (whole.every((one) => one)) {
    judgeKind(tls);
    judgePair(tls);
  }
}

const PRINTS: { readonly [name in TlsName]: string } = {
  cert: 'could not load server key pair',
  key: 'could not load server key pair',
  ca: 'could not read ca certificate',
};

function isWhole(tls: TlsCase, name: TlsName): boolean {
  const { found, identity: who } = tls;
  const file = tls.tls[name];
  if (file === null) return true;
  if (file.unseen !== null) {
    found.unseen.push(file.unseen);
    return false;
  }
  const why = complaint(name, file);
  if (why === null) return true;
  const { path, stat, readable } = file;
  const isOurs = who.mode === 'rootless' && stat !== null && stat.uid === who.target.uid && !readable;
  if (isOurs)
    found.unseen.push({
      why: `${path} could not be read from here`,
      command: `sudo openssl x509 -noout -dates -in ${path}`,
    });
  else
    addOfFile(
      tls,
      name,
      'tls.server-missing',
      'error',
      path,
      `grpc.tls.${name} names ${path}, and ${why}: buildkitd does not start.`,
      {
        what: 'unusable-file',
        file: path,
        prints: name === 'ca' && stat !== null && readable ? 'failed to append ca cert' : PRINTS[name],
      },
    );
  return false;
}

/** What crypto/tls of Go loads; it has no other kinds of keys. */
const LOADED = new Set(['RSA', 'P-224', 'P-256', 'P-384', 'P-521', 'Ed25519']);

/** Whether Go knows the kind of the certificate's key, and of the private one. */
function judgeKind(tls: TlsCase): void {
  const { cert } = tls.tls;
  const first = cert?.pem?.certificates[0];
  const kind = first?.key;
  if (cert === null || first === undefined) return;
  const add = (why: string, prints: string): void =>
    addOfFile(
      tls,
      'cert',
      'tls.server-unsupported',
      'error',
      cert.path,
      `The certificate ${cert.path} ${why}: buildkitd does not start.`,
      { what: 'foreign-kind', file: cert.path, prints },
    );
  if (kind !== undefined && !LOADED.has(kind))
    add(`has a key of the kind ${kind}, which Go does not know`, PRINTS.cert);
  else if (first.negativeSerial === true)
    judgeByRelease(tls, NEGATIVE_SERIALS_END, `has a negative serial number`, (why) => add(why, PRINTS.cert));
}

/** From this release on, made as its go.mod says, x509 of Go refuses negative serial numbers (go 1.23). */
const NEGATIVE_SERIALS_END: Release = [0, 21, 0];

/** Adds what only some releases mind; where the release is not known that closely, it is unseen. */
export function judgeByRelease(
  { version, found }: TlsCase,
  since: Release,
  why: string,
  add: (why: string) => void,
): void {
  const by = version.value ?? ANY_RELEASE;
  const words = `${why}, which versions from ${releaseText(since)} on refuse`;
  if (surelySince(by, since)) add(words);
  else if (!surelyBefore(by, since))
    found.unseen.push({
      why: `the certificate ${words}, and the release of buildkitd is not known`,
      command: 'buildkitd --version',
    });
}

function judgePair(tls: TlsCase): void {
  const { match } = tls.tls;
  const { cert, key } = tls.settings.tls;
  if (match === null || match.matches === true) return;
  const isForeign = match.matches === false;
  if (isForeign || /passphrase|encrypted|password/i.test(match.error ?? ''))
    addOfFile(
      tls,
      'key',
      'tls.server-pair',
      'error',
      key.value ?? '',
      isForeign
        ? `The key ${key.value} does not belong to the certificate ${cert.value}: buildkitd does not start.`
        : `The key ${key.value} is protected by a password, which nobody can give to buildkitd: it does not start.`,
      { what: isForeign ? 'foreign-key' : 'locked-key', file: key.value, prints: PRINTS.key },
    );
  else
    tls.found.unseen.push({
      why: `whether ${key.value} belongs to ${cert.value} could not be told: ${match.error ?? 'unknown'}`,
    });
}

/** Why buildkitd cannot load a file; null when it can. */
function complaint(name: TlsName, { stat, pem, readable }: PemFile): string | null {
  if (stat === null) return 'it does not exist';
  if (stat.kind !== 'file') return `it is a ${stat.kind}`;
  if (!readable) return 'it may not be read by the account that runs buildkitd';
  if (pem === null) return null;
  const hidden = pem.marked === true ? ' (it begins with a byte order mark, which hides its first line)' : '';
  if (name === 'key') {
    if (pem.error !== null) return `it cannot be read (${pem.error})`;
    return pem.privateKeys > 0 ? null : `it holds no private key${hidden}`;
  }
  if (name === 'cert' && pem.broken?.includes(0)) return 'its first certificate cannot be parsed';
  if (pem.error !== null) return `it cannot be read (${pem.error})`;
  // Go passes over an authority with headers, and takes a server's certificate all the same.
  const counted = pem.certificates.filter(({ headers }) => name === 'cert' || headers !== true);
  return counted.length > 0 ? null : `it holds no certificate${hidden}`;
}

/** Who else can read the private key. */
export function judgeExposure(tls: TlsCase): void {
  const file = tls.tls.key;
  if (file?.stat == null) return;
  const { mode, gid } = file.stat;
  const everybody = (mode & 0o004) !== 0;
  const group = (mode & 0o040) !== 0 && gid !== tls.identity.target.gid;
  if (!everybody && !group) return;
  addOfFile(
    tls,
    'key',
    'tls.key-exposed',
    'warning',
    file.path,
    `The private key ${file.path} can be read by ${everybody ? 'everybody' : `the group ${gid}`} (mode ${octal(mode)}): whoever has it can pass for this buildkitd.`,
    { what: 'exposed-key', file: file.path, mode },
  );
}
