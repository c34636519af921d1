import { describe } from 'vitest';
import { PROFILES, pod, testFiles, type Wanted } from './manifests.ts';

const AT = 'spec.containers[0].securityContext';
const rejected = (path?: string): Wanted =>
  path === undefined ? ['k8s.api-rejected', 'error'] : ['k8s.api-rejected', 'error', path];
const deployment = (spec: string, labels = '{app: b}', head = 'apps/v1'): string =>
  `apiVersion: ${head}\nkind: Deployment\nmetadata: {name: b}\nspec:\n${spec}  template:\n    metadata: {labels: ${labels}}\n    spec:\n      containers: [{name: b, image: "moby/buildkit:v0.32.2", securityContext: {privileged: true}}]\n`;

describe('values', () => {
  testFiles([
    {
      name: 'a type in small letters',
      text: pod({ security: PROFILES.replace('{type: Unconfined}', '{type: unconfined}') }),
      finds: [rejected(`${AT}.seccompProfile.type`)],
    },
    {
      name: 'a profile that is a text',
      text: pod({ security: 'seccompProfile: Unconfined\nappArmorProfile: {type: Unconfined}' }),
      finds: [rejected(`${AT}.seccompProfile`)],
    },
    {
      name: 'a uid in quotes',
      text: pod({ security: `${PROFILES}\nrunAsUser: "1000"` }),
      finds: [rejected(`${AT}.runAsUser`)],
    },
    {
      name: 'a switch in quotes',
      text: pod({ args: null, security: 'privileged: "true"' }),
      finds: [rejected(`${AT}.privileged`)],
    },
    { name: 'a switch that is spelt yes', text: pod({ args: null, security: 'privileged: yes' }), finds: [] },
    {
      name: 'arguments as a text',
      text: pod({ args: '"--oci-worker-no-process-sandbox"' }),
      finds: [rejected('spec.containers[0].args')],
    },
    {
      name: 'capabilities as a text',
      text: pod({ security: `${PROFILES}\ncapabilities: {drop: NET_RAW}` }),
      finds: [rejected(`${AT}.capabilities.drop`)],
    },
    {
      name: 'a number for a variable',
      text: pod({ container: 'env: [{name: A, value: 1}]' }),
      finds: [rejected('spec.containers[0].env[0].value')],
    },
    {
      name: 'an emptyDir that is null',
      text: pod({ mounts: '- {name: v, mountPath: /v}', volumes: '- name: v\n  emptyDir:' }),
      finds: [],
    },
    {
      name: 'privileged and no escalation',
      text: pod({ args: null, security: 'privileged: true\nallowPrivilegeEscalation: false' }),
      finds: [rejected(`${AT}.allowPrivilegeEscalation`)],
    },
    {
      name: 'procMount without hostUsers',
      text: pod({ security: `${PROFILES}\nprocMount: Unmasked` }),
      finds: [rejected(`${AT}.procMount`)],
    },
    {
      name: 'hostUsers and hostNetwork',
      text: pod({
        image: 'moby/buildkit:v0.32.2',
        args: null,
        spec: 'hostUsers: false\nhostNetwork: true',
        security: 'privileged: true',
      }),
      finds: [rejected('spec.hostNetwork')],
    },
    {
      name: 'a mount without its volume',
      text: pod({ mounts: '- {name: v, mountPath: /v}' }),
      finds: [rejected('spec.containers[0].volumeMounts[0].name')],
    },
  ]);
});

describe('fields', () => {
  testFiles([
    {
      name: "privileged of the pod is the container's",
      text: pod({ args: null, security: null, spec: 'securityContext: {privileged: true}' }),
      finds: [rejected('spec.securityContext.privileged')],
    },
    {
      name: "fsGroup of the container is the pod's",
      text: pod({ security: `${PROFILES}\nfsGroup: 1000` }),
      finds: [rejected(`${AT}.fsGroup`)],
    },
    {
      name: 'a field that is misspelt',
      text: pod({ security: `${PROFILES}\nrunAsUsr: 1000` }),
      finds: [rejected(`${AT}.runAsUsr`)],
    },
    {
      name: 'a profile of the container beside its image',
      text: pod({ security: 'appArmorProfile: {type: Unconfined}', container: 'seccompProfile: {type: Unconfined}' }),
      finds: [rejected('spec.containers[0].seccompProfile')],
    },
  ]);
});

describe('objects', () => {
  testFiles([
    { name: 'a selector that fits', text: deployment('  selector: {matchLabels: {app: b}}\n'), finds: [] },
    { name: 'no selector', text: deployment(''), finds: [rejected('spec.selector')] },
    {
      name: 'a selector that does not fit',
      text: deployment('  selector: {matchLabels: {app: c}}\n'),
      finds: [rejected('spec.template.metadata.labels')],
    },
    {
      name: 'a version of old',
      text: deployment('  selector: {matchLabels: {app: b}}\n', '{app: b}', 'extensions/v1beta1'),
      finds: [rejected('apiVersion')],
    },
    {
      name: 'a job that restarts always',
      text: 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: b}\nspec:\n  template:\n    spec:\n      containers: [{name: b, image: "moby/buildkit:v0.32.2", command: [buildctl-daemonless.sh], securityContext: {privileged: true}}]\n',
      finds: [rejected()],
    },
    {
      name: 'tabs',
      file: 'a.yaml',
      text: 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: buildkitd\n',
      finds: [['document.syntax', 'error']],
    },
  ]);
});

describe('annotations', () => {
  const seccomp = 'container.seccomp.security.alpha.kubernetes.io/buildkitd: unconfined';
  const apparmor = 'container.apparmor.security.beta.kubernetes.io/';
  testFiles([
    {
      name: 'one that does nothing',
      text: pod({ annotations: seccomp }),
      finds: [
        [
          'k8s.field-ignored',
          'warning',
          'metadata.annotations["container.seccomp.security.alpha.kubernetes.io/buildkitd"]',
        ],
      ],
    },
    {
      name: 'for a container that is not there',
      text: pod({ annotations: `${apparmor}build: unconfined` }),
      finds: [rejected()],
    },
    {
      name: 'with a value that does not exist',
      text: pod({ annotations: `${apparmor}buildkitd: Unconfined` }),
      finds: [rejected()],
    },
  ]);
});
