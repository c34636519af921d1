import { describe } from 'vitest';
import { PROFILES, pod, ROOTFUL, testFiles } from './manifests.ts';

const NNP = 'spec.containers[0].securityContext.allowPrivilegeEscalation';
const DROP = 'spec.containers[0].securityContext.capabilities.drop';

describe('a pod of the rootless image', () => {
  testFiles([
    { name: 'with both profiles and without a process sandbox works', text: pod(), finds: [] },
    {
      name: 'without profiles depends on the node',
      text: pod({ security: null }),
      finds: [
        ['seccomp.unset', 'warning', 'spec.containers[0]'],
        ['apparmor.unset', 'warning', 'spec.containers[0]'],
      ],
    },
    {
      name: "takes the pod's profile where the container has none",
      text: pod({ security: null, spec: `securityContext:\n  ${PROFILES.replace('\n', '\n  ')}` }),
      finds: [],
    },
    {
      name: "takes the container's profile before the pod's",
      text: pod({ spec: 'securityContext: {seccompProfile: {type: RuntimeDefault}}' }),
      finds: [],
    },
    {
      name: 'with RuntimeDefault cannot make a namespace',
      text: pod({ security: 'seccompProfile: {type: RuntimeDefault}\nappArmorProfile: {type: Unconfined}' }),
      finds: [['seccomp.blocked', 'error', 'spec.containers[0].securityContext.seccompProfile.type']],
    },
    {
      name: 'with a profile of its own is trusted',
      text: pod({
        security: 'seccompProfile: {type: Localhost, localhostProfile: b.json}\nappArmorProfile: {type: Unconfined}',
      }),
      finds: [],
    },
    {
      name: "with AppArmor's RuntimeDefault may not mount",
      text: pod({ security: 'seccompProfile: {type: Unconfined}\nappArmorProfile: {type: RuntimeDefault}' }),
      finds: [['apparmor.mount-denied', 'error']],
    },
    {
      name: 'takes the annotation of AppArmor, which is old',
      text: pod({
        security: 'seccompProfile: {type: Unconfined}',
        annotations: 'container.apparmor.security.beta.kubernetes.io/buildkitd: unconfined',
      }),
      finds: [['k8s.annotation-deprecated', 'info']],
    },
    {
      name: 'with a masked /proc fails at RUN',
      text: pod({ args: null }),
      finds: [['proc.masked', 'error', 'spec.containers[0]']],
    },
    {
      name: 'with a switched off flag fails at RUN',
      text: pod({ args: '["--oci-worker-no-process-sandbox=false"]' }),
      finds: [['proc.masked', 'error']],
    },
    {
      name: 'does not read BUILDKITD_FLAGS as a daemon',
      text: pod({ args: null, container: 'env: [{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}]' }),
      finds: [
        ['proc.masked', 'error', 'spec.containers[0].env[0].value'],
        ['args.flags-ignored', 'info'],
      ],
    },
    {
      name: 'reads BUILDKITD_FLAGS for one build',
      text: pod({
        args: '[build]',
        container:
          'command: [buildctl-daemonless.sh]\nenv: [{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}]',
      }),
      finds: [],
    },
    {
      name: 'may get BUILDKITD_FLAGS from where nobody looks',
      text: pod({
        args: '[build]',
        container: 'command: [buildctl-daemonless.sh]\nenvFrom: [{configMapRef: {name: a}}]',
      }),
      finds: [['proc.masked', 'warning']],
    },
    {
      name: 'needs newuidmap to gain privileges',
      text: pod({ security: `${PROFILES}\nallowPrivilegeEscalation: false` }),
      finds: [['idmap.no-new-privs', 'error', NNP]],
    },
    {
      name: 'needs two capabilities in the bounding set',
      text: pod({ security: `${PROFILES}\ncapabilities: {drop: [ALL]}` }),
      finds: [['idmap.bounding-set', 'error', `${DROP}[0]`]],
    },
    {
      name: 'has them where they are added to ALL that is dropped',
      text: pod({ security: `${PROFILES}\ncapabilities: {drop: [ALL], add: [SETUID, SETGID]}` }),
      finds: [],
    },
    {
      name: 'lacks one of them where that alone is dropped',
      text: pod({ security: `${PROFILES}\ncapabilities: {drop: [NET_RAW, SETGID]}` }),
      finds: [['idmap.bounding-set', 'error', `${DROP}[1]`]],
    },
    {
      name: 'needs neither MKNOD nor NET_RAW',
      text: pod({ security: `${PROFILES}\ncapabilities: {drop: [MKNOD, NET_RAW]}` }),
      finds: [],
    },
    {
      name: 'works with privilege, whatever else is said',
      text: pod({ security: 'privileged: true\ncapabilities: {drop: [ALL]}', args: null }),
      finds: [],
    },
    {
      name: 'cannot run in gVisor',
      text: pod({ spec: 'runtimeClassName: gvisor' }),
      finds: [['runtime.sandbox-incompatible', 'error']],
    },
  ]);
});

describe('a pod of the image of root', () => {
  testFiles([
    {
      name: 'works with privilege',
      text: pod({ image: ROOTFUL, args: null, security: 'privileged: true' }),
      finds: [],
    },
    {
      name: 'does not work without',
      text: pod({ image: ROOTFUL, args: null, security: null }),
      finds: [['container.not-privileged', 'error', 'spec.containers[0].image']],
    },
    {
      name: 'does not work with SYS_ADMIN alone',
      text: pod({ image: ROOTFUL, args: null, security: `${PROFILES}\ncapabilities: {add: [SYS_ADMIN]}` }),
      finds: [['container.not-privileged', 'error']],
    },
    {
      name: 'works with SYS_ADMIN in a user namespace of its own',
      text: pod({
        image: ROOTFUL,
        args: null,
        spec: 'hostUsers: false',
        security: `${PROFILES}\ncapabilities: {add: [SYS_ADMIN]}`,
      }),
      finds: [],
    },
    {
      name: 'fails there at RUN with RuntimeDefault',
      text: pod({
        image: ROOTFUL,
        args: null,
        spec: 'hostUsers: false',
        security:
          'seccompProfile: {type: RuntimeDefault}\nappArmorProfile: {type: Unconfined}\ncapabilities: {add: [SYS_ADMIN]}',
      }),
      finds: [['seccomp.blocked', 'error']],
    },
    {
      name: 'works with hostUsers: false and privilege',
      text: pod({ image: ROOTFUL, args: null, spec: 'hostUsers: false', security: 'privileged: true' }),
      finds: [],
    },
    {
      name: 'needs privilege even with hostUsers: false',
      text: pod({ image: ROOTFUL, args: null, spec: 'hostUsers: false', security: null }),
      finds: [['container.not-privileged', 'error']],
    },
  ]);
});

const run = (
  engine: string,
  options: string,
  args = '--oci-worker-no-process-sandbox',
  image = 'moby/buildkit:rootless',
): string => `#!/bin/sh\n${engine} run -d ${options} ${image} ${args}\n`;

describe('docker and podman run', () => {
  testFiles([
    {
      name: "Docker's default profile stops it",
      text: run('docker', ''),
      finds: [['seccomp.blocked', 'error', 'docker run#1']],
    },
    {
      name: 'nothing at all is two things',
      text: run('docker', '', ''),
      finds: [
        ['seccomp.blocked', 'error'],
        ['proc.masked', 'error'],
      ],
    },
    { name: 'no filter and the flag', text: run('docker', '--security-opt seccomp=unconfined'), finds: [] },
    { name: 'with a colon', text: run('docker', '--security-opt=seccomp:unconfined'), finds: [] },
    {
      name: 'systempaths in place of the flag',
      text: run('docker', '--security-opt seccomp=unconfined --security-opt systempaths=unconfined', ''),
      finds: [],
    },
    {
      name: "Podman's default profile stops RUN",
      text: run('podman', ''),
      finds: [['seccomp.blocked', 'error', 'podman run#1']],
    },
    {
      name: 'unmask=ALL in place of the flag',
      text: run('podman', '--security-opt seccomp=unconfined --security-opt unmask=ALL', ''),
      finds: [],
    },
    {
      name: 'no filter and a masked /proc',
      text: run('podman', '--security-opt seccomp=unconfined', ''),
      finds: [['proc.masked', 'error']],
    },
    {
      name: 'no-new-privileges',
      text: run('docker', '--security-opt seccomp=unconfined --security-opt no-new-privileges:true'),
      finds: [['idmap.no-new-privs', 'error']],
    },
    {
      name: 'no-new-privileges=false',
      text: run('docker', '--security-opt seccomp=unconfined --security-opt no-new-privileges=false'),
      finds: [],
    },
    {
      name: 'all capabilities dropped',
      text: run('docker', '--security-opt seccomp=unconfined --cap-drop ALL'),
      finds: [['idmap.bounding-set', 'error']],
    },
    {
      name: 'and two given back',
      text: run('docker', '--security-opt seccomp=unconfined --cap-drop=ALL --cap-add=SETUID --cap-add CAP_SETGID'),
      finds: [],
    },
    { name: 'privileged', text: run('docker', '--privileged', ''), finds: [] },
    { name: 'the image of root, privileged', text: run('docker', '--privileged', '', 'moby/buildkit'), finds: [] },
    {
      name: 'the image of root, with all capabilities',
      text: run(
        'docker',
        '--cap-add ALL --security-opt seccomp=unconfined --security-opt systempaths=unconfined',
        '',
        'moby/buildkit:latest',
      ),
      finds: [['container.not-privileged', 'error']],
    },
    {
      name: 'Docker in Docker without privilege',
      text: run('docker', '', '', 'docker:dind'),
      finds: [['container.not-privileged', 'error']],
    },
    {
      name: 'a variable in a variable, and one that is several words',
      text: `#!/bin/sh\nTAG=v0.32.2\nIMAGE="moby/buildkit:$TAG-rootless"\nOPTS="--security-opt seccomp=unconfined --security-opt apparmor=unconfined"\nDOCKER=$\{DOCKER:-docker}\n$DOCKER run -d $OPTS "$IMAGE"\n`,
      finds: [['proc.masked', 'error']],
    },
    {
      name: 'through sudo, over lines, with a variable',
      text: 'IMAGE=moby/buildkit:rootless\nsudo docker run \\\n  --security-opt seccomp=unconfined \\\n  "$IMAGE"\n',
      file: 'a.sh',
      finds: [['proc.masked', 'error', 'docker run#1']],
    },
  ]);
});

const compose = (service: string): string => `services:\n  buildkitd:\n    image: moby/buildkit:rootless\n${service}`;

describe('other forms', () => {
  testFiles([
    {
      name: 'compose: no filter and the flag',
      text: compose('    security_opt: [seccomp=unconfined]\n    command: --oci-worker-no-process-sandbox\n'),
      finds: [],
    },
    {
      name: 'compose: systempaths',
      text: compose('    security_opt:\n      - seccomp:unconfined\n      - systempaths:unconfined\n'),
      finds: [],
    },
    {
      name: 'compose: nothing but the flag',
      text: compose('    command: ["--oci-worker-no-process-sandbox"]\n'),
      finds: [['seccomp.blocked', 'error', 'services.buildkitd']],
    },
    {
      name: 'quadlet',
      text: '[Container]\nImage=docker.io/moby/buildkit:rootless\nSeccompProfile=unconfined\nNoNewPrivileges=true\nExec=--oci-worker-no-process-sandbox\n',
      finds: [['idmap.no-new-privs', 'error', 'Container.NoNewPrivileges']],
    },
    {
      name: 'a unit of systemd',
      text: '[Unit]\nDescription=b\n[Service]\nExecStartPre=-/usr/bin/docker rm -f b\nExecStart=/usr/bin/docker run --name b \\\n  --security-opt seccomp=unconfined \\\n  moby/buildkit:rootless\n',
      finds: [['proc.masked', 'error', 'docker run#1']],
    },
    {
      name: 'a makefile',
      file: 'Makefile',
      text: 'IMAGE ?= moby/buildkit:rootless\n\nbuild:\n\t@docker run --rm $(IMAGE) --oci-worker-no-process-sandbox\n',
      finds: [['seccomp.blocked', 'error', 'docker run#1']],
    },
    {
      name: 'a command in a workflow',
      text: 'on: push\njobs:\n  b:\n    runs-on: u\n    steps:\n      - run: |\n          docker run -d --security-opt seccomp=unconfined moby/buildkit:rootless\n',
      finds: [['proc.masked', 'error']],
    },
    {
      name: 'a container of a job',
      text: 'on: push\njobs:\n  b:\n    runs-on: u\n    container:\n      image: moby/buildkit:rootless\n      options: --security-opt seccomp=unconfined\n    steps:\n      - run: buildctl-daemonless.sh build\n',
      finds: [['proc.masked', 'error', 'jobs.b.container']],
    },
    {
      name: 'Docker in Docker, and its image for a client alone',
      text: 'services:\n  a:\n    image: docker:dind\n  b:\n    image: docker:27-dind\n    command: sh -c "docker buildx build ."\n',
      finds: [['container.not-privileged', 'error', 'services.a.image']],
    },
    {
      name: 'a justfile',
      file: 'Justfile',
      text: 'default:\n    @just --list\nrun:\n    @docker run -d --privileged moby/buildkit:latest-rootless\n',
      finds: [['image.tag-missing', 'error']],
    },
    {
      name: 'a template of the Jenkins plugin',
      file: 'Jenkinsfile',
      text: "podTemplate(containers: [\n  containerTemplate(name: 'b', image: 'moby/buildkit:v0.12.0', command: '', args: '')\n]) { node(POD_LABEL) { } }\n",
      finds: [['container.not-privileged', 'error']],
    },
    {
      name: 'a template of the Jenkins plugin with variables and ports in brackets of their own',
      file: 'Jenkinsfile',
      text: "podTemplate(containers: [\n  containerTemplate(name: 'b', image: 'moby/buildkit:rootless', command: 'cat', ports: [portMapping(name: 'x', containerPort: 1)], envVars: [envVar(key: 'BUILDKITD_FLAGS', value: '--oci-worker-no-process-sandbox')])\n]) { node(POD_LABEL) { sh 'buildctl-daemonless.sh build' } }\n",
      finds: [
        ['apparmor.unset', 'warning'],
        ['seccomp.unset', 'warning'],
      ],
    },
    {
      name: 'a service of GitLab CI',
      text: 'build:\n  image: alpine\n  services:\n    - name: moby/buildkit:v0.12.0-rootless\n      alias: buildkitd\n  variables: {BUILDKIT_HOST: "tcp://buildkitd:1234"}\n  script: [buildctl build]\n',
      finds: [
        ['proc.masked', 'error', 'build.services[0]'],
        ['env.buildkit-host-wrong', 'error', 'build.variables.BUILDKIT_HOST'],
      ],
    },
    {
      name: 'Argo',
      text: 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: b-}\nspec:\n  templates:\n    - name: b\n      container:\n        image: moby/buildkit:rootless\n        command: [buildctl-daemonless.sh]\n        securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}}\n',
      finds: [['proc.masked', 'error', 'spec.templates[0].container']],
    },
    {
      name: 'Buildkite',
      text: 'steps:\n  - command: buildctl-daemonless.sh build\n    plugins:\n      - kubernetes:\n          podSpec:\n            containers:\n              - image: moby/buildkit:rootless\n                securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}}\n',
      finds: [['proc.masked', 'error', 'steps[0].plugins[0].kubernetes.podSpec.containers[0]']],
    },
    {
      name: "values of a chart: what is not written may be the template's",
      text: 'buildkitd:\n  image: {repository: moby/buildkit, tag: v0.32.2-rootless}\n  securityContext:\n    allowPrivilegeEscalation: false\n',
      finds: [['idmap.no-new-privs', 'warning', 'buildkitd.securityContext.allowPrivilegeEscalation']],
    },
    {
      name: 'a patch of Kustomize',
      text: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: buildkitd}\nspec:\n  template:\n    spec:\n      containers:\n        - name: buildkitd\n          securityContext: {capabilities: {drop: [ALL]}}\n',
      finds: [['idmap.bounding-set', 'warning']],
    },
    {
      name: 'a manifest that a script applies',
      text: `#!/bin/sh\nkubectl apply -f - <<EOF\n${pod({ args: null })}EOF\n`,
      finds: [['proc.masked', 'error', 'spec.containers[0]']],
    },
  ]);
});
