import type { Check } from '../../model/decide.ts';
import { needs, type RegistriesEvidence, registryCase } from './registry-case.ts';
import { judgeCa, judgeDirectories, judgePairs } from './registry-files.ts';
import { judgeMirrors, judgeName, judgeSwitches } from './registry-mirrors.ts';

export const configRegistries: Check<typeof needs, RegistriesEvidence> = {
  id: 'config/registries',
  title: 'Registries and mirrors are written as buildkitd reads them',
  why: 'A mirror or a registry table that does not match is silently ignored, and a certificate file that is missing makes every pull from that registry fail.',
  decides: false,
  conditions: [
    'config.registry-mirror-invalid',
    'config.registry-name-invalid',
    'config.registry-no-effect',
    'tls.registry-ca-untrusted',
    'tls.registry-pair',
  ],
  needs,
  examine(facts) {
    const registry = registryCase(facts);
    for (const one of facts.registries) {
      judgeName(registry, one);
      judgeMirrors(registry, one);
      judgeSwitches(registry, one);
      judgeCa(registry, one);
      judgePairs(registry, one);
      judgeDirectories(registry, one);
    }
    return registry.found;
  },
};
