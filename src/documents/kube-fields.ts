/** What each field of the API takes. */
export type FieldType = 'text' | 'number' | 'switch' | 'texts' | 'list' | 'map' | 'any';
export type Fields = { readonly [name: string]: FieldType };

const typed = (type: FieldType, names: string): Fields =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));

/** core/v1 of Kubernetes 1.36. */
export const POD_SPEC: Fields = {
  ...typed(
    'text',
    'restartPolicy dnsPolicy serviceAccountName serviceAccount nodeName hostname subdomain schedulerName priorityClassName runtimeClassName preemptionPolicy hostnameOverride',
  ),
  ...typed('number', 'terminationGracePeriodSeconds activeDeadlineSeconds priority'),
  ...typed(
    'switch',
    'automountServiceAccountToken hostNetwork hostPID hostIPC shareProcessNamespace enableServiceLinks setHostnameAsFQDN hostUsers',
  ),
  ...typed(
    'list',
    'volumes initContainers containers ephemeralContainers imagePullSecrets tolerations hostAliases readinessGates topologySpreadConstraints schedulingGates resourceClaims',
  ),
  ...typed('map', 'nodeSelector securityContext affinity dnsConfig overhead os resources workloadRef schedulingGroup'),
};

export const CONTAINER: Fields = {
  ...typed(
    'text',
    'name image workingDir terminationMessagePath terminationMessagePolicy imagePullPolicy restartPolicy',
  ),
  ...typed('texts', 'command args'),
  ...typed('switch', 'stdin stdinOnce tty'),
  ...typed('list', 'ports envFrom env volumeMounts volumeDevices resizePolicy restartPolicyRules'),
  ...typed('map', 'resources livenessProbe readinessProbe startupProbe lifecycle securityContext'),
};

export const POD_SECURITY: Fields = {
  ...typed('number', 'runAsUser runAsGroup fsGroup'),
  ...typed('switch', 'runAsNonRoot'),
  ...typed('text', 'fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy'),
  ...typed('list', 'supplementalGroups sysctls'),
  ...typed('map', 'seLinuxOptions windowsOptions seccompProfile appArmorProfile'),
};

export const CONTAINER_SECURITY: Fields = {
  ...typed('number', 'runAsUser runAsGroup'),
  ...typed('switch', 'privileged runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation'),
  ...typed('text', 'procMount'),
  ...typed('map', 'capabilities seLinuxOptions windowsOptions seccompProfile appArmorProfile'),
};

/** Kinds whose pod templates a controller makes pods of, and the group and version that the API serves. */
export const WORKLOADS: { readonly [kind: string]: string } = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  Pod: 'v1',
};
