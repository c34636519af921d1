import type { Check } from '../../model/decide.ts';
import { findings } from '../findings.ts';
import { needs, type TlsCase, type TlsEvidence } from './tls-case.ts';
import { judgeExposure, judgeFiles, judgeNames } from './tls-files.ts';
import { judgeListeners } from './tls-listeners.ts';
import { judgeTrust } from './tls-trust.ts';
import { judgeValidity } from './tls-validity.ts';

export const configTls: Check<typeof needs, TlsEvidence> = {
  id: 'config/tls',
  title: 'TCP listeners are protected by TLS that works',
  why: 'Whoever reaches a listener without TLS builds with the rights of buildkitd; a certificate or key that does not load keeps buildkitd from starting.',
  decides: true,
  conditions: [
    'tls.server-missing',
    'tls.server-pair',
    'tls.server-expired',
    'tls.key-exposed',
    'tls.clients-unverified',
    'tls.server-unsupported',
    'tls.daemon-cert-untrusted',
    'tls.clients-refused',
  ],
  needs,
  examine(facts) {
    const found = findings<TlsEvidence>();
    const { cert, key } = facts.settings.tls;
    const tls: TlsCase = {
      ...facts,
      found,
      on: cert.value !== null && key.value !== null,
      tcp: facts.listeners.all.some(
        ({ use, address }) => use === 'grpc' && (address.scheme === 'tcp' || address.scheme === 'fd'),
      ),
    };
    judgeNames(tls);
    judgeFiles(tls);
    judgeTrust(tls);
    judgeValidity(tls);
    judgeExposure(tls);
    judgeListeners(tls);
    return found;
  },
};
