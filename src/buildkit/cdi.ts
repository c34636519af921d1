import { compareReleases, type Release } from './version.ts';

/**
 * What the library of the Container Device Interface in buildkitd refuses in a specification (tags.cncf.io/
 * container-device-interface, pkg/cdi and specs-go). One refused file ends the daemon.
 */

type Fields = { readonly [name: string]: unknown };

/** The newest version of a specification that releases of BuildKit take, by the library in their go.mod. */
const NEWEST_SPEC: readonly (readonly [since: Release, spec: Release])[] = [
  [
    [0, 27, 0],
    [1, 1, 0],
  ],
  [
    [0, 21, 0],
    [1, 0, 0],
  ],
  [
    [0, 20, 0],
    [0, 8, 0],
  ],
];
const SPECS = new Set(
  ['0.1.0', '0.2.0', '0.3.0', '0.4.0', '0.5.0', '0.6.0', '0.7.0', '0.8.0', '1.0.0', '1.1.0'].map((text) => text),
);
const HOOKS = new Set(['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop']);

/** What each field holds; a field that is not here is refused (strict decoding). Names of fields count in any case. */
type Kind = 'text' | 'number' | 'flag' | 'texts' | 'numbers' | 'annotations' | Schema | readonly [Schema];
interface Schema {
  readonly [field: string]: Kind;
}
const NET_DEVICE: Schema = { hostInterfaceName: 'text', name: 'text' };
const EDITS: Schema = {
  env: 'texts',
  deviceNodes: [
    {
      path: 'text',
      hostPath: 'text',
      type: 'text',
      major: 'number',
      minor: 'number',
      fileMode: 'number',
      permissions: 'text',
      uid: 'number',
      gid: 'number',
    },
  ],
  hooks: [{ hookName: 'text', path: 'text', args: 'texts', env: 'texts', timeout: 'number' }],
  mounts: [{ hostPath: 'text', containerPath: 'text', options: 'texts', type: 'text' }],
  intelRdt: {
    closID: 'text',
    l3CacheSchema: 'text',
    memBwSchema: 'text',
    enableCMT: 'flag',
    enableMBM: 'flag',
    schemata: 'texts',
    enableMonitoring: 'flag',
  },
  additionalGids: 'numbers',
  netDevices: [NET_DEVICE],
};
const SPEC: Schema = {
  cdiVersion: 'text',
  kind: 'text',
  annotations: 'annotations',
  devices: [{ name: 'text', annotations: 'annotations', containerEdits: EDITS }],
  containerEdits: EDITS,
};
/** Unknown to the library before it knew the version that brought them. */
const SINCE_1_1 = new Set(['netDevices', 'schemata', 'enableMonitoring']);
const UNTIL_1_1 = new Set(['enableCMT', 'enableMBM']);

/** Why a release refuses a specification that was read to `document`; null: it takes it. */
export function cdiComplaint(document: unknown, release: Release): string | null {
  if (document === null || document === undefined) return 'it is empty';
  const newest = NEWEST_SPEC.find(([since]) => compareReleases(release, since) >= 0)?.[1] ?? [0, 8, 0];
  const wrong = shapeComplaint(document, SPEC, '', newest);
  if (wrong !== null) return wrong;
  const spec = fieldsOf(document);
  return versionComplaint(spec, newest) ?? kindComplaint(textOf(spec.kind)) ?? contentComplaint(spec);
}

/** The names of devices that a valid specification defines, with its kind. */
export function cdiDevices(document: unknown): readonly string[] {
  const spec = fieldsOf(document);
  return listOf(spec.devices).map((device) => `${textOf(spec.kind)}=${textOf(fieldsOf(device).name)}`);
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const known = [...Object.keys(SPEC), ...Object.keys(EDITS), 'name', 'path', 'hookName', 'hostPath', 'containerPath'];
  const named = (name: string): string => known.find((own) => own.toLowerCase() === name.toLowerCase()) ?? name;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [named(name), field]));
}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
const isScalar = (value: unknown): boolean => value === null || typeof value !== 'object';
const isNumber = (value: unknown): boolean => value === null || typeof value === 'number';

/** Whether every field is known and of its kind; scalars are taken for texts, and nothing for anything. */
function shapeComplaint(value: unknown, schema: Schema, at: string, newest: Release): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || Array.isArray(value)) return `${at || 'the whole'} is no mapping`;
  const isNew = compareReleases(newest, [1, 1, 0]) >= 0;
  for (const [name, field] of Object.entries(value)) {
    const own = Object.keys(schema).find((known) => known.toLowerCase() === name.toLowerCase());
    const path = at === '' ? name : `${at}.${name}`;
    if (own === undefined || (isNew ? UNTIL_1_1 : SINCE_1_1).has(own)) return `the field ${path} is unknown`;
    const complaint = kindOfComplaint(field, schema[own] ?? 'text', path, newest);
    if (complaint !== null) return complaint;
  }
  return null;
}

function kindOfComplaint(value: unknown, kind: Kind, path: string, newest: Release): string | null {
  const listed = (fits: (one: unknown) => boolean): boolean =>
    value === null || (Array.isArray(value) && value.every(fits));
  const wrong = `the field ${path} has a value of another type`;
  switch (kind) {
    case 'text':
      return isScalar(value) ? null : wrong;
    case 'number':
      return isNumber(value) ? null : wrong;
    case 'flag':
      return value === null || typeof value === 'boolean' ? null : wrong;
    case 'texts':
      return listed(isScalar) ? null : wrong;
    case 'numbers':
      return listed(isNumber) ? null : wrong;
    case 'annotations':
      return value === null || (typeof value === 'object' && Object.values(value as object).every(isScalar))
        ? null
        : wrong;
  }
  if (!isList(kind)) return shapeComplaint(value, kind, path, newest);
  if (value !== null && !Array.isArray(value)) return `the field ${path} is no list`;
  const [element] = kind;
  for (const [index, one] of listOf(value).entries()) {
    const complaint = shapeComplaint(one, element, `${path}[${index}]`, newest);
    if (complaint !== null) return complaint;
  }
  return null;
}

const isList = (kind: Schema | readonly [Schema]): kind is readonly [Schema] => Array.isArray(kind);

function versionComplaint(spec: Fields, newest: Release): string | null {
  const text = textOf(spec.cdiVersion).replace(/^v/, '');
  const version = SPECS.has(text) ? parse(text) : null;
  if (version === null || compareReleases(version, newest) > 0)
    return `cdiVersion ${JSON.stringify(textOf(spec.cdiVersion))} is none that it knows (up to ${newest.join('.')})`;
  const least = requiredVersion(spec);
  return compareReleases(version, least) < 0
    ? `what it uses needs cdiVersion ${least.join('.')} or later, and it has ${text}`
    : null;
}

function parse(text: string): Release {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return [major, minor, patch];
}

const allEdits = (spec: Fields): readonly Fields[] => [
  ...listOf(spec.devices).map((device) => fieldsOf(fieldsOf(device).containerEdits)),
  fieldsOf(spec.containerEdits),
];
const isFilled = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined && Object.keys(value).length > 0;

/** The least version that has everything which a specification uses. */
function requiredVersion(spec: Fields): Release {
  const edits = allEdits(spec);
  const devices = listOf(spec.devices).map(fieldsOf);
  const some = (name: string, field: string): boolean =>
    edits.some((each) => listOf(each[name]).some((one) => textOf((one as Fields | null)?.[field]) !== ''));
  const rdt = edits.map(({ intelRdt }) => intelRdt).filter((one) => one !== null && one !== undefined);
  if (
    edits.some(({ netDevices }) => isFilled(netDevices)) ||
    rdt.some((one) => isFilled((one as Fields).schemata) || (one as Fields).enableMonitoring === true)
  )
    return [1, 1, 0];
  if (rdt.length > 0 || edits.some(({ additionalGids }) => isFilled(additionalGids))) return [0, 7, 0];
  const annotated = isFilled(spec.annotations) || devices.some(({ annotations }) => isFilled(annotations));
  if (annotated || textOf(spec.kind).split('/').slice(1).join('/').includes('.')) return [0, 6, 0];
  if (devices.some(({ name }) => /^[0-9]/.test(textOf(name))) || some('deviceNodes', 'hostPath')) return [0, 5, 0];
  return some('mounts', 'type') ? [0, 4, 0] : [0, 3, 0];
}

function kindComplaint(kind: string): string | null {
  const [vendor = '', ...rest] = kind.split('/');
  // Names of one letter make the library panic.
  const isName = (name: string): boolean => /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$/.test(name);
  return rest.length > 0 && isName(vendor) && isName(rest.join('/'))
    ? null
    : `the kind ${JSON.stringify(kind)} is not of the form vendor.com/class`;
}

function contentComplaint(spec: Fields): string | null {
  const general = editsComplaint(fieldsOf(spec.containerEdits));
  if (general !== null) return general;
  const names = new Set<string>();
  for (const device of listOf(spec.devices).map(fieldsOf)) {
    const name = textOf(device.name);
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(name))
      return `the name ${JSON.stringify(name)} of a device is not valid`;
    const edits = fieldsOf(device.containerEdits);
    const isEmpty = !(
      ['env', 'deviceNodes', 'hooks', 'mounts', 'additionalGids', 'netDevices'].some((field) =>
        isFilled(edits[field]),
      ) ||
      (edits.intelRdt !== null && edits.intelRdt !== undefined)
    );
    if (isEmpty) return `the device ${name} has no container edits`;
    const complaint = editsComplaint(edits);
    if (complaint !== null) return `the device ${name}: ${complaint}`;
    if (names.has(name)) return `the device ${name} is there twice`;
    names.add(name);
  }
  return names.size === 0 ? 'it has no devices' : null;
}

function editsComplaint(edits: Fields): string | null {
  const badVariable = (env: unknown): string | undefined =>
    listOf(env)
      .map(textOf)
      .find((one) => one.indexOf('=') <= 0);
  const variable = badVariable(edits.env);
  if (variable !== undefined) return `${JSON.stringify(variable)} is no variable of the form NAME=VALUE`;
  for (const node of listOf(edits.deviceNodes).map(fieldsOf)) {
    if (textOf(node.path) === '') return 'a device node has no path';
    if (!/^[bcup]?$/.test(textOf(node.type))) return `the type ${textOf(node.type)} of ${textOf(node.path)} is none`;
    if (/[^rwm]/.test(textOf(node.permissions)))
      return `the permissions ${textOf(node.permissions)} of ${textOf(node.path)} are none`;
  }
  for (const hook of listOf(edits.hooks).map(fieldsOf)) {
    if (!HOOKS.has(textOf(hook.hookName))) return `there is no hook ${JSON.stringify(textOf(hook.hookName))}`;
    if (textOf(hook.path) === '') return `the hook ${textOf(hook.hookName)} has no path`;
    const wrong = badVariable(hook.env);
    if (wrong !== undefined) return `${JSON.stringify(wrong)} is no variable of the form NAME=VALUE`;
  }
  for (const mount of listOf(edits.mounts).map(fieldsOf))
    if (textOf(mount.hostPath) === '' || textOf(mount.containerPath) === '') return 'a mount lacks one of its paths';
  const group = textOf((edits.intelRdt as Fields | null | undefined)?.closID);
  return group !== '/' && (group === '.' || group === '..' || /[/\n]/.test(group)) ? 'its closID is not valid' : null;
}
