import { describe } from 'vitest';
import { pod, ROOTFUL, testFiles } from './manifests.ts';

const inside = (level: string, text: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ci\n  labels:\n    pod-security.kubernetes.io/enforce: ${level}\n---\n${text}`;
const UNSET = [
  ['seccomp.unset', 'warning'],
  ['apparmor.unset', 'warning'],
] as const;

describe('Pod Security', () => {
  testFiles([
    { name: 'privileged takes everything', text: inside('privileged', pod()), finds: [] },
    {
      name: 'baseline refuses Unconfined',
      text: inside('baseline', pod()),
      finds: [['k8s.policy-forbidden', 'error', 'metadata.labels["pod-security.kubernetes.io/enforce"]']],
    },
    {
      name: 'baseline refuses privilege, also in a namespace of its own',
      text: inside(
        'baseline',
        pod({ image: ROOTFUL, args: null, spec: 'hostUsers: false', security: 'privileged: true' }),
      ),
      finds: [['k8s.policy-forbidden', 'error']],
    },
    {
      name: 'baseline takes a pod that names no profile',
      text: inside('baseline', pod({ security: null })),
      finds: UNSET,
    },
    {
      name: 'baseline takes SETUID and SETGID',
      text: inside('baseline', pod({ security: 'capabilities: {drop: [ALL], add: [SETUID, SETGID]}' })),
      finds: UNSET,
    },
    {
      name: 'baseline refuses SYS_ADMIN',
      text: inside('baseline', pod({ security: 'capabilities: {add: [SYS_ADMIN]}' })),
      finds: [...UNSET, ['k8s.policy-forbidden', 'error']],
    },
    {
      name: 'restricted refuses all of them',
      text: inside('restricted', pod({ security: null })),
      finds: [...UNSET, ['k8s.policy-forbidden', 'error']],
    },
    {
      name: 'another namespace is none of its business',
      text: inside('baseline', pod().replace('name: buildkitd', 'name: buildkitd\n  namespace: other')),
      finds: [],
    },
  ]);
});
