import { describe } from 'vitest';
import { pod, testFiles } from '../checks/container/manifests.ts';

const OPEN = 'seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}';

describe('what is read beside plain manifests', () => {
  testFiles([
    {
      name: 'podTemplate of a TaskRun gives its account to the steps',
      text: `apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: b}
spec:
  podTemplate: {securityContext: {runAsUser: 65532}}
  taskSpec:
    steps:
      - name: b
        image: moby/buildkit:rootless
        securityContext: {${OPEN}}
        env: [{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}]
        command: [buildctl-daemonless.sh]
`,
      finds: [['idmap.user-lookup-failed', 'error', 'spec.podTemplate.securityContext.runAsUser']],
    },
    {
      name: 'a template of Argo: its own annotations, and its container is main',
      text: `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: b}
spec:
  templates:
    - name: b
      metadata:
        annotations: {container.apparmor.security.beta.kubernetes.io/main: unconfined}
      container:
        image: moby/buildkit:rootless
        args: [--oci-worker-no-process-sandbox]
        securityContext: {seccompProfile: {type: Unconfined}}
`,
      finds: [],
    },
    {
      name: 'sidecars of a RunnerDeployment',
      text: `apiVersion: actions.summerwind.dev/v1alpha1
kind: RunnerDeployment
spec:
  template:
    spec:
      sidecarContainers:
        - name: buildkitd
          image: moby/buildkit:v0.32.2
          args: [--oci-worker-no-process-sandbox]
          securityContext: {privileged: true}
`,
      finds: [['config.invalid-value', 'error', 'spec.template.spec.sidecarContainers[0].args[0]']],
    },
    {
      name: 'a step of Buildkite with an image, and a patch for its pod',
      text: `steps:
  - command: buildctl-daemonless.sh build
    image: moby/buildkit:rootless
    plugins:
      - kubernetes:
          podSpecPatch:
            containers:
              - name: container-0
                image: moby/buildkit:rootless
                env: [{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}]
                securityContext: {${OPEN}, runAsGroup: 0}
`,
      finds: [['idmap.user-lookup-failed', 'error']],
    },
    {
      name: 'a JSON6902 patch in a file of its own',
      text: `# for buildkitd
- op: add
  path: /spec/template/spec/containers/0/securityContext
  value: {allowPrivilegeEscalation: false}
- op: replace
  path: /spec/template/spec/containers/0/securityContext/seccompProfile/type
  value: RuntimeDefault
`,
      finds: [
        ['idmap.no-new-privs', 'warning'],
        ['seccomp.blocked', 'warning'],
      ],
    },
    {
      name: 'patches and images of a kustomization',
      text: `kind: Kustomization
resources: [buildkitd.yaml]
images:
  - name: moby/buildkit
    newTag: latest-rootless
patches:
  - target: {kind: Deployment, name: buildkitd}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/securityContext
        value: {capabilities: {drop: [ALL]}}
  - patch: |
      kind: Deployment
      metadata: {name: buildkitd}
      spec: {template: {spec: {containers: [{name: buildkitd, securityContext: {runAsUser: 1000, runAsGroup: 0}}]}}}
  - target: {name: other}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/securityContext
        value: {capabilities: {drop: [ALL]}}
`,
      finds: [
        ['image.tag-missing', 'error', 'images[0].image'],
        ['idmap.bounding-set', 'warning'],
        ['idmap.user-lookup-failed', 'warning'],
      ],
    },
    {
      name: 'values of a chart with no more than an image',
      text: 'image:\n  repository: moby/buildkit\n  tag: latest-rootless\n',
      finds: [['image.tag-missing', 'error']],
    },
    {
      name: 'an annotation that says otherwise than the field',
      text: pod({ annotations: 'container.apparmor.security.beta.kubernetes.io/buildkitd: runtime/default\n' }),
      finds: [['k8s.api-rejected', 'error']],
    },
    {
      name: 'a directory that the script gives to uid 1000',
      file: 'a.sh',
      text: `D=/srv/state
sudo chown -R 1000:1000 "$D"
docker run -d --security-opt seccomp=unconfined --security-opt systempaths=unconfined -v $D:/home/user/.local/share/buildkit moby/buildkit:rootless
docker run -d --security-opt seccomp=unconfined --security-opt systempaths=unconfined -v /other:/home/user/.local/share/buildkit moby/buildkit:rootless
`,
      finds: [['storage.permission', 'warning', 'docker run#2 --volume']],
    },
    {
      name: 'a command that lost its image',
      file: 'a.sh',
      text: 'docker run -d --privileged \\\n  --name b\n  moby/buildkit:latest --debug\n',
      finds: [['shell.continuation-lost', 'error']],
    },
    {
      name: 'a configuration that a script writes',
      file: 'a.sh',
      text: '#!/bin/sh\ncat > /etc/buildkit/buildkitd.toml <<EOF\n[worker.oci]\n  max-paralelism = 4\nEOF\ncat > /etc/containerd/config.toml <<EOF\n[debug]\n  levels = 4\nEOF\n',
      finds: [['config.unknown-key', 'warning']],
    },
    {
      name: 'a TOML file of something else',
      file: 'pyproject.toml',
      text: '[project]\nname = "buildkit-client"\n',
      finds: [],
    },
  ]);
});

describe('what public files showed', () => {
  testFiles([
    {
      name: 'steps of Shipwright are called step-NAME, and XDG_RUNTIME_DIR and HOME move what is written',
      text: `apiVersion: shipwright.io/v1beta1
kind: ClusterBuildStrategy
metadata:
  name: b
  annotations: {container.apparmor.security.beta.kubernetes.io/step-build: unconfined}
spec:
  steps:
    - name: build
      image: moby/buildkit:v0.32.2-rootless
      securityContext:
        readOnlyRootFilesystem: true
        seccompProfile: {type: Unconfined}
      env:
        - {name: XDG_RUNTIME_DIR, value: /home/user/.local/tmp}
        - {name: HOME, value: /tekton/home}
        - {name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}
      command: [buildctl-daemonless.sh]
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: own, mountPath: /home/user/.local/tmp}
        - {name: own, mountPath: /home/user/.local/share/buildkit}
  volumes:
    - {name: tmp, emptyDir: {}}
    - {name: own, emptyDir: {}}
`,
      finds: [],
    },
    {
      name: 'a daemon with another XDG_RUNTIME_DIR listens there, and the probe asks where the image says',
      text: pod({
        container:
          'env: [{name: XDG_RUNTIME_DIR, value: /tmp/run}]\nreadinessProbe: {exec: {command: [buildctl, debug, workers]}}\n',
      }),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'a runner in the values of its chart',
      file: 'values.yaml',
      text: `image: gitlab-org/gitlab-runner
securityContext: {allowPrivilegeEscalation: false}
runners:
  config: |
    [[runners]]
      [runners.kubernetes]
        namespace = "{{.Release.Namespace}}"
        image = "moby/buildkit:latest-rootless"
        privileged = true
`,
      finds: [['image.tag-missing', 'error']],
    },
    {
      name: "a containerTemplate of Jenkins' configuration",
      text: `templates:
  - name: b
    containers:
      - name: buildkit
        image: moby/buildkit:latest
        command: cat
        ttyEnabled: true
        privileged: true
`,
      finds: [],
    },
    {
      name: 'steps of Drone',
      text: `kind: pipeline
steps:
  - name: b
    image: moby/buildkit:rootless
    environment: {BUILDKITD_FLAGS: --oci-worker-no-process-sandbox}
    commands: [buildctl-daemonless.sh build --frontend dockerfile.v0]
  - name: c
    image: moby/buildkit:rootless
    commands: [buildctl-daemonless.sh build --frontend dockerfile.v0]
  - name: d
    image: moby/buildkit:latest
    privileged: true
    commands: [buildctl-daemonless.sh build]
`,
      finds: [['proc.masked', 'error', 'steps[1]']],
    },
    {
      name: 'keys of today are no warning, those that no release has are',
      text: 'apiVersion: v1\nkind: ConfigMap\ndata:\n  buildkitd.toml: |\n    [worker.oci]\n      reservedSpace = "1GB"\n      unreserved = 1\n',
      finds: [['config.unknown-key', 'warning', 'data["buildkitd.toml"]: worker.oci.unreserved']],
    },
    {
      name: 'and with an image of an older release they are',
      text: `${pod({ image: 'moby/buildkit:v0.13.0-rootless' })}---\napiVersion: v1\nkind: ConfigMap\ndata:\n  buildkitd.toml: |\n    [worker.oci]\n      reservedSpace = "1GB"\n`,
      finds: [['config.unknown-key', 'warning']],
    },
  ]);
});

const runner = (body: string): string => `concurrent = 4\n[[runners]]\n  name = "buildkit"\n${body}`;

describe('config.toml of a GitLab runner', () => {
  testFiles([
    {
      name: 'the Kubernetes executor',
      file: 'config.toml',
      text: runner(`  environment = ["BUILDKITD_FLAGS=--oci-worker-no-process-sandbox"]
  [runners.kubernetes]
    image = "moby/buildkit:rootless"
    allow_privilege_escalation = false
    cap_drop = ["ALL"]
    [runners.kubernetes.pod_annotations]
      "container.apparmor.security.beta.kubernetes.io/build" = "unconfined"
    [runners.kubernetes.build_container_security_context]
      run_as_user = 1000
      run_as_group = 0
    [[runners.kubernetes.volumes.empty_dir]]
      name = "home"
      mount_path = "/home/user"
`),
      finds: [
        ['idmap.no-new-privs', 'error'],
        ['idmap.bounding-set', 'error'],
        ['idmap.user-lookup-failed', 'error'],
        ['env.tmpdir', 'error'],
        ['seccomp.unset', 'warning'],
      ],
    },
    {
      name: 'the Kubernetes executor, privileged',
      file: 'config.toml',
      text: runner('  [runners.kubernetes]\n    image = "moby/buildkit:latest"\n    privileged = true\n'),
      finds: [],
    },
    {
      name: 'the Docker executor',
      file: 'config.toml',
      text: runner(`  environment = ["BUILDKITD_FLAGS=--oci-worker-no-process-sandbox"]
  [runners.docker]
    image = "moby/buildkit:rootless"
    security_opt = ["no-new-privileges", "seccomp:unconfined"]
`),
      finds: [['idmap.no-new-privs', 'error']],
    },
    {
      name: 'a service of the Docker executor',
      file: 'config.toml',
      text: runner(`  [runners.docker]
    image = "alpine"
    [[runners.docker.services]]
      name = "moby/buildkit:rootless"
      command = ["--oci-worker-no-process-sandbox"]
`),
      finds: [['seccomp.blocked', 'error', 'runners[0].docker.services[0].name']],
    },
    {
      name: 'services are as privileged as it says of them',
      file: 'config.toml',
      text: runner(`  [runners.docker]
    image = "alpine"
    privileged = false
    services_privileged = true
    [[runners.docker.services]]
      name = "moby/buildkit:latest"
`),
      finds: [],
    },
  ]);
});
