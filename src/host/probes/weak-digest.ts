/** Object identifiers of signatures that Go's x509 does not verify (RFC 8017, RFC 3279), as their DER bytes in hexadecimal. */
const WEAK: { readonly [identifier: string]: string } = {
  '2a864886f70d010102': 'MD2',
  '2a864886f70d010104': 'MD5',
  '2a864886f70d010105': 'SHA-1',
  '2b0e03021d': 'SHA-1',
  '2a8648ce3d0401': 'SHA-1',
  '2a8648ce380403': 'SHA-1',
};

/** Where the content of the DER element at a place begins and ends. */
function contentOf(der: Uint8Array, at: number): { readonly from: number; readonly to: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  let length = 0;
  for (const byte of der.subarray(at + 2, at + 2 + (first & 0x7f))) length = length * 256 + byte;
  const from = at + 2 + (first & 0x7f);
  return { from, to: from + length };
}

/** The digest by which a certificate is signed, where Go takes it for no signature; null otherwise. */
export function weakDigestOf(certificate: Uint8Array): string | null {
  // Certificate ::= SEQUENCE { tbsCertificate, SEQUENCE { algorithm, … }, signature }
  const signed = contentOf(certificate, contentOf(certificate, 0).from);
  const { from, to } = contentOf(certificate, contentOf(certificate, signed.to).from);
  return WEAK[Buffer.from(certificate.subarray(from, to)).toString('hex')] ?? null;
}
