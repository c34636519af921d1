import { parseImage } from '../buildkit/image.ts';
import { withoutSlashes } from '../text/slashes.ts';
import type { Container, Engine, Mount, Pod, Probe, Profile, Security, Variable, Volume } from './container.ts';
import { placeOf } from './pods.ts';
import { type At, type Cursor, type Place, rootOf } from './tree.ts';

/** What Docker, Podman and nerdctl take, under the names of their options, from whatever file: a command, compose, a quadlet. */
export interface Option extends At<string> {
  readonly name: string;
}

export interface Described {
  readonly engine: Engine;
  readonly at: Place;
  readonly name: string | null;
  readonly image: At<string> | null;
  readonly options: readonly Option[];
  readonly entrypoint: readonly At<string>[] | null;
  readonly args: readonly At<string>[] | null;
  readonly script?: At<string> | null;
  readonly openEnv?: boolean;
  readonly probes?: readonly Probe[];
  readonly yaml?: Cursor;
  readonly optionsAt?: Cursor;
}

/** A pod for containers that are none: each stands alone, or beside the others of its file. */
export function looseGroup(engine: Engine, at: Place, usedForBuilds: boolean): Pod {
  const empty: Cursor = rootOf({ kind: 'fields', entries: [], span: at.span });
  return {
    ...placeOf(at),
    engine,
    partial: false,
    patches: null,
    object: null,
    spec: { ...empty, path: at.path },
    metadata: null,
    shared: null,
    hostUsers: null,
    fsGroup: null,
    runtimeClass: null,
    replicas: null,
    volumes: [],
    containers: [],
    usedForBuilds,
  };
}

export function containerOf(described: Described, pod: Pod): Container {
  const { engine, at, name, image, options, entrypoint, args } = described;
  const all = (wanted: string): readonly Option[] => options.filter((option) => option.name === wanted);
  return {
    ...placeOf(at),
    engine,
    name,
    image: image === null ? null : { ...placeOf(image), value: parseImage(image.value) },
    entrypoint,
    args,
    script: described.script ?? null,
    env: all('env').map(variable),
    openEnv: described.openEnv ?? all('env-file').length > 0,
    security: security(at, options),
    mounts: [
      ...all('volume').flatMap(volumeMount),
      ...all('mount').flatMap(longMount),
      ...all('tmpfs').map(tmpfsMount),
    ],
    devices: all('device').map((option) => ({ ...placeOf(option), value: option.value.split(':')[0] ?? '' })),
    probes: described.probes ?? [],
    ports: [...all('publish'), ...all('expose')].map((option) => ({
      ...placeOf(option),
      value: lastPort(option.value),
    })),
    runsBefore: false,
    pod,
    yaml: described.yaml ?? null,
    ...(described.optionsAt === undefined ? {} : { optionsAt: described.optionsAt }),
  };
}

const lastPort = (text: string): string => (text.split(':').at(-1) ?? '').split('/')[0] ?? '';

function variable(option: Option): Variable {
  const equals = option.value.indexOf('=');
  return equals < 0
    ? { ...placeOf(option), name: option.value, value: null }
    : { ...placeOf(option), name: option.value.slice(0, equals), value: option.value.slice(equals + 1) };
}

const isOn = ({ value }: At<string>): boolean => !/^(?:false|no|0|off)$/i.test(value);

function switchOf(options: readonly Option[], name: string): At<boolean> | null {
  const found = options.findLast((option) => option.name === name);
  return found === undefined ? null : { ...placeOf(found), value: isOn(found) };
}

/** `seccomp=unconfined`, `label:disable`: Docker and Podman take both signs. */
function securityOptions(
  options: readonly Option[],
): readonly (Place & { readonly key: string; readonly value: string })[] {
  return options
    .filter(({ name }) => name === 'security-opt')
    .map((option) => {
      const [, key = option.value, value = ''] = /^([\w-]+)[=:]([\s\S]*)$/.exec(option.value) ?? [];
      return { ...placeOf(option), key, value };
    });
}

const profile = (value: string): Profile =>
  value === 'unconfined' ? 'unconfined' : /^(?:builtin|default|docker-default)$/.test(value) ? 'default' : 'custom';

function security(at: Place, options: readonly Option[]): Security {
  const given = securityOptions(options);
  const last = (key: string): (Place & { readonly value: string }) | undefined =>
    given.findLast((one) => one.key === key);
  const profiled = (key: string): At<Profile> | null => {
    const found = last(key);
    return found === undefined ? null : { ...placeOf(found), value: profile(found.value) };
  };
  const noNewPrivileges = last('no-new-privileges');
  const unmask = last('systempaths') ?? last('unmask');
  const capabilities = (name: string): readonly At<string>[] =>
    options
      .filter((option) => option.name === name)
      .flatMap((option) => option.value.split(/[\s,]+/).map((value) => ({ ...placeOf(option), value })));
  const user = options.findLast(({ name }) => name === 'user');
  const [uid = null, gid = null] = user?.value.split(':') ?? [];
  const userns = options.findLast(({ name }) => name === 'userns');
  const group = gid === null || user === undefined ? null : { ...placeOf(user), value: gid };
  const named = options.findLast(({ name }) => name === 'group');
  return {
    at: given[0] === undefined ? null : placeOf(at),
    privileged: switchOf(options, 'privileged'),
    escalation:
      noNewPrivileges === undefined
        ? null
        : { ...placeOf(noNewPrivileges), value: /^(?:false|0)$/.test(noNewPrivileges.value) },
    add: capabilities('cap-add'),
    drop: capabilities('cap-drop'),
    seccomp: profiled('seccomp'),
    apparmor: profiled('apparmor'),
    unmasked:
      unmask === undefined
        ? null
        : { ...placeOf(unmask), value: /^(?:unconfined|all)$/i.test(unmask.value) || /\/proc\/\*/.test(unmask.value) },
    user: uid === null || user === undefined ? null : { ...placeOf(user), value: uid },
    group: named === undefined ? group : placed(named),
    nonRoot: null,
    readOnly: switchOf(options, 'read-only'),
    userns: userns === undefined ? null : placed(userns),
  };
}

const placed = (option: Option): At<string> => ({ ...placeOf(option), value: option.value });

/** `source:target:options`, or a target alone. */
function volumeMount(option: Option): readonly Mount[] {
  const parts = option.value.split(':');
  const [source, target, flags = ''] = parts.length === 1 ? [null, parts[0] ?? '', ''] : parts;
  if (target === undefined || !target.startsWith('/')) return [];
  const options = flags.split(',').filter((flag) => flag !== '');
  return [mounted(option, source ?? null, target, options)];
}

function mounted(option: Place, source: string | null, target: string, options: readonly string[]): Mount {
  const isPath = source !== null && /^(?:[./~]|\$\{?(?:PWD|HOME)|\$\(|%h|%t)/.test(source);
  const volume: Volume = {
    ...placeOf(option),
    kind: isPath ? 'bind' : 'named',
    name: source ?? '',
    source,
    fieldAt: null,
  };
  return { ...placeOf(option), target: withoutSlashes(target), volume, readOnly: options.includes('ro'), options };
}

/** `type=bind,source=…,target=…,ro`. */
function longMount(option: Option): readonly Mount[] {
  const pairs = new Map(
    option.value
      .split(',')
      .map((part): [string, string] => [part.split('=')[0] ?? '', part.slice(part.indexOf('=') + 1)]),
  );
  const get = (...names: readonly string[]): string | undefined =>
    names.map((name) => pairs.get(name)).find((value) => value !== undefined);
  const target = get('target', 'dst', 'destination');
  if (target === undefined) return [];
  const type = get('type') ?? 'volume';
  if (type === 'tmpfs')
    return [
      tmpfs(
        option,
        target,
        [...pairs].map(([key, value]) => `${key.replace('tmpfs-', '')}=${value}`),
      ),
    ];
  const source = get('source', 'src') ?? null;
  const flags = pairs.has('readonly') || pairs.has('ro') ? ['ro'] : [];
  const [mount] = [mounted(option, source, target, flags)];
  if (mount.volume === null) return [mount];
  return [{ ...mount, volume: { ...mount.volume, kind: type === 'bind' ? 'bind' : 'named' } }];
}

function tmpfsMount(option: Option): Mount {
  const [target = '', flags = ''] = option.value.split(':');
  return tmpfs(option, target, flags.split(','));
}

function tmpfs(option: Place, target: string, options: readonly string[]): Mount {
  const volume: Volume = { ...placeOf(option), kind: 'tmpfs', name: '', source: null, fieldAt: null };
  return { ...placeOf(option), target: withoutSlashes(target), volume, readOnly: false, options };
}
