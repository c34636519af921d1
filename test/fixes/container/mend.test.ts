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
    services: {b: {image: 'moby/buildkit:rootless'}}
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
