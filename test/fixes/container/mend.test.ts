import { describe, expect, test } from 'vitest';
import { lint, mend } from '../../../src/examine/documents.ts';
import { PROFILES, pod, ROOTFUL, STATE } from '../../checks/container/manifests.ts';

const file = { path: '/f', digest: '', mode: 0o644, owner: { uid: 0, gid: 0 } };

async function mended(text: string, risky = false, path = 'file'): Promise<{ text: string; left: readonly string[] }> {
  const done = await mend({ path, text, file }, risky);
  const again = await lint({ path, text: done.text, file });
  const left = again.checks
    .flatMap(({ problems }) => problems)
    .filter(({ severity }) => severity !== 'info')
    .map(({ condition }) => condition);
  return { text: done.text, left };
}

/** Lines that differ, those that are gone with a minus. */
function differences(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line.trim()}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line.trim()}`),
  ];
}

/** Forms of a rootless buildkitd that works, but for what is added. */
const compose = (more: string): string =>
  `services:\n  b:\n    image: moby/buildkit:rootless\n    command: [--oci-worker-no-process-sandbox]\n    security_opt: [seccomp=unconfined, apparmor=unconfined]\n${more === '' ? '' : `    ${more}\n`}`;
const RUN = 'docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined';
const QUADLET =
  '[Container]\nImage=moby/buildkit:rootless\nExec=--oci-worker-no-process-sandbox\nSeccompProfile=unconfined\nAppArmor=unconfined\n';
const RUNNER = `[[runners]]
  executor = "docker"
  environment = ["BUILDKITD_FLAGS=--oci-worker-no-process-sandbox"]
  [runners.docker]
    image = "moby/buildkit:rootless" # the image
    security_opt = ["seccomp:unconfined", "apparmor:unconfined"]
`;

describe('without asking, what says the same thing rightly', () => {
  test.each<readonly [name: string, text: string, change: readonly string[]]>([
    [
      'a tag',
      pod({ image: 'moby/buildkit:latest-rootless' }),
      ['-image: moby/buildkit:latest-rootless', '+image: moby/buildkit:rootless'],
    ],
    [
      'a uid in quotes',
      pod({ security: `${PROFILES}\nrunAsUser: "1000"` }),
      ['-runAsUser: "1000"', '+runAsUser: 1000'],
    ],
    [
      'a group',
      pod({ security: `${PROFILES}\nrunAsGroup: 0 # root` }),
      ['-runAsGroup: 0 # root', '+runAsGroup: 1000 # root'],
    ],
    [
      'a type in small letters',
      pod({ security: 'seccompProfile:\n  type: unconfined\nappArmorProfile: {type: Unconfined}' }),
      ['-type: unconfined', '+type: Unconfined'],
    ],
    [
      'a mount where nothing is kept',
      pod({ mounts: '- {name: v, mountPath: /var/lib/buildkit}', volumes: '- {name: v, emptyDir: {}}' }),
      ['-- {name: v, mountPath: /var/lib/buildkit}', `+- {name: v, mountPath: ${STATE}}`],
    ],
    [
      'a mount that hides TMPDIR',
      pod({ mounts: '- name: v\n  mountPath: "/home/user"', volumes: '- {name: v, emptyDir: {}}' }),
      ['-mountPath: "/home/user"', `+mountPath: "${STATE}"`],
    ],
    [
      'a command that lost its entrypoint',
      pod({ args: null, container: 'command: [buildkitd, --oci-worker-no-process-sandbox]' }),
      ['-command: [buildkitd, --oci-worker-no-process-sandbox]', '+args: [--oci-worker-no-process-sandbox]'],
    ],
    [
      'two flags in one text',
      pod({ args: '["--oci-worker-no-process-sandbox --debug"]' }),
      ['-args: ["--oci-worker-no-process-sandbox --debug"]', '+args: [--oci-worker-no-process-sandbox, --debug]'],
    ],
    [
      'a flag that root refuses',
      pod({ image: ROOTFUL, args: '[--debug, --oci-worker-no-process-sandbox]', security: 'privileged: true' }),
      ['-args: [--debug, --oci-worker-no-process-sandbox]', '+args: [--debug]'],
    ],
    [
      'a probe of TCP',
      pod({
        args: '[--oci-worker-no-process-sandbox, --addr, "tcp://127.0.0.1:1234"]',
        container: 'livenessProbe:\n  exec:\n    command: [buildctl, debug, workers]',
      }),
      ['-command: [buildctl, debug, workers]', '+command: [buildctl, --addr, "tcp://127.0.0.1:1234", debug, workers]'],
    ],
    ['capabilities', pod({ security: `${PROFILES}\ncapabilities:\n  drop: [ALL]` }), ['+add: [SETUID, SETGID]']],
    [
      'a claim',
      pod({
        mounts: `- {name: v, mountPath: ${STATE}}`,
        volumes: '- {name: v, persistentVolumeClaim: {claimName: c}}',
      }),
      ['+securityContext: {fsGroup: 1000}'],
    ],
    [
      'privileged at the wrong level',
      pod({ image: ROOTFUL, args: null, security: null, spec: 'securityContext: {privileged: true}' }),
      ['-securityContext: {privileged: true}', '+securityContext: {privileged: true}'],
    ],
    [
      'an annotation that does nothing',
      pod({
        security: 'appArmorProfile: {type: Unconfined}',
        annotations: 'container.seccomp.security.alpha.kubernetes.io/buildkitd: unconfined\na: b',
      }),
      ['-container.seccomp.security.alpha.kubernetes.io/buildkitd: unconfined', '+seccompProfile: {type: Unconfined}'],
    ],
    [
      'an unmasked /proc that the API does not take, beside the flag',
      pod({ security: `${PROFILES}\nprocMount: Unmasked` }),
      ['-procMount: Unmasked'],
    ],
    [
      'a flag that the builder of root refuses',
      "docker buildx create --buildkitd-flags '--debug --oci-worker-no-process-sandbox'\n",
      [
        "-docker buildx create --buildkitd-flags '--debug --oci-worker-no-process-sandbox'",
        "+docker buildx create --buildkitd-flags '--debug'",
      ],
    ],
    [
      'a read-only root of compose',
      compose('read_only: true'),
      [
        '+tmpfs: ["/run/user/1000:uid=1000,gid=1000,mode=700", "/home/user/.local/tmp:uid=1000,gid=1000,mode=700", "/tmp:uid=1000,gid=1000,mode=700"]',
      ],
    ],
    [
      'a read-only root of docker run',
      `${RUN} --read-only moby/buildkit:rootless --oci-worker-no-process-sandbox\n`,
      [
        `-${RUN} --read-only moby/buildkit:rootless --oci-worker-no-process-sandbox`,
        `+${RUN} --read-only --tmpfs /run/user/1000:uid=1000,gid=1000,mode=700 --tmpfs /home/user/.local/tmp:uid=1000,gid=1000,mode=700 --tmpfs /tmp:uid=1000,gid=1000,mode=700 moby/buildkit:rootless --oci-worker-no-process-sandbox`,
      ],
    ],
    [
      'a read-only root of a quadlet',
      `${QUADLET}ReadOnly=true\n`,
      ['+Tmpfs=/run/user/1000:mode=1777', '+Tmpfs=/home/user/.local/tmp:mode=1777', '+Tmpfs=/tmp:mode=1777'],
    ],
    [
      "a tmpfs that is root's",
      `${RUN} --tmpfs ${STATE}:size=1g moby/buildkit:rootless --oci-worker-no-process-sandbox\n`,
      [
        `-${RUN} --tmpfs ${STATE}:size=1g moby/buildkit:rootless --oci-worker-no-process-sandbox`,
        `+${RUN} --tmpfs ${STATE}:size=1g,uid=1000,gid=1000,mode=700 moby/buildkit:rootless --oci-worker-no-process-sandbox`,
      ],
    ],
    [
      "a tmpfs of compose that is root's",
      compose(`tmpfs: [${STATE}]`),
      [`-tmpfs: [${STATE}]`, `+tmpfs: ["${STATE}:uid=1000,gid=1000,mode=700"]`],
    ],
    [
      'a tag behind a variable',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
      '#!/bin/sh\nexport IMAGE="moby/buildkit:latest-rootless" # newest\ndocker run --privileged ${IMAGE}\n',
      ['-export IMAGE="moby/buildkit:latest-rootless" # newest', '+export IMAGE="moby/buildkit:rootless" # newest'],
    ],
    [
      'flags that nothing reads',
      pod({
        image: ROOTFUL,
        args: null,
        security: 'privileged: true',
        container: 'env:\n  - {name: BUILDKITD_FLAGS, value: --debug --oci-worker-no-process-sandbox}',
      }),
      ['-env:', '-- {name: BUILDKITD_FLAGS, value: --debug --oci-worker-no-process-sandbox}', '+args: [--debug]'],
    ],
    [
      'flags that nothing reads, of docker run',
      '#!/bin/sh\ndocker run --privileged -e BUILDKITD_FLAGS=--debug moby/buildkit\n',
      [
        '-docker run --privileged -e BUILDKITD_FLAGS=--debug moby/buildkit',
        '+docker run --privileged moby/buildkit --debug',
      ],
    ],
    [
      'a flag with a letter too few',
      pod({ args: '[--oci-worker-no-process-sandbx]' }),
      ['-args: [--oci-worker-no-process-sandbx]', '+args: [--oci-worker-no-process-sandbox]'],
    ],
    [
      'options of docker run that buildx hands to buildkitd',
      "docker buildx create --buildkitd-flags '--privileged --debug --security-opt seccomp=unconfined'\n",
      [
        "-docker buildx create --buildkitd-flags '--privileged --debug --security-opt seccomp=unconfined'",
        "+docker buildx create --buildkitd-flags ' --debug'",
      ],
    ],
    [
      'an option behind the image',
      `${RUN} moby/buildkit:rootless --oci-worker-no-process-sandbox --volume b:${STATE}\n`,
      [
        `-${RUN} moby/buildkit:rootless --oci-worker-no-process-sandbox --volume b:${STATE}`,
        `+${RUN} --volume b:${STATE} moby/buildkit:rootless --oci-worker-no-process-sandbox`,
      ],
    ],
    [
      'a variable that rootlesskit cannot do without',
      pod({ container: 'env: [{name: XDG_RUNTIME_DIR, value: ""}, {name: A, value: b}]' }),
      ['-env: [{name: XDG_RUNTIME_DIR, value: ""}, {name: A, value: b}]', '+env: [{name: A, value: b}]'],
    ],
    ['an entrypoint of compose', compose('entrypoint: [buildkitd]'), ['-entrypoint: [buildkitd]']],
    [
      'a healthcheck of compose',
      'services:\n  b:\n    image: moby/buildkit\n    privileged: true\n    command: --addr tcp://127.0.0.1:1234\n    healthcheck:\n      test: buildctl debug workers\n',
      ['-test: buildctl debug workers', '+test: buildctl --addr tcp://127.0.0.1:1234 debug workers'],
    ],
    [
      'a program that buildkitd would get as an argument',
      '#!/bin/sh\ndocker run --privileged moby/buildkit buildctl-daemonless.sh build --frontend dockerfile.v0\n',
      [
        '-docker run --privileged moby/buildkit buildctl-daemonless.sh build --frontend dockerfile.v0',
        '+docker run --privileged --entrypoint buildctl-daemonless.sh moby/buildkit build --frontend dockerfile.v0',
      ],
    ],
    [
      'a program in the args of a pod',
      pod({ image: ROOTFUL, args: '[cat]', security: 'privileged: true' }),
      ['-args: [cat]', '+command: [cat]'],
    ],
    [
      'the flag that root refuses, of a command',
      '#!/bin/sh\ndocker run --privileged moby/buildkit --debug --oci-worker-no-process-sandbox\n',
      [
        '-docker run --privileged moby/buildkit --debug --oci-worker-no-process-sandbox',
        '+docker run --privileged moby/buildkit --debug',
      ],
    ],
    [
      'the address of a probe',
      pod({
        container:
          'readinessProbe:\n  exec:\n    command: [buildctl, --addr, "unix:///run/buildkit/buildkitd.sock", debug, workers]',
      }),
      [
        '-command: [buildctl, --addr, "unix:///run/buildkit/buildkitd.sock", debug, workers]',
        '+command: [buildctl, --addr, "unix:///run/user/1000/buildkit/buildkitd.sock", debug, workers]',
      ],
    ],
    [
      'a probe of the kubelet where buildkitd listens for its own container alone',
      pod({
        args: '[--oci-worker-no-process-sandbox, --addr, "tcp://127.0.0.1:1234"]',
        container: 'livenessProbe:\n  tcpSocket:\n    port: 1234\n  periodSeconds: 30',
      }),
      ['-tcpSocket:', '-port: 1234', '+exec: {command: [buildctl, --addr, "tcp://127.0.0.1:1234", debug, workers]}'],
    ],
    [
      'hostUsers of a container',
      pod({ image: ROOTFUL, args: null, security: 'privileged: true', container: 'hostUsers: false' }),
      ['-hostUsers: false', '+hostUsers: false'],
    ],
    [
      'a driver of Kubernetes without privilege, and the image of root',
      '#!/bin/sh\ndocker buildx create --driver kubernetes --driver-opt rootless=true,image=moby/buildkit:latest\n',
      [
        '-docker buildx create --driver kubernetes --driver-opt rootless=true,image=moby/buildkit:latest',
        '+docker buildx create --driver kubernetes --driver-opt rootless=true,image=moby/buildkit:rootless',
      ],
    ],
    [
      'a lost backslash',
      '#!/bin/sh\ndocker run --privileged\n  --name b moby/buildkit\n',
      ['-docker run --privileged', '+docker run --privileged \\'],
    ],
  ])('%s', async (_name, text, change) => {
    const done = await mended(text);
    expect(done.left).toEqual([]);
    expect(differences(text, done.text).toSorted()).toEqual([...change].toSorted());
    expect(done.text).not.toBe(text);
  });
});

describe('only with --risky, what loosens a container', () => {
  test.each<readonly [name: string, text: string, added: readonly string[]]>([
    ['profiles of a pod', pod({ security: null }), ['{type: Unconfined}']],
    [
      'RuntimeDefault',
      pod({ security: 'seccompProfile:\n  type: RuntimeDefault\nappArmorProfile: {type: Unconfined}' }),
      ['type: Unconfined'],
    ],
    [
      'privilege escalation',
      pod({ security: `${PROFILES}\nallowPrivilegeEscalation: false` }),
      ['allowPrivilegeEscalation: true'],
    ],
    [
      'an unmasked /proc that the API does not take, and with it the flag',
      pod({ args: null, security: `${PROFILES}\nprocMount: Unmasked` }),
      ['args: [--oci-worker-no-process-sandbox]'],
    ],
    ['the flag of a daemon', pod({ args: null }), ['args: [--oci-worker-no-process-sandbox]']],
    ['the flag in a list of lines', pod({ args: '\n        - --debug' }), ['- --oci-worker-no-process-sandbox']],
    [
      'the flag of one build',
      pod({ args: null, container: 'command: [buildctl-daemonless.sh, build]' }),
      ['{name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}'],
    ],
    [
      'compose',
      'services:\n  b:\n    image: moby/buildkit:rootless\n    command: [--oci-worker-no-process-sandbox]\n',
      ['security_opt: [seccomp=unconfined, apparmor=unconfined]'],
    ],
    [
      'docker run',
      '#!/bin/sh\ndocker run -d moby/buildkit:rootless\n',
      ['--security-opt seccomp=unconfined', 'moby/buildkit:rootless --oci-worker-no-process-sandbox'],
    ],
    [
      'a quadlet',
      '[Container]\nImage=moby/buildkit:rootless\nNoNewPrivileges=true\n',
      ['SeccompProfile=unconfined', 'Exec=--oci-worker-no-process-sandbox'],
    ],
    [
      'no_new_privs of compose',
      compose('').replace('security_opt: [', 'security_opt: ["no-new-privileges:true", '),
      ['security_opt: [seccomp=unconfined, apparmor=unconfined]'],
    ],
    [
      'a pod in a user namespace that is too small',
      pod({ args: null, spec: 'hostUsers: false', security: 'procMount: Unmasked' }),
      ['args: [--oci-worker-no-process-sandbox]', 'appArmorProfile: {type: Unconfined}'],
    ],
    [
      'a state directory in memory',
      pod({ mounts: `- {name: v, mountPath: ${STATE}}`, volumes: '- {name: v, emptyDir: {medium: Memory}}' }),
      ['emptyDir: {}'],
    ],
    [
      'options of a service of GitHub Actions',
      'on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    services:\n      b:\n        image: moby/buildkit:rootless\n        options: --security-opt apparmor=unconfined\n    steps: [{run: "true"}]\n',
      [
        'options: --security-opt apparmor=unconfined --security-opt seccomp=unconfined --security-opt systempaths=unconfined\n',
      ],
    ],
    [
      'no_new_privs of a runner',
      RUNNER.replace('["s', '["no-new-privileges:true", "s'),
      ['security_opt = ["seccomp:unconfined", "apparmor:unconfined"]'],
    ],
    [
      'profiles of a runner',
      RUNNER.replace(/.*security_opt.*\n/, ''),
      ['    security_opt = ["seccomp=unconfined", "apparmor=unconfined"]\n'],
    ],
    [
      'the flag of an agent of Jenkins',
      `pipeline {\n  agent { docker { image 'moby/buildkit:rootless'\n args '--entrypoint= ${RUN.replace('docker run ', '')}' } }\n  stages { stage('b') { steps { sh 'buildctl-daemonless.sh build' } } }\n}\n`,
      ["apparmor=unconfined -e BUILDKITD_FLAGS=--oci-worker-no-process-sandbox'"],
    ],
    [
      'the flag of a job of GitLab',
      'build:\n  stage: build\n  image: moby/buildkit:rootless\n  script:\n    - buildctl-daemonless.sh build --frontend dockerfile.v0\n',
      ['variables: {BUILDKITD_FLAGS: --oci-worker-no-process-sandbox}'],
    ],
  ])('%s', async (_name, text, added) => {
    expect((await mended(text)).text).toBe(text);
    const done = await mended(text, true);
    expect(done.left).toEqual([]);
    for (const words of added) expect(done.text).toContain(words);
  });
});

test('options are never written into data', async () => {
  const service = `on: push
jobs:
  b:
    runs-on: ubuntu-latest
    services: {b: 'moby/buildkit:rootless'}
    steps: [{run: 'true'}]
`;
  expect((await mended(service, true)).text).toBe(service);
});

test('what nobody can mend alone stays, and so does every byte', async () => {
  const text = pod({ image: ROOTFUL, args: null, security: null });
  expect((await mended(text, true)).text).toBe(text);
});

test('no mend makes a file of another meaning', async () => {
  const odd = pod({ image: 'moby/buildkit:latest-rootless' }).replace('metadata:', '# été — 漢字 \u{1f600}\nmetadata:');
  const done = await mended(odd);
  expect(done.text).toBe(odd.replace('latest-rootless', 'rootless'));
});

/** The three ways that guides show, each with the tag that was never published. */
const GUIDES: readonly (readonly [name: string, text: string])[] = [
  ['privileged', pod({ image: 'moby/buildkit:latest-rootless', args: null, security: 'privileged: true' })],
  [
    'rootless, not privileged',
    pod({
      image: 'moby/buildkit:latest-rootless',
      args: null,
      security: 'runAsUser: 1000\nrunAsGroup: 1000\nallowPrivilegeEscalation: true',
    }),
  ],
  [
    'rootless, strict',
    pod({
      image: 'moby/buildkit:latest-rootless',
      args: null,
      security: `runAsNonRoot: true\nrunAsUser: 1000\nrunAsGroup: 1000\n${PROFILES}`,
      container:
        'command: [buildctl-daemonless.sh, build]\nenv:\n  - {name: BUILDKITD_FLAGS, value: --oci-worker-no-process-sandbox}',
    }),
  ],
];

test.each(GUIDES)('what guides show becomes what works: %s', async (_name, text) => {
  const done = await mended(text, true);
  expect(done.left).toEqual([]);
  const kept = differences(text, done.text).filter((line) => line.startsWith('-'));
  expect(kept).toEqual(['-image: moby/buildkit:latest-rootless']);
});
