import { wordsOf } from '../engines.ts';
import type { Remedy } from './remedy.ts';

const ROOTLESS = [
  'Take the rootless image for an ordinary account, and the other one for root in a privileged container.',
];

/** What is found in files that describe where BuildKit runs. */
export const FILE_REMEDIES = {
  'document.syntax': {
    why: 'No program takes any of a file whose syntax is broken.',
    steps: { host: ['Correct the syntax at the place that is named.'] },
  },
  'k8s.api-rejected': {
    why: 'kubectl refuses a field that does not exist and a value of the wrong type; other clients silently drop the field.',
    steps: { host: ['Write what the API takes.', '$ kubectl apply --dry-run=server --validate=strict -f FILE'] },
  },
  'k8s.field-ignored': {
    why: 'What it is to say is not said: the pod runs with the default instead.',
    steps: { host: [`Use the field that has taken its place: ${wordsOf('kubernetes', 'unfiltered-calls')}.`] },
  },
  'k8s.annotation-deprecated': {
    why: 'It still works, and will not for ever.',
    steps: { host: [`Set ${wordsOf('kubernetes', 'no-apparmor')}.`] },
  },
  'seccomp.unset': {
    why: 'Where the kubelet has seccompDefault the default profile is used, and that forbids the namespaces that BuildKit makes.',
    steps: { host: [`Set for the container ${wordsOf('kubernetes', 'unfiltered-calls')}.`] },
    tell: ['$ kubectl get --raw /api/v1/nodes/NODE/proxy/configz'],
  },
  'apparmor.unset': {
    why: "On nodes with AppArmor the runtime's own profile is used, and that denies mount.",
    steps: { host: [`Set for the container ${wordsOf('kubernetes', 'no-apparmor')}.`] },
    tell: ['$ cat /sys/module/apparmor/parameters/enabled'],
  },
  'idmap.bounding-set': {
    why: 'newuidmap and newgidmap need these two capabilities, whether they have them by a setuid bit or by the file.',
    steps: {
      host: ['Add SETUID and SETGID beside what is dropped.'],
      docker: [
        `$ docker run --cap-drop ALL ${wordsOf('docker', ['capability', 'SETUID'], ['capability', 'SETGID'])} …`,
      ],
      kubernetes: ['Set capabilities: {drop: [ALL], add: [SETUID, SETGID]}.'],
    },
  },
  'image.tag-missing': {
    why: 'The image cannot be pulled.',
    steps: { host: ['Write moby/buildkit:vX.Y.Z or vX.Y.Z-rootless; latest and rootless are the newest release.'] },
  },
  'image.tag-floating': {
    why: 'Two pods of one file may run different releases.',
    steps: { host: ['Name a release, or a digest.'] },
  },
  'image.mode-mismatch': {
    why: 'The rootless image starts rootlesskit as uid 1000, the other one buildkitd as root.',
    steps: { host: ROOTLESS },
  },
  'args.unknown-flag': {
    why: 'buildkitd ends at once with "flag provided but not defined".',
    steps: {
      host: ['Correct the flag, or leave it out; each flag and each value is a word of its own.', '$ buildkitd --help'],
    },
  },
  'args.entrypoint-lost': {
    why: "The image's entrypoint makes the namespaces of rootless mode; what takes its place has to do that too.",
    steps: { host: ['Leave the command out, and give the flags as arguments.'] },
  },
  'args.flags-ignored': {
    why: 'Only buildctl-daemonless.sh reads BUILDKITD_FLAGS; buildkitd does not.',
    steps: { host: ['Give the flags to buildkitd as arguments.'] },
  },
  'shell.continuation-lost': {
    why: 'The command runs without these options, and the line after it is a command that does not exist.',
    steps: { host: ['End the line before with a backslash, and nothing behind it.'] },
  },
  'probe.address': {
    why: 'A probe that never succeeds keeps a pod from being ready, or restarts it again and again.',
    steps: { host: ['Name an address that buildkitd serves in the probe: buildctl --addr ADDRESS debug workers.'] },
  },
  'service.selector': {
    why: 'A Service without pods refuses every connection.',
    steps: { host: ['Write the labels of the pods into the selector.'] },
    tell: ['$ kubectl get endpointslices'],
  },
  'service.port-mismatch': {
    why: 'Connections to the Service are refused by the pod.',
    steps: { host: ['Write the port on which buildkitd listens.'] },
  },
  'storage.state-elsewhere': {
    why: 'The volume stays empty, and the cache goes with the container.',
    steps: {
      host: ['Mount it on /var/lib/buildkit, in the rootless image on /home/user/.local/share/buildkit.'],
    },
  },
  'storage.memory-backed': {
    why: 'The cache counts as memory of the container, which is killed when that is used up.',
    steps: { host: ['Use a volume on a disk.'] },
  },
} as const satisfies { readonly [condition: string]: Remedy };
