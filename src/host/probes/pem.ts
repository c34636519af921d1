import type { PemAnswer } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { crypto } from '../looks/crypto.ts';
import { looker } from '../looks/looker.ts';
import { pemBlocks } from './pem-blocks.ts';

function textOf(path: string): string {
  const file = looker.read(path);
  if (file === null) throw new Error(`${path} does not exist`);
  return file.text;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What certificates say about themselves; keys are only counted. */
export function probePem(path: string): PemAnswer {
  try {
    const { X509Certificate } = crypto();
    const certificates: PemAnswer['certificates'][number][] = [];
    let privateKeys = 0;
    for (const { label, block } of pemBlocks(textOf(path))) {
      if (label.endsWith('PRIVATE KEY')) privateKeys++;
      else if (label === 'CERTIFICATE') {
        const { subject, validFrom, validTo, ca } = new X509Certificate(block);
        certificates.push({
          subject: subject ?? '',
          notBefore: new Date(validFrom).toISOString(),
          notAfter: new Date(validTo).toISOString(),
          isCa: ca,
        });
      }
    }
    return { certificates, privateKeys, error: null };
  } catch (error) {
    if (error instanceof Unseen && error.tooMuch === true) throw error;
    return { certificates: [], privateKeys: 0, error: messageOf(error) };
  }
}

export function probeKeypair(cert: string, key: string): { matches: boolean | null; error: string | null } {
  try {
    const { createPrivateKey, X509Certificate } = crypto();
    const text = textOf(key);
    // OpenSSL's own words for a missing password name anything but that.
    if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
      return { matches: null, error: 'the key is encrypted with a password' };
    return { matches: new X509Certificate(textOf(cert)).checkPrivateKey(createPrivateKey(text)), error: null };
  } catch (error) {
    if (error instanceof Unseen && error.tooMuch === true) throw error;
    return { matches: null, error: messageOf(error) };
  }
}
