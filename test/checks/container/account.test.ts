import { describe } from 'vitest';
import { PROFILES, pod, ROOTFUL, testFiles } from './manifests.ts';

const AT = 'spec.containers[0].securityContext';
const SANDBOX = '[--oci-worker-no-process-sandbox]';

describe('accounts', () => {
  testFiles([
    {
      name: 'uid and gid 1000 are those of the image',
      text: pod({ security: `${PROFILES}\nrunAsUser: 1000\nrunAsGroup: 1000\nrunAsNonRoot: true` }),
      finds: [],
    },
    {
      name: 'uid 1000 alone has its group from the image',
      text: pod({ security: `${PROFILES}\nrunAsUser: 1000` }),
      finds: [],
    },
    {
      name: 'another uid',
      text: pod({ security: `${PROFILES}\nrunAsUser: 2000` }),
      finds: [['idmap.user-lookup-failed', 'error', `${AT}.runAsUser`]],
    },
    {
      name: 'group 0',
      text: pod({ security: `${PROFILES}\nrunAsUser: 1000\nrunAsGroup: 0` }),
      finds: [['idmap.user-lookup-failed', 'error', `${AT}.runAsGroup`]],
    },
    {
      name: 'root has no subordinate ids',
      text: pod({ security: `${PROFILES}\nrunAsUser: 0` }),
      finds: [['idmap.subid-missing', 'error', `${AT}.runAsUser`]],
    },
    {
      name: 'root with privilege is as good as the other image',
      text: pod({ args: null, security: 'privileged: true\nrunAsUser: 0' }),
      finds: [],
    },
    {
      name: 'docker --user root',
      text: '#!/bin/sh\ndocker run --user 0:0 --security-opt seccomp=unconfined moby/buildkit:rootless --oci-worker-no-process-sandbox\n',
      finds: [['idmap.subid-missing', 'error', 'docker run#1 --user']],
    },
    {
      name: 'compose user',
      text: 'services:\n  b:\n    image: moby/buildkit:rootless\n    user: "1001:1001"\n    command: --oci-worker-no-process-sandbox\n    security_opt: [seccomp=unconfined]\n',
      finds: [
        ['idmap.user-lookup-failed', 'error'],
        ['idmap.user-lookup-failed', 'error'],
      ],
    },
    {
      name: 'uid 1000 with the image of root',
      text: pod({ image: ROOTFUL, args: null, security: 'privileged: true\nrunAsUser: 1000' }),
      finds: [['image.mode-mismatch', 'error', `${AT}.runAsUser`]],
    },
    {
      name: 'runAsNonRoot with the image of root',
      text: pod({ image: ROOTFUL, args: null, security: 'privileged: true\nrunAsNonRoot: true' }),
      finds: [['image.mode-mismatch', 'error', `${AT}.runAsNonRoot`]],
    },
    {
      name: "the ids of the rootless image are not in a pod's own namespace",
      text: pod({ spec: 'hostUsers: false' }),
      finds: [['idmap.nested-userns', 'error', 'spec.hostUsers']],
    },
    {
      name: 'rootless Podman has too few ids for it',
      text: '#!/bin/sh\npodman run --privileged --userns=keep-id moby/buildkit:rootless\n',
      finds: [['idmap.nested-userns', 'error', 'podman run#1 --userns']],
    },
    {
      name: 'root does not go without its sandbox',
      text: pod({ image: ROOTFUL, args: SANDBOX, security: 'privileged: true' }),
      finds: [['config.invalid-value', 'error', 'spec.containers[0].args[0]']],
    },
    {
      name: 'unless it is told to be rootless',
      text: pod({
        image: ROOTFUL,
        args: '[--rootless, --oci-worker-no-process-sandbox]',
        security: 'privileged: true',
      }),
      finds: [],
    },
    {
      name: "or is root of the pod's own namespace",
      text: pod({ image: ROOTFUL, args: SANDBOX, spec: 'hostUsers: false', security: 'privileged: true' }),
      finds: [],
    },
  ]);
});
