import type { TlsEvidence } from '../../checks/config/tls.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';

/** Takes a private key of the user's own from other people's eyes; everything else about certificates is a person's work. */
export const protectKeys: Fix<NoNeeds, TlsEvidence> = {
  needs: {},
  title: 'Protect the private key, and mend TLS',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { file, mode, owned, advice } = evidence;
      if (mode !== null && owned && file !== null) {
        const step: Step = { do: 'mode', as: 'target', path: file, from: mode, to: mode & ~0o077 };
        return [{ for: [index], risk: 'safe', steps: [step] }];
      }
      return advice === null ? [] : [{ for: [index], risk: 'manual', steps: [tell(advice)] }];
    }),
};
