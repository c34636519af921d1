import type { TlsEvidence } from '../../checks/config/tls-case.ts';
import { type ServerTls, serverTls } from '../../facts/config/tls.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Identity } from '../../model/look.ts';
import type { Fix, Step } from '../../model/plan.ts';
import { advice } from '../advice.ts';

const needs = { tls: serverTls, identity };

/** Takes a private key of the user's own from other people's eyes; everything else about certificates is a person's work. */
export const protectKeys: Fix<typeof needs, TlsEvidence> = {
  title: 'Protect the private key, and mend TLS',
  needs,
  plan: (problems, { tls, identity: { target } }) =>
    problems.map(({ evidence }, index) => {
      const step = evidence.what === 'exposed-key' ? hideKey(tls, target) : null;
      return step === null ? advice([index], adviceFor(evidence)) : { for: [index], risk: 'safe', steps: [step] };
    }),
};

/** Null: the key is root's, or somebody else's. */
function hideKey({ key }: ServerTls, { uid }: Identity['target']): Step | null {
  if (key?.stat == null || key.stat.uid !== uid || uid === 0) return null;
  const from = key.stat.mode;
  return { do: 'mode', as: 'target', path: key.path, from, to: from & ~0o077 };
}

function adviceFor({ what, key, file }: TlsEvidence): string {
  switch (what) {
    case 'half-pair':
      return `Set ${key === 'grpc.tls.cert' ? 'grpc.tls.key' : 'grpc.tls.cert'} too, or remove ${key}.`;
    case 'ca-alone':
      return 'Set grpc.tls.cert and grpc.tls.key as well, or remove grpc.tls.ca.';
    case 'unusable-file':
      return `Put a ${key === 'grpc.tls.key' ? 'private key' : 'certificate'} in PEM form at ${file ?? ''} that the account of buildkitd can read.`;
    case 'foreign-key':
      return 'Name the key that the certificate was made with, or have a new certificate made.';
    case 'locked-key':
      return 'Store the key without a password, readable by the account of buildkitd only.';
    case 'foreign-kind':
      return 'Have a certificate made with an RSA key (2048 bits or more), an elliptic one (P-256) or Ed25519, and a positive serial number.';
    case 'untrusted':
      return "Have a new certificate made for servers (extendedKeyUsage = serverAuth), with the host's names and addresses in subjectAltName, signed with SHA-256, and an RSA key of 2048 bits or P-256.";
    case 'no-authority':
    case 'only-itself':
      return 'Set grpc.tls.ca to the certificate of the authority that signs those of the clients.';
    case 'ended':
      return 'Have a new certificate made, and restart buildkitd.';
    case 'not-begun':
      return 'Set the clock (timedatectl), or have a new certificate made.';
    case 'ends-soon':
      return 'Have a new certificate made, and restart buildkitd then.';
    case 'exposed-key':
      return `chmod 0600 ${file ?? ''}`;
    case 'open-debug':
      return 'Bind it to 127.0.0.1.';
    case 'open':
      return 'Set grpc.tls.cert, grpc.tls.key and grpc.tls.ca, or listen on 127.0.0.1 or a Unix socket only.';
    case 'unverified-clients':
      return 'Set grpc.tls.ca to the certificate that signs those of the clients.';
  }
}
