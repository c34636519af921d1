import { kernel } from '../../facts/kernel.ts';
import type { Check } from '../../model.ts';

const needs = { kernel };

export const kernelVersion: Check<typeof needs, { release: string }> = {
  id: 'kernel/version',
  title: 'Kernel is new enough',
  why: "Rootless builds need user namespaces; overlay mounts inside them came with Linux 5.11, earlier in some vendors' kernels.",
  decides: false,
  conditions: ['kernel.too-old'],
  needs,
  examine({ kernel }) {
    return {
      problems: [
        {
          condition: 'kernel.too-old',
          severity: 'info',
          subject: kernel.release,
          message: `Linux ${kernel.release}`,
          evidence: { release: kernel.release },
        },
      ],
      unseen: [],
    };
  },
};
