import { environment } from './compose.ts';
import { type Gathered, textInPlace } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { placeOf, readPod } from './pods.ts';
import { tomlTree } from './toml.ts';
import {
  type Cursor,
  type Entry,
  exists,
  field,
  fields,
  has,
  items,
  type Place,
  rootOf,
  textAt,
  textOf,
  textsAt,
  type Value,
} from './tree.ts';

/** Reads YAML that stands in another text. */
type ReadInner = (text: string, base: number, path: string) => void;

/** The containers that a runner of GitLab makes for each job, by its config.toml. */
export function gatherRunner(
  into: Gathered,
  text: string,
  base: number,
  inner: ReadInner,
): { readonly message: string; readonly at: number } | null {
  const { root, error } = tomlTree(text, base);
  for (const runner of items(field(rootOf(root), 'runners'))) {
    const docker = field(runner, 'docker');
    const kubernetes = field(runner, 'kubernetes');
    if (exists(docker)) dockerExecutor(into, runner, docker);
    if (exists(kubernetes)) kubernetesExecutor(into, runner, kubernetes, inner);
  }
  return error;
}

/** Keys of [runners.docker] that say what an option of docker run says. */
const OPTIONS: { readonly [key: string]: string } = {
  privileged: 'privileged',
  cap_add: 'cap-add',
  cap_drop: 'cap-drop',
  security_opt: 'security-opt',
  devices: 'device',
  userns_mode: 'userns',
  user: 'user',
  volumes: 'volume',
};

function dockerExecutor(into: Gathered, runner: Cursor, docker: Cursor): void {
  const pod = looseGroup('docker', docker, true);
  const options: readonly Option[] = Object.entries(OPTIONS).flatMap(([key, name]) =>
    textsAt(field(docker, key)).map((value) => ({ ...value, name })),
  );
  const tmpfs = (key: string): readonly Option[] =>
    fields(field(docker, key)).map((entry) => ({
      ...placeOf(entry),
      name: 'tmpfs',
      value: `${entry.key}:${textOf(entry) ?? ''}`,
    }));
  const image = textAt(field(docker, 'image'));
  pod.containers.push(
    containerOf(
      {
        engine: 'docker',
        at: placeOf(image ?? docker),
        name: null,
        image,
        options: [...options, ...tmpfs('tmpfs'), ...environment(field(runner, 'environment'))],
        // The runner hands its script to a shell in place of the image's command.
        entrypoint: [{ ...(image ?? placeOf(docker)), value: 'sh' }],
        args: null,
        openEnv: true,
        optionsAt: docker,
      },
      pod,
    ),
  );
  for (const service of items(field(docker, 'services'))) {
    const name = textAt(service) ?? textAt(field(service, 'name'));
    const given = has(docker, 'services_security_opt') ? textsAt(field(docker, 'services_security_opt')) : null;
    const privileged = has(docker, 'services_privileged')
      ? field(docker, 'services_privileged')
      : field(docker, 'privileged');
    pod.containers.push(
      containerOf(
        {
          engine: 'docker',
          at: placeOf(service.node?.kind === 'fields' ? (name ?? service) : service),
          name: textOf(field(service, 'alias')),
          image: name,
          options: [
            ...options
              .filter((option) => !['privileged', 'volume'].includes(option.name))
              .filter((option) => given === null || option.name !== 'security-opt'),
            ...(given ?? []).map((value) => ({ ...value, name: 'security-opt' })),
            ...textsAt(privileged).map((value) => ({ ...value, name: 'privileged' })),
            ...environment(field(service, 'environment')),
          ],
          entrypoint: wordsOr(field(service, 'entrypoint')),
          args: wordsOr(field(service, 'command')),
          optionsAt: docker,
        },
        pod,
      ),
    );
  }
  into.pods.push(pod);
}

const wordsOr = (at: Cursor) => (exists(at) && textsAt(at).length > 0 ? textsAt(at) : null);

type Pair = readonly [key: string, value: Value | null];

/** A map out of parts that are written elsewhere. */
function mapOf(place: Place, pairs: readonly Pair[]): Value {
  const entries = pairs.flatMap(([key, value]): readonly Entry[] =>
    value === null ? [] : [{ key, keySpan: value.span, value, span: value.span }],
  );
  return { kind: 'fields', entries, span: place.span };
}

/** The runner's names of the fields of a securityContext. */
const SECURITY: readonly (readonly [ours: string, api: string])[] = [
  ['run_as_user', 'runAsUser'],
  ['run_as_group', 'runAsGroup'],
  ['run_as_non_root', 'runAsNonRoot'],
  ['fs_group', 'fsGroup'],
  ['privileged', 'privileged'],
  ['allow_privilege_escalation', 'allowPrivilegeEscalation'],
  ['read_only_root_filesystem', 'readOnlyRootFilesystem'],
  ['proc_mount', 'procMount'],
];

const securityOf = (at: Cursor, otherwise: readonly Pair[]): Value => {
  const own = SECURITY.map(([ours, api]): Pair => [api, field(at, ours).node]);
  const capabilities = field(at, 'capabilities').node;
  const given: readonly Pair[] = [...own, ['capabilities', capabilities]];
  const named = new Set(given.filter(([, value]) => value !== null).map(([key]) => key));
  return mapOf(at, [...otherwise.filter(([key]) => !named.has(key)), ...given]);
};

function kubernetesExecutor(into: Gathered, runner: Cursor, at: Cursor, inner: ReadInner): void {
  const capabilities = mapOf(at, [
    ['add', field(at, 'cap_add').node],
    ['drop', field(at, 'cap_drop').node],
  ]);
  const shared: readonly Pair[] = [
    ['privileged', field(at, 'privileged').node],
    ['allowPrivilegeEscalation', field(at, 'allow_privilege_escalation').node],
    ['capabilities', capabilities],
  ];
  const context = (name: string): Value => securityOf(field(at, `${name}_container_security_context`), shared);
  const volumes = [...volumesOf(field(at, 'volumes'))];
  const mounts = listOf(
    at,
    volumes.map(({ mount }) => mount),
  );
  const image = field(at, 'image').node;
  const word = (text: string): Value => ({ kind: 'scalar', value: text, text, plain: true, span: (image ?? at).span });
  const build = mapOf({ path: at.path, span: (image ?? at).span }, [
    ['name', word('build')],
    ['image', image],
    ['command', listOf(at, [word('sh')])],
    ['env', listOf(at, variablesOf(runner))],
    ['envFrom', listOf(at, [])],
    ['securityContext', context('build')],
    ['volumeMounts', mounts],
  ]);
  const services = items(field(at, 'services')).map((service, index) =>
    mapOf({ path: service.path, span: field(service, 'name').span }, [
      ['name', word(`svc-${index}`)],
      ['image', field(service, 'name').node],
      ['command', field(service, 'entrypoint').node],
      ['args', field(service, 'command').node],
      ['securityContext', context('service')],
      ['volumeMounts', mounts],
    ]),
  );
  const spec = mapOf(at, [
    ['containers', listOf(at, [build, ...services])],
    [
      'volumes',
      listOf(
        at,
        volumes.map(({ volume }) => volume),
      ),
    ],
    [
      'securityContext',
      exists(field(at, 'pod_security_context')) ? securityOf(field(at, 'pod_security_context'), []) : null,
    ],
    ['runtimeClassName', field(at, 'runtime_class_name').node],
  ]);
  const metadata = mapOf(at, [['annotations', field(at, 'pod_annotations').node]]);
  into.pods.push(
    readPod(
      { ...rootOf(spec), path: at.path },
      {
        object: null,
        metadata: { ...rootOf(metadata), path: at.path },
        replicas: null,
        ownClaims: new Set(),
        usedForBuilds: true,
      },
    ),
  );
  for (const patch of items(field(at, 'pod_spec'))) readPatch(into, field(patch, 'patch'), inner);
}

/** `[[runners.kubernetes.pod_spec]]` patches what the runner makes. */
function readPatch(into: Gathered, at: Cursor, inner: ReadInner): void {
  if (at.node?.kind !== 'scalar') return;
  const { text, base } = textInPlace(at.node, into.text);
  inner(text, base, at.path);
}

const listOf = ({ span }: Place, list: readonly Value[]): Value => ({ kind: 'list', items: list, span });

function variablesOf(runner: Cursor): readonly Value[] {
  return textsAt(field(runner, 'environment')).map((variable) => {
    const [name = ''] = variable.value.split('=');
    const text = (value: string): Value => ({ kind: 'scalar', value, text: value, plain: false, span: variable.span });
    return mapOf(variable, [
      ['name', text(name)],
      ['value', text(variable.value.slice(name.length + 1))],
    ]);
  });
}

const VOLUMES: readonly (readonly [ours: string, api: string, source: readonly (readonly [string, string])[]])[] = [
  ['empty_dir', 'emptyDir', [['medium', 'medium']]],
  ['host_path', 'hostPath', [['host_path', 'path']]],
  ['pvc', 'persistentVolumeClaim', [['name', 'claimName']]],
  ['config_map', 'configMap', [['name', 'name']]],
  ['secret', 'secret', [['name', 'secretName']]],
];

function* volumesOf(at: Cursor): Generator<{ readonly volume: Value; readonly mount: Value }> {
  for (const [ours, api, source] of VOLUMES)
    for (const one of items(field(at, ours))) {
      const name = field(one, 'name').node;
      yield {
        volume: mapOf(one, [
          ['name', name],
          [
            api,
            mapOf(
              one,
              source.map(([key, to]): Pair => [to, field(one, key).node]),
            ),
          ],
        ]),
        mount: mapOf(one, [
          ['name', name],
          ['mountPath', field(one, 'mount_path').node],
          ['readOnly', field(one, 'read_only').node],
        ]),
      };
    }
}
