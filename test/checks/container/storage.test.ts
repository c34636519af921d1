import { describe } from 'vitest';
import { PROFILES, pod, ROOTFUL, STATE, testFiles } from './manifests.ts';

const volume = (what: string, target = STATE): { mounts: string; volumes: string } => ({
  mounts: `- {name: v, mountPath: ${target}}`,
  volumes: `- {name: v, ${what}}`,
});
const MOUNT = 'spec.containers[0].volumeMounts[0].mountPath';
const workload = (kind: string, spec: string, claim = 'c'): string =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: b}\nspec:\n  ${spec}\n  selector: {matchLabels: {app: b}}\n  template:\n    metadata: {labels: {app: b}}\n    spec:\n      containers:\n        - name: b\n          image: moby/buildkit:v0.32.2\n          securityContext: {privileged: true}\n          volumeMounts: [{name: v, mountPath: /var/lib/buildkit}]\n      volumes: [{name: v, persistentVolumeClaim: {claimName: ${claim}}}]\n`;

describe('volumes of a pod', () => {
  testFiles([
    { name: 'an emptyDir', text: pod(volume('emptyDir: {}')), finds: [] },
    {
      name: 'an emptyDir in memory',
      text: pod(volume('emptyDir: {medium: Memory}')),
      finds: [['storage.memory-backed', 'warning', 'spec.volumes[0].emptyDir.medium']],
    },
    {
      name: 'where the other image keeps its state',
      text: pod(volume('emptyDir: {}', '/var/lib/buildkit')),
      finds: [['storage.state-elsewhere', 'warning', MOUNT]],
    },
    {
      name: 'where the rootless image keeps its state',
      text: pod({ image: ROOTFUL, args: null, security: 'privileged: true', ...volume('emptyDir: {}') }),
      finds: [['storage.state-elsewhere', 'warning', MOUNT]],
    },
    {
      name: 'where --root says',
      text: pod({ args: '[--oci-worker-no-process-sandbox, --root, /cache]', ...volume('emptyDir: {}', '/cache') }),
      finds: [],
    },
    {
      name: 'over the home, and TMPDIR in it',
      text: pod(volume('emptyDir: {}', '/home/user')),
      finds: [['env.tmpdir', 'error', MOUNT]],
    },
    {
      name: 'over .local',
      text: pod(volume('emptyDir: {}', '/home/user/.local')),
      finds: [['env.tmpdir', 'error', MOUNT]],
    },
    { name: 'over .local/share', text: pod(volume('emptyDir: {}', '/home/user/.local/share')), finds: [] },
    {
      name: 'a hostPath belongs to root',
      text: pod({
        spec: 'securityContext: {fsGroup: 1000}',
        ...volume('hostPath: {path: /srv/b, type: DirectoryOrCreate}'),
      }),
      finds: [['storage.permission', 'error', MOUNT]],
    },
    {
      name: 'unless somebody gives it away',
      text: pod({
        spec: `initContainers:\n  - {name: c, image: busybox, command: [chown, "1000:1000", ${STATE}]}`,
        ...volume('hostPath: {path: /srv/b}'),
      }),
      finds: [],
    },
    {
      name: 'a hostPath for root',
      text: pod({
        image: ROOTFUL,
        args: null,
        security: 'privileged: true',
        ...volume('hostPath: {path: /srv/b}', '/var/lib/buildkit'),
      }),
      finds: [],
    },
    {
      name: 'a claim without fsGroup',
      text: pod(volume('persistentVolumeClaim: {claimName: c}')),
      finds: [['storage.permission', 'warning', MOUNT]],
    },
    {
      name: 'a claim with fsGroup',
      text: pod({ spec: 'securityContext: {fsGroup: 1000}', ...volume('persistentVolumeClaim: {claimName: c}') }),
      finds: [],
    },
    {
      name: 'a secret that only root reads',
      text: pod(volume('secret: {secretName: s, defaultMode: 0400}', '/certs')),
      finds: [['config.unreadable', 'error', 'spec.volumes[0].secret.defaultMode']],
    },
    {
      name: 'and that its group reads',
      text: pod({
        spec: 'securityContext: {fsGroup: 1000}',
        ...volume('secret: {secretName: s, defaultMode: 256}', '/certs'),
      }),
      finds: [],
    },
    {
      name: 'one claim for two replicas',
      text: workload('Deployment', 'replicas: 2'),
      finds: [['daemon.state-dir-locked', 'error', 'spec.template.spec.volumes[0]']],
    },
    { name: 'one claim for one', text: workload('Deployment', 'replicas: 1'), finds: [] },
    {
      name: 'one claim for a DaemonSet',
      text: workload('DaemonSet', 'minReadySeconds: 1'),
      finds: [['daemon.state-dir-locked', 'error']],
    },
    {
      name: 'one claim for two deployments',
      text: `${workload('Deployment', 'replicas: 1')}---\n${workload('Deployment', 'replicas: 1').replace('name: b', 'name: d')}`,
      finds: [['daemon.state-dir-locked', 'error']],
    },
    {
      name: 'a claim for each',
      text: 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: b}\nspec:\n  replicas: 3\n  serviceName: b\n  selector: {matchLabels: {app: b}}\n  template:\n    metadata: {labels: {app: b}}\n    spec:\n      containers:\n        - name: b\n          image: moby/buildkit:v0.32.2\n          securityContext: {privileged: true}\n          volumeMounts: [{name: v, mountPath: /var/lib/buildkit}]\n  volumeClaimTemplates:\n    - metadata: {name: v}\n      spec: {accessModes: [ReadWriteOnce]}\n',
      finds: [],
    },
  ]);
});

const READ_ONLY = `${PROFILES}\nreadOnlyRootFilesystem: true`;
const mounted = (...paths: readonly string[]): { mounts: string; volumes: string } => ({
  mounts: paths.map((path, index) => `- {name: v${index}, mountPath: ${path}}\n`).join(''),
  volumes: paths.map((_, index) => `- {name: v${index}, emptyDir: {}}\n`).join(''),
});

describe('a read-only root', () => {
  testFiles([
    {
      name: 'without anything writable',
      text: pod({ security: READ_ONLY }),
      finds: [['storage.read-only', 'error', 'spec.containers[0].securityContext.readOnlyRootFilesystem']],
    },
    {
      name: 'with all that is written to',
      text: pod({ security: READ_ONLY, ...mounted('/run/user/1000', '/home/user/.local/tmp', '/tmp', STATE) }),
      finds: [],
    },
    {
      name: 'without TMPDIR',
      text: pod({ security: READ_ONLY, ...mounted('/run/user/1000', '/tmp') }),
      finds: [['storage.read-only', 'error']],
    },
    {
      name: 'for one build, without /tmp',
      text: pod({
        security: READ_ONLY,
        args: null,
        container:
          'command: [buildctl-daemonless.sh, build]\nenv: [{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}]',
        ...mounted('/run/user/1000', '/home/user/.local/tmp'),
      }),
      finds: [['storage.read-only', 'error']],
    },
    {
      name: 'of root, without /run and /tmp',
      text: '#!/bin/sh\ndocker run --privileged --read-only moby/buildkit:latest\n',
      finds: [['storage.read-only', 'error', 'docker run#1 --read-only']],
    },
    {
      name: 'of root, with both',
      text: '#!/bin/sh\ndocker run --privileged --read-only --tmpfs /run --tmpfs /tmp moby/buildkit:latest\n',
      finds: [],
    },
    {
      name: 'of root, where Podman mounts both',
      text: '#!/bin/sh\npodman run --privileged --read-only moby/buildkit:latest\n',
      finds: [],
    },
  ]);
});

const run = (options: string): string =>
  `#!/bin/sh\ndocker run --security-opt seccomp=unconfined ${options} moby/buildkit:rootless --oci-worker-no-process-sandbox\n`;

describe('volumes of Docker', () => {
  testFiles([
    { name: 'a named one', text: run(`-v state:${STATE}`), finds: [] },
    {
      name: 'a directory',
      text: run(`-v /srv/state:${STATE}`),
      finds: [['storage.permission', 'warning', 'docker run#1 --volume']],
    },
    {
      name: 'a directory, the long way',
      text: run(`--mount type=bind,source=/srv/state,target=${STATE}`),
      finds: [['storage.permission', 'warning', 'docker run#1 --mount']],
    },
    {
      name: 'a tmpfs belongs to root',
      text: run(`--tmpfs ${STATE}`),
      finds: [['storage.permission', 'error', 'docker run#1 --tmpfs']],
    },
    { name: 'a tmpfs for uid 1000', text: run(`--tmpfs ${STATE}:uid=1000,gid=1000,mode=700`), finds: [] },
    {
      name: 'where rootless Docker in Docker keeps its data',
      text: 'services:\n  d:\n    image: docker:dind-rootless\n    privileged: true\n    volumes: [data:/var/lib/docker]\n',
      finds: [['storage.state-elsewhere', 'warning', 'services.d.volumes[0]']],
    },
    {
      name: 'one volume for two services',
      text: 'services:\n  a:\n    image: moby/buildkit\n    privileged: true\n    volumes: [v:/var/lib/buildkit]\n  b:\n    image: moby/buildkit\n    privileged: true\n    volumes: [v:/var/lib/buildkit]\n',
      finds: [['daemon.state-dir-locked', 'error', 'services.b.volumes[0]']],
    },
    {
      name: 'one volume for two replicas of a service',
      text: 'services:\n  a:\n    image: moby/buildkit\n    privileged: true\n    deploy: {replicas: 2}\n    volumes: [v:/var/lib/buildkit]\n',
      finds: [['daemon.state-dir-locked', 'error', 'services.a.volumes[0]']],
    },
    {
      name: 'a directory of the host for each replica on a host of its own',
      text: pod({
        image: ROOTFUL,
        args: null,
        security: 'privileged: true',
        mounts: '- {name: s, mountPath: /var/lib/buildkit}',
        volumes: '- {name: s, hostPath: {path: /srv}}',
      })
        .replace('apiVersion: v1\nkind: Pod', 'apiVersion: example.com/v1\nkind: Pool')
        .replace('spec:\n', 'spec:\n  replicas: 3\n'),
      finds: [],
    },
  ]);
});
