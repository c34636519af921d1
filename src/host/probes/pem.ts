import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFacts, PemAnswer } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { crypto } from '../looks/crypto.ts';
import { looker } from '../looks/looker.ts';
import { type PemBlock, pemBlocks } from './pem-blocks.ts';
import { weakDigestOf } from './weak-digest.ts';

const BYTE_ORDER_MARK = '\ufeff';

function textOf(path: string): string {
  const file = looker.read(path);
  if (file === null) throw new Error(`${path} does not exist`);
  return file.text;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isPrivateKey = ({ label }: PemBlock): boolean => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY');
const isCertificate = ({ label }: PemBlock): boolean => label === 'CERTIFICATE';

/** What certificates say about themselves; keys are only counted, and the first one's kind is told. */
export function probePem(path: string): PemAnswer {
  try {
    const text = textOf(path);
    const blocks = [...pemBlocks(text)];
    const parsed = blocks.filter(isCertificate).map(certificateIn);
    const certificates = parsed.filter((one) => typeof one !== 'string');
    const complaint = parsed.find((one) => typeof one === 'string');
    const keys = blocks.filter(isPrivateKey);
    return {
      certificates,
      privateKeys: keys.length,
      error: certificates.length === 0 ? (complaint ?? null) : null,
      broken: parsed.flatMap((one, index) => (typeof one === 'string' ? [index] : [])),
      key: keys[0] === undefined ? null : kindOfKey(keys[0]),
      ...(text.startsWith(BYTE_ORDER_MARK) ? { marked: true } : {}),
    };
  } catch (error) {
    if (error instanceof Unseen && error.tooMuch === true) throw error;
    return { certificates: [], privateKeys: 0, error: messageOf(error) };
  }
}

/** A certificate's facts, or why it is none. */
function certificateIn({ block, headers }: PemBlock): CertificateFacts | string {
  try {
    const { X509Certificate } = crypto();
    const found = new X509Certificate(block);
    const { subject, validFrom, validTo, ca, publicKey, serialNumber, subjectAltName, keyUsage } = found;
    return {
      subject: subject ?? '',
      notBefore: new Date(validFrom).toISOString(),
      notAfter: new Date(validTo).toISOString(),
      isCa: ca,
      key: kindOf(publicKey),
      bits: publicKey.asymmetricKeyDetails?.modulusLength ?? null,
      weakDigest: weakDigestOf(found.raw),
      negativeSerial: serialNumber.startsWith('-'),
      named: /(?:^|, )(?:DNS|IP Address|URI):/.test(subjectAltName ?? ''),
      uses: keyUsage ?? null,
      ownIssuer: isOwnIssuer(found),
      headers,
    };
  } catch (error) {
    return messageOf(error);
  }
}

function isOwnIssuer(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
}

/** The names that Go gives to curves. */
const CURVES: { readonly [openssl: string]: string } = {
  secp224r1: 'P-224',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
const KINDS: { readonly [type: string]: string } = {
  rsa: 'RSA',
  'rsa-pss': 'RSA-PSS',
  dsa: 'DSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
};

/** DER of the identifier prime-field (RFC 3279), which stands only where a curve is written out in place of its name. */
const PRIME_FIELD = Buffer.from('06072a8648ce3d0101', 'hex');

function kindOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== 'ec') return KINDS[type ?? ''] ?? type ?? 'unknown';
  const curve = details?.namedCurve;
  const isNamed = curve !== undefined && !key.export({ type: 'spki', format: 'der' }).includes(PRIME_FIELD);
  return isNamed ? (CURVES[curve] ?? curve) : 'a curve without a name';
}

function kindOfKey({ block, label }: PemBlock): string {
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(block)) return 'encrypted';
  try {
    return kindOf(crypto().createPublicKey(block));
  } catch {
    return 'unreadable';
  }
}

export function probeKeypair(cert: string, key: string): { matches: boolean | null; error: string | null } {
  try {
    const { createPrivateKey, X509Certificate } = crypto();
    const first = (path: string, wanted: (block: PemBlock) => boolean): PemBlock => {
      for (const block of pemBlocks(textOf(path))) if (wanted(block)) return block;
      throw new Error(`nothing of that kind is in ${path}`);
    };
    const block = first(key, isPrivateKey);
    // OpenSSL's own words for a missing password name anything but that.
    if (kindOfKey(block) === 'encrypted') return { matches: null, error: 'the key is encrypted with a password' };
    const certificate = new X509Certificate(first(cert, isCertificate).block);
    return { matches: certificate.checkPrivateKey(createPrivateKey(block.block)), error: null };
  } catch (error) {
    if (error instanceof Unseen && error.tooMuch === true) throw error;
    return { matches: null, error: messageOf(error) };
  }
}
