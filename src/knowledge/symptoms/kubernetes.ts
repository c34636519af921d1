import type { Symptom } from './symptom.ts';

/** What the cluster says before a builder runs at all. */
export const KUBERNETES: readonly Symptom[] = [
  {
    by: 'kubelet, of hostUsers: false',
    says: ["can't set 'spec.hostusers: false', runtimeclass handler # does not support user namespaces"],
    means: ['runtime.sandbox-incompatible', 'runtime.runc-too-old'],
  },
  {
    by: 'kubelet, containerd, of hostUsers: false',
    says: [
      "can't set 'spec.hostusers: false', runtime does not support user namespaces",
      'idmap mounts not supported: ',
      "'mountextensions.idmap.enabled' in 'features' command not present or disabled",
      "missing 'mountextensions.idmap' entry in 'features' command",
    ],
    means: ['runtime.runc-too-old', 'kernel.too-old'],
  },
  {
    by: 'kubelet, kube-apiserver',
    says: [
      "'usernamespacessupport' is disabled: can't set spec.hostusers",
      "'hostusers' must be false to use 'unmasked'",
    ],
    means: ['k8s.api-rejected'],
  },
  {
    by: 'kubelet, of the ids that it gives to pods',
    says: [
      'could not find an empty slot to allocate a user namespace',
      'kubelet user assigned ids are not enough to support',
    ],
    means: ['idmap.subid-too-few'],
  },
  {
    by: 'kubelet, of the ids that it gives to pods',
    says: ['kubelet user assigned {id|ids length} # {is not a multiple of|must be greater or equal to}'],
    means: ['idmap.subid-invalid'],
  },
  {
    by: 'kubelet',
    says: [
      'container has runasnonroot and image {will run as root|has non-numeric user|has an invalid user id}',
      "container's runasuser breaks non-root policy",
    ],
    means: ['image.mode-mismatch', 'k8s.policy-forbidden'],
  },
  {
    by: 'kubelet, containerd',
    says: [
      'cannot enforce apparmor: apparmor is not enabled on the host',
      'failed to generate apparmor spec opts: apparmor is not supported',
      'apparmor profile not found #',
    ],
    means: ['apparmor.not-available', 'apparmor.profile-load-failed'],
  },
  {
    by: 'kubelet, containerd, dockerd',
    says: [
      'cannot load seccomp profile *no such file or directory',
      'opening seccomp profile (#) failed: *no such file or directory',
    ],
    means: ['seccomp.profile-missing'],
  },
  {
    by: 'kubelet',
    says: [
      'exceeded its local ephemeral storage limit',
      'usage of emptydir volume # exceeds the limit',
      'pod ephemeral local storage usage exceeds the total limit of containers',
    ],
    means: ['storage.disk-full', 'storage.quota-exceeded'],
  },
  {
    by: 'kubelet',
    says: ['the node was low on resource: inodes'],
    means: ['storage.inodes-exhausted'],
  },
  {
    by: 'kubelet',
    says: ['the node was low on resource: pids', 'the node had condition: [pidpressure'],
    means: ['limits.pids'],
  },
  {
    by: 'kubelet',
    says: ['the node had condition: [memorypressure'],
    means: ['limits.out-of-memory'],
  },
  {
    by: 'kube-scheduler, kubelet',
    says: ["node(s) didn't have free ports for the requested pod ports", 'predicate nodeports failed'],
    means: ['net.port-in-use'],
  },
  {
    by: 'containerd, of a RuntimeClass',
    says: ['failed to get sandbox runtime: no runtime for # is configured'],
    means: ['runtime.runc-missing'],
  },
  {
    by: 'containerd, of a pod in gVisor',
    says: ['cannot create sandbox: cannot read client sync file'],
    means: ['runtime.sandbox-incompatible'],
    weight: 2,
  },
  {
    by: 'kube-apiserver, admission',
    says: [
      'unable to validate against any pod security policy',
      'unable to validate against any security context constraint',
      '{violates|violate} podsecurity',
      'violates the podsecurity',
      'privileged containers are not allowed',
      'hostpath volumes are not allowed to be used',
      'gke warden rejected the request',
      'autogke-',
      'admission webhook * denied the request',
      'denied by {kyverno|gatekeeper|opa|policy|admission}',
      'is forbidden: *podsecuritypolicy',
      'providers{: forbidden|}*not usable by user or serviceaccount',
      'is forbidden: exceeded quota',
      'securitycontext.{privileged|seccompprofile|allowprivilegeescalation|procmount}*{forbidden|not allowed|invalid value}',
      'seccomp may not be set',
      'is not allowed by the pod security',
      'disallow-privileged',
      'forbidden sysctl: # not allowlisted',
      'must not set securitycontext',
      'is forbidden: pods with system-',
    ],
    unless: ['would violate'],
    means: ['k8s.policy-forbidden'],
  },
  {
    by: 'kube-apiserver, kubectl',
    says: ['would violate podsecurity'],
    means: ['k8s.policy-forbidden'],
    weight: 1,
  },
  {
    by: 'kube-apiserver, kubectl, client-go',
    says: [
      "is forbidden: user '#' cannot #",
      'cannot {create|get|list|watch|patch|update|delete} resource',
      'in api group * in the namespace',
      'the server has asked for the client to provide credentials',
      'you must be logged in to the server',
      'no configuration has been provided, try setting kubernetes_master',
      'getting credentials: exec: *executable',
      'getting credentials: decoding stdout',
      'exec plugin: invalid apiversion',
      'unable to load in-cluster configuration',
      'error loading config file*kube*',
      'unknown: unauthorized*kubernetes',
      'serviceaccount*cannot',
    ],
    means: ['k8s.rbac-denied'],
  },
];
