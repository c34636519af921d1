import { fixBy } from './remedy.ts';

export const admit = fixBy('Let the namespace admit the pod', {
  policy: ({ values }) => ({
    say: [
      `Set pod-security.kubernetes.io/enforce: privileged for a namespace of BuildKit alone.${values.level === 'baseline' ? ' Where no node has AppArmor and no kubelet seccompDefault, the rootless image without any profile field passes baseline and works.' : ''}`,
    ],
  }),
});
