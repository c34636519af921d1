import { parseImage } from '../buildkit/image.ts';
import { withoutSlashes } from '../text/slashes.ts';
import type { Container, KubeObject, Mount, Pod, Probe, Profile, Security, Variable, Volume } from './container.ts';
import {
  type At,
  type Cursor,
  exists,
  field,
  fieldAt,
  fields,
  has,
  isMap,
  items,
  numberAt,
  type Place,
  switchAt,
  textAt,
  textOf,
  textsAt,
} from './tree.ts';

/** What stands around a pod in its file. */
export interface Around {
  readonly object: KubeObject | null;
  readonly metadata: Cursor | null;
  readonly replicas: At<number> | null;
  /** Claims that each replica gets of its own (StatefulSet). */
  readonly ownClaims: ReadonlySet<string>;
  readonly usedForBuilds: boolean;
  /** The only container, where it does not stand in a list; what it does not say may stand elsewhere. */
  readonly only?: Cursor;
  /** What runs in containers that name no command (a step of Buildkite). */
  readonly script?: At<string>;
  /** What the pods of tasks have unless a container says otherwise (podTemplate of Tekton's runs). */
  readonly template?: Cursor;
  /** What a patch is for, where it says so. */
  readonly patches?: string;
}

export const placeOf = ({ path, span }: Place): Place => ({ path, span });

/** Which fields of a pod hold containers. */
const LISTS = [
  'initContainers',
  'containers',
  'steps',
  'buildSteps',
  'sidecars',
  'sidecarContainers',
  'ephemeralContainers',
];
const SINGLE = ['container', 'script'];

/** A pod from its spec: of Kubernetes itself, or of what makes pods (Tekton's tasks, Argo's templates, Shipwright's strategies). */
export function readPod(spec: Cursor, around: Around): Pod {
  const lists = LISTS.flatMap((name) => items(field(spec, name)).map((cursor) => ({ name, cursor })));
  const single = SINGLE.map((name) => ({ name, cursor: field(spec, name) })).filter(({ cursor }) => isMap(cursor));
  const all = around.only === undefined ? [...lists, ...single] : [{ name: 'containers', cursor: around.only }];
  const volumes = items(field(spec, 'volumes')).map((cursor) => readVolume(cursor, around.ownClaims));
  const claims = items(fieldAt(around.object?.cursor ?? spec, 'spec', 'volumeClaimTemplates')).flatMap((cursor) => {
    const name = textOf(fieldAt(cursor, 'metadata', 'name'));
    return name === null
      ? []
      : [{ ...placeOf(cursor), kind: 'own-claim' as const, name, source: name, fieldAt: cursor }];
  });
  const given = [field(spec, 'securityContext'), field(around.template ?? spec, 'securityContext')];
  const pod: Pod = {
    ...placeOf(spec),
    engine: 'kubernetes',
    partial:
      around.only !== undefined || around.patches !== undefined || all.every(({ cursor }) => !has(cursor, 'image')),
    patches: around.patches ?? null,
    object: around.object,
    spec,
    // A template of Argo has metadata of its own.
    metadata: isMap(field(spec, 'metadata')) ? field(spec, 'metadata') : around.metadata,
    shared: given.find(isMap) ?? null,
    hostUsers: switchAt(either(spec, around.template, 'hostUsers')),
    fsGroup: textAt(field(given.find(isMap) ?? spec, 'fsGroup')),
    runtimeClass: textAt(either(spec, around.template, 'runtimeClassName')),
    replicas: around.replicas,
    volumes: [...volumes, ...claims],
    containers: [],
    usedForBuilds: around.usedForBuilds,
  };
  // Tekton: what every step has unless it says otherwise.
  const template = field(spec, 'stepTemplate');
  for (const { name, cursor } of all)
    pod.containers.push(
      readContainer(cursor, pod, {
        template,
        list: name,
        runsBefore: name === 'initContainers',
        step: around.script ?? null,
      }),
    );
  return pod;
}

/** How the container is called in the pod that is made: Argo's only one is main, Tekton and Shipwright add what it is. */
function nameIn(list: string, name: string | null): string | null {
  if (SINGLE.includes(list)) return name ?? 'main';
  if (name === null) return null;
  return list === 'steps' || list === 'buildSteps' ? `step-${name}` : list === 'sidecars' ? `sidecar-${name}` : name;
}

const either = (at: Cursor, otherwise: Cursor | undefined, key: string): Cursor =>
  field(has(at, key) || otherwise === undefined ? at : otherwise, key);

function readContainer(
  cursor: Cursor,
  pod: Pod,
  {
    template,
    list,
    runsBefore,
    step,
  }: { template: Cursor; list: string; runsBefore: boolean; step: At<string> | null },
): Container {
  const own = (key: string): Cursor => (has(cursor, key) ? field(cursor, key) : field(template, key));
  const name = nameIn(list, textOf(field(cursor, 'name')));
  const image = textAt(own('image'));
  const alone = !exists(own('command')) && !has(cursor, 'args');
  const script =
    textAt(field(cursor, 'script')) ?? textAt(field(cursor, 'source')) ?? (alone && !runsBefore ? step : null);
  return {
    ...placeOf(cursor),
    engine: 'kubernetes',
    name,
    image: image === null ? null : { ...image, value: parseImage(image.value) },
    entrypoint: exists(own('command')) ? textsAt(own('command')) : null,
    args: has(cursor, 'args') ? textsAt(field(cursor, 'args')) : null,
    script,
    env: [...variablesOf(field(template, 'env')), ...variablesOf(field(cursor, 'env'))],
    openEnv: has(cursor, 'envFrom'),
    security: securityOf(own('securityContext'), cursor, pod, name),
    mounts: [...items(field(template, 'volumeMounts')), ...items(field(cursor, 'volumeMounts'))].flatMap((mount) =>
      mountOf(mount, pod),
    ),
    devices: devicesOf(fieldAt(cursor, 'resources', 'limits')),
    probes: (['readiness', 'liveness', 'startup'] as const).flatMap((kind) =>
      probeOf(field(cursor, `${kind}Probe`), kind),
    ),
    ports: items(field(cursor, 'ports')).flatMap((port) => textAt(field(port, 'containerPort')) ?? []),
    runsBefore,
    pod,
    yaml: cursor,
  };
}

/** Devices that a plugin gives: smarter-devices/fuse, github.com/fuse … */
const devicesOf = (limits: Cursor): readonly At<string>[] =>
  fields(limits)
    .filter(({ key }) => /fuse/.test(key))
    .map((cursor) => ({ ...placeOf(cursor), value: '/dev/fuse' }));

const variablesOf = (list: Cursor): readonly Variable[] =>
  items(list).flatMap((item) => {
    const name = textOf(field(item, 'name'));
    const value = field(item, 'value');
    if (name === null) return [];
    const elsewhere = has(item, 'valueFrom');
    return [{ ...placeOf(exists(value) ? value : item), name, value: elsewhere ? null : (textOf(value) ?? '') }];
  });

const PROFILES: { readonly [type: string]: Profile } = {
  unconfined: 'unconfined',
  runtimedefault: 'default',
  'runtime/default': 'default',
  'docker/default': 'default',
  localhost: 'custom',
};

/** A profile as it is meant: what the API refuses in its spelling is another finding. */
function profileAt(cursor: Cursor): At<Profile> | null {
  const type = textAt(cursor) ?? textAt(field(cursor, 'type'));
  if (type === null) return null;
  const value = PROFILES[type.value.toLowerCase()] ?? 'custom';
  return { path: type.path, span: type.span, value };
}

export const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

function annotatedProfile({ metadata }: Pod, name: string | null): At<Profile> | null {
  const annotations = metadata === null ? [] : fields(field(metadata, 'annotations'));
  const found = annotations.find(({ key }) => key === `${APPARMOR_ANNOTATION}${name}`);
  const value = found === undefined ? null : textOf(found);
  if (found === undefined || value === null) return null;
  return { ...placeOf(found), value: PROFILES[value.toLowerCase()] ?? 'custom' };
}

/** The container's own setting, else the pod's; also where it is written at the wrong one of the two. */
function securityOf(own: Cursor, beside: Cursor, pod: Pod, name: string | null): Security {
  const shared = pod.shared ?? field(pod.spec, 'securityContext');
  // What stands beside securityContext instead of in it is told of as that; meant it is all the same.
  const either = (key: string): Cursor => field([own, beside, shared].find((at) => has(at, key)) ?? pod.spec, key);
  return {
    at: exists(own) ? placeOf(own) : null,
    privileged: switchAt(either('privileged')),
    escalation: switchAt(either('allowPrivilegeEscalation')),
    add: textsAt(field(either('capabilities'), 'add')),
    drop: textsAt(field(either('capabilities'), 'drop')),
    seccomp: profileAt(either('seccompProfile')),
    apparmor: profileAt(either('appArmorProfile')) ?? annotatedProfile(pod, name),
    unmasked: unmaskedAt(either('procMount')),
    user: textAt(either('runAsUser')),
    group: textAt(either('runAsGroup')),
    nonRoot: switchAt(either('runAsNonRoot')),
    readOnly: switchAt(either('readOnlyRootFilesystem')),
    userns: null,
  };
}

function unmaskedAt(cursor: Cursor): At<boolean> | null {
  const value = textAt(cursor);
  return value === null ? null : { ...placeOf(value), value: /^unmasked$/i.test(value.value) };
}

const KINDS: readonly (readonly [string, Volume['kind'], string | null])[] = [
  ['emptyDir', 'emptyDir', null],
  ['hostPath', 'hostPath', 'path'],
  ['persistentVolumeClaim', 'claim', 'claimName'],
  ['configMap', 'config', 'name'],
  ['secret', 'secret', 'secretName'],
  ['ephemeral', 'own-claim', null],
];

function readVolume(cursor: Cursor, ownClaims: ReadonlySet<string>): Volume {
  const name = textOf(field(cursor, 'name')) ?? '';
  for (const [key, kind, source] of KINDS) {
    const found = field(cursor, key);
    if (!exists(found)) continue;
    const from = source === null ? null : textOf(field(found, source));
    return { ...placeOf(cursor), kind, name, source: from, fieldAt: found };
  }
  return { ...placeOf(cursor), kind: ownClaims.has(name) ? 'own-claim' : 'other', name, source: null, fieldAt: null };
}

function mountOf(cursor: Cursor, { volumes }: Pod): readonly Mount[] {
  const target = textAt(field(cursor, 'mountPath'));
  const name = textOf(field(cursor, 'name'));
  if (target === null) return [];
  return [
    {
      ...placeOf(target),
      target: withoutSlashes(target.value),
      volume: volumes.find((volume) => volume.name === name) ?? null,
      readOnly: switchAt(field(cursor, 'readOnly'))?.value ?? false,
      options: [],
    },
  ];
}

function probeOf(cursor: Cursor, kind: Probe['kind']): readonly Probe[] {
  if (!isMap(cursor)) return [];
  const exec = fieldAt(cursor, 'exec', 'command');
  if (exists(exec))
    return [{ ...placeOf(exec), kind, by: 'exec', words: textsAt(exec).map(({ value }) => value), port: null }];
  const by = (['tcp', 'http', 'grpc'] as const).find((name) =>
    exists(field(cursor, { tcp: 'tcpSocket', http: 'httpGet', grpc: 'grpc' }[name])),
  );
  if (by === undefined) return [];
  const action = field(cursor, { tcp: 'tcpSocket', http: 'httpGet', grpc: 'grpc' }[by]);
  return [{ ...placeOf(action), kind, by, words: [], port: textOf(field(action, 'port')) }];
}

export const replicasOf = (object: Cursor): At<number> | null =>
  numberAt(fieldAt(object, 'spec', 'replicas')) ?? numberAt(field(object, 'replicaCount'));
