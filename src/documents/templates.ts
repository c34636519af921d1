import { NEWEST } from '../buildkit/version.ts';

/** Ways to run BuildKit in a container. */
export type TemplateMode = 'rootless' | 'userns' | 'privileged';

const RELEASE = `v${NEWEST.join('.')}`;
const image = (mode: TemplateMode): string => `moby/buildkit:${RELEASE}${mode === 'rootless' ? '-rootless' : ''}`;
const state = (mode: TemplateMode): string =>
  mode === 'rootless' ? '/home/user/.local/share/buildkit' : '/var/lib/buildkit';
const FLAG = '--oci-worker-no-process-sandbox';

const indented = (text: string, blanks: number): string => text.replace(/^(?=.)/gm, ' '.repeat(blanks));

/** What confines a container of a pod, with the reason of each line. */
function securityOf(mode: TemplateMode): string {
  if (mode === 'userns')
    return `securityContext:
  # With hostUsers: false this is root of the pod's own user namespace alone.
  privileged: true
`;
  if (mode === 'privileged')
    return `securityContext:
  # buildkitd as root mounts and makes namespaces: whoever may build is as good as root on the node.
  privileged: true
`;
  return `securityContext:
  # The default profile forbids the namespaces that rootlesskit makes.
  seccompProfile:
    type: Unconfined
  # The default profile of nodes with AppArmor denies mount (before Kubernetes 1.30 this is an annotation).
  appArmorProfile:
    type: Unconfined
  # The account of the image: its home and its subordinate ids belong to it.
  runAsUser: 1000
  runAsGroup: 1000
`;
}

const userns = (mode: TemplateMode): string =>
  mode === 'userns'
    ? '# Root in the pod is nobody on the node. Needs Kubernetes 1.33 and Linux 6.3 or later.\nhostUsers: false\n'
    : '';

const volumes = `volumes:
  - name: state
    emptyDir: {}
`;
const mounts = (mode: TemplateMode): string => `volumeMounts:
  # Where this image keeps its cache.
  - name: state
    mountPath: ${state(mode)}
`;

/** The variable that buildctl-daemonless.sh hands to buildkitd. */
const variable = (mode: TemplateMode): string =>
  mode === 'rootless'
    ? `env:
  # The /proc of a pod is masked: RUN steps share that of buildkitd. Only buildctl-daemonless.sh reads this.
  - name: BUILDKITD_FLAGS
    value: ${FLAG}
`
    : '';

function kubernetes(mode: TemplateMode): string {
  const args =
    mode === 'rootless'
      ? `args:\n  # The /proc of a pod is masked: RUN steps share that of buildkitd.\n  - ${FLAG}\n`
      : '';
  const probe = 'exec:\n  command: [buildctl, debug, workers]\ninitialDelaySeconds: 5\nperiodSeconds: 30\n';
  const container = `${args}readinessProbe:\n${indented(probe, 2)}livenessProbe:\n${indented(probe, 2)}${securityOf(mode)}${mounts(mode)}`;
  return `# buildkitd, ${mode}; the namespace must enforce no Pod Security level but privileged.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: buildkitd
spec:
  # One state directory serves one buildkitd.
  replicas: 1
  selector:
    matchLabels:
      app: buildkitd
  template:
    metadata:
      labels:
        app: buildkitd
    spec:
${indented(userns(mode), 6)}      containers:
        - name: buildkitd
          image: ${image(mode)}
${indented(container, 10)}${indented(volumes, 6)}`;
}

const BUILD = 'buildctl-daemonless.sh build --frontend dockerfile.v0 --local context=. --local dockerfile=.';

function buildkite(mode: TemplateMode): string {
  return `# One build in a pod of the Buildkite stack for Kubernetes, ${mode}.
steps:
  - label: build
    command: ${BUILD}
    plugins:
      - kubernetes:
          podSpec:
${indented(userns(mode), 12)}            containers:
              - name: build
                image: ${image(mode)}
${indented(variable(mode) + securityOf(mode) + mounts(mode), 16)}${indented(volumes, 12)}`;
}

function tekton(mode: TemplateMode): string {
  if (mode === 'userns') return '';
  return `# One build in a task of Tekton, ${mode}.
apiVersion: tekton.dev/v1
kind: Task
metadata:
  name: build
spec:
  workspaces:
    - name: source
  steps:
    - name: build
      image: ${image(mode)}
      workingDir: $(workspaces.source.path)
      script: |
        #!/bin/sh
        set -eu
        ${BUILD}
${indented(variable(mode) + securityOf(mode) + mounts(mode), 6)}${indented(volumes, 2)}`;
}

function compose(mode: TemplateMode): string {
  if (mode === 'privileged')
    return `services:
  buildkitd:
    image: ${image(mode)}
    # buildkitd as root mounts and makes namespaces.
    privileged: true
    volumes:
      - state:${state(mode)}
volumes:
  state:
`;
  return `services:
  buildkitd:
    image: ${image(mode)}
    security_opt:
      # Docker's default profile forbids the namespaces that rootlesskit makes.
      - seccomp=unconfined
      # On hosts with AppArmor docker-default denies mount.
      - apparmor=unconfined
      # Nothing of /proc is masked, so that each RUN step gets its own.
      - systempaths=unconfined
    volumes:
      # A named volume takes the owner of the image's directory; a directory of the host would belong to root.
      - state:${state(mode)}
volumes:
  state:
`;
}

const run = (engine: 'docker' | 'podman', mode: TemplateMode): string => {
  if (mode === 'privileged')
    return `#!/bin/sh
# buildkitd as root mounts and makes namespaces.
${engine} run -d --name buildkitd --privileged \\
  -v buildkit:${state(mode)} \\
  docker.io/${image(mode)}
`;
  const unmask = engine === 'docker' ? 'systempaths=unconfined' : 'unmask=ALL';
  const apparmor = ' \\\n  --security-opt apparmor=unconfined';
  return `#!/bin/sh
# seccomp and AppArmor would forbid namespaces and mounts; with nothing of /proc masked each RUN step gets its own.${engine === 'podman' ? '\n# As root: the namespace of rootless Podman has too few ids for this image; there take --mode privileged.' : ''}
${engine} run -d --name buildkitd \\
  --security-opt seccomp=unconfined${apparmor} \\
  --security-opt ${unmask} \\
  -v buildkit:${state(mode)} \\
  docker.io/${image(mode)}
`;
};

function quadlet(mode: TemplateMode): string {
  const confinement =
    mode === 'privileged'
      ? '# buildkitd as root mounts and makes namespaces.\nPodmanArgs=--privileged\n'
      : `# The default profile forbids what runc does for each RUN step.
SeccompProfile=unconfined
# Nothing of /proc is masked, so that each RUN step gets its own.
Unmask=ALL
`;
  return `# /etc/containers/systemd/buildkitd.container
[Unit]
Description=BuildKit

[Container]
Image=docker.io/${image(mode)}
ContainerName=buildkitd
${confinement}Volume=buildkit:${state(mode)}

[Install]
WantedBy=multi-user.target
`;
}

function gitlab(mode: TemplateMode): string {
  const runner =
    mode === 'rootless'
      ? '# The runner must not filter: security_opt = ["seccomp:unconfined", "apparmor:unconfined"] in [runners.docker].'
      : '# The runner must be privileged: privileged = true in [runners.docker] or [runners.kubernetes].';
  const flags =
    mode === 'rootless'
      ? `  variables:\n    # /proc is masked: RUN steps share that of buildkitd.\n    BUILDKITD_FLAGS: ${FLAG}\n`
      : '';
  return `${runner}
build:
  image:
    name: ${image(mode)}
    # Without this the job's shell is handed to buildkitd.
    entrypoint: [""]
${flags}  script:
    - ${BUILD}
`;
}

function actions(mode: TemplateMode): string {
  const options =
    mode === 'rootless'
      ? `\n          driver-opts: image=${image(mode)}`
      : `\n          driver-opts: image=${image('privileged')}`;
  return `# docker buildx starts buildkitd in a container that is privileged${mode === 'rootless' ? '; inside it this image runs as uid 1000' : ''}.
name: build
on: [push]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-buildx-action@v3
        with:${options}
      - uses: docker/build-push-action@v6
        with:
          context: .
`;
}

const KINDS: { readonly [kind: string]: (mode: TemplateMode) => string } = {
  kubernetes,
  compose: (mode) => (mode === 'userns' ? '' : compose(mode)),
  docker: (mode) => (mode === 'userns' ? '' : run('docker', mode)),
  podman: (mode) => (mode === 'userns' ? '' : run('podman', mode)),
  quadlet: (mode) => (mode === 'userns' ? '' : quadlet(mode)),
  buildkite,
  gitlab: (mode) => (mode === 'userns' ? '' : gitlab(mode)),
  actions: (mode) => (mode === 'userns' ? '' : actions(mode)),
  tekton,
};

export const TEMPLATE_KINDS: readonly string[] = Object.keys(KINDS);

/** A right file for a place; null: BuildKit cannot be run there in this mode. */
export function template(kind: string, mode: TemplateMode): string | null {
  return KINDS[kind]?.(mode) || null;
}
