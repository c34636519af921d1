import { goFloat } from '../sizes.ts';
import { withMeant } from './flags.ts';
import { type Frontend, knows, type Since } from './frontend.ts';
import { Mistake } from './refused.ts';

export const MOUNT_TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
export type MountType = (typeof MOUNT_TYPES)[number];
const SHARING = ['shared', 'private', 'locked'];

/** One `RUN --mount`. */
export interface Mount {
  readonly type: MountType;
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly id: string;
  readonly sharing: string;
  readonly required: boolean;
  /** The variable that holds a secret; null where a file does. */
  readonly env: string | null;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** Keys of a mount that came later than the flag. */
export const MOUNT_KEYS: { readonly [key: string]: Since } = { size: { stable: 4 }, env: { stable: 10 } };
const KEYS =
  'type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env'.split(
    ' ',
  );

/** A key that this frontend does not know for a mount. */
export class UnknownMountKey extends Mistake {
  readonly key: string;

  constructor(key: string, field: string) {
    super(withMeant(`unexpected key '${key}' in '${field}'`, key, KEYS));
    this.key = key;
  }
}

/** The fields of a comma-separated value, as BuildKit splits it. Throws `Mistake`. */
export function csvFields(line: string, what: string): readonly string[] {
  const refused = (column: number, why: string): Mistake =>
    new Mistake(`failed to parse csv ${what}: parse error on line 1, column ${column}: ${why}`);
  if (line === '') throw new Mistake(`failed to parse csv ${what}: EOF`);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      const field = line.slice(at, comma < 0 ? undefined : comma);
      const quote = field.indexOf('"');
      if (quote >= 0) throw refused(at + quote + 1, 'bare " in non-quoted-field');
      fields.push(field);
      if (comma < 0) return fields;
      at = comma + 1;
      continue;
    }
    let field = '';
    for (at++; ; at++) {
      const quote = line.indexOf('"', at);
      if (quote < 0) throw refused(at + 1, 'extraneous or missing " in quoted-field');
      field += line.slice(at, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      field += '"';
    }
    fields.push(field);
    if (at === line.length) return fields;
    if (line[at] !== ',') throw refused(at, 'extraneous or missing " in quoted-field');
    at++;
  }
}

/** What is wrong with a mount whatever its stage: its form, and a variable in `from`. */
export function checkMountForm(text: string): void {
  for (const field of csvFields(text, 'mounts')) {
    const sign = field.indexOf('=');
    if (sign < 0 || field.slice(0, sign).toLowerCase() !== 'from') continue;
    const dollar = field.indexOf('$', sign + 1);
    if (dollar >= 0 && dollar !== field.length - 1)
      throw new Mistake("'from' doesn't support variable expansion, define alias stage instead");
  }
}

interface Draft {
  type: MountType;
  from: string;
  source: string;
  target: string;
  readOnly: boolean | null;
  id: string;
  sharing: string;
  required: boolean;
  env: string | null;
  mode: number | null;
  uid: number | null;
  gid: number | null;
}

/** A mount as its built stage takes it: with variables expanded. Throws `Mistake`. */
export function readMount(text: string, frontend: Frontend, expand: (value: string) => string): Mount {
  const draft: Draft = {
    type: 'bind',
    from: '',
    source: '',
    target: '',
    readOnly: null,
    id: '',
    sharing: '',
    required: false,
    env: null,
    mode: null,
    uid: null,
    gid: null,
  };
  for (const field of csvFields(text, 'mounts')) {
    const sign = field.indexOf('=');
    const key = (sign < 0 ? field : field.slice(0, sign)).toLowerCase();
    if (sign < 0) takeWord(draft, key, field);
    else takeValue(draft, key, expand(field.slice(sign + 1)), field, frontend);
  }
  checkWhole(draft);
  const writable = draft.type === 'cache' || draft.type === 'tmpfs';
  return { ...draft, readOnly: draft.readOnly ?? !writable };
}

function takeWord(draft: Draft, key: string, field: string): void {
  if (key === 'readonly' || key === 'ro') draft.readOnly = true;
  else if (key === 'readwrite' || key === 'rw') draft.readOnly = false;
  else if (key !== 'required') throw new Mistake(`invalid field '${field}' must be a key=value pair`);
  else {
    onlyFor(draft, key, ['secret', 'ssh']);
    draft.required = true;
  }
}

function onlyFor(draft: Draft, key: string, types: readonly MountType[]): void {
  if (!types.includes(draft.type)) throw new Mistake(`unexpected key '${key}' for mount type '${draft.type}'`);
}

function takeValue(draft: Draft, key: string, value: string, field: string, frontend: Frontend): void {
  const since = MOUNT_KEYS[key];
  if (!KEYS.includes(key) || (since !== undefined && !knows(frontend, since))) throw new UnknownMountKey(key, field);
  switch (key) {
    case 'type': {
      const type = MOUNT_TYPES.find((known) => known === value.toLowerCase());
      if (type === undefined)
        throw new Mistake(withMeant(`unsupported mount type ${JSON.stringify(value)}`, value, MOUNT_TYPES));
      draft.type = type;
      return;
    }
    case 'from':
    case 'source':
    case 'target':
    case 'id':
    case 'env':
      draft[key] = value;
      return;
    case 'src':
      draft.source = value;
      return;
    case 'dst':
    case 'destination':
      draft.target = value;
      return;
    case 'sharing':
      if (!SHARING.includes(value.toLowerCase()))
        throw new Mistake(withMeant(`unsupported sharing value ${JSON.stringify(value)}`, value, SHARING));
      draft.sharing = value.toLowerCase();
      return;
    case 'mode':
    case 'uid':
    case 'gid':
      draft[key] = numberOf(key, value);
      return;
    case 'size':
      onlyFor(draft, key, ['tmpfs']);
      if (!isSize(value)) throw new Mistake(`invalid value for ${key}: ${value}`);
      return;
    case 'required':
      onlyFor(draft, key, ['secret', 'ssh']);
      draft.required = booleanOf(key, value);
      return;
    default:
      draft.readOnly = booleanOf(key, value) === (key === 'readonly' || key === 'ro');
  }
}

function numberOf(key: string, value: string): number {
  const read = key === 'mode' ? /^[0-7]+$/ : /^\d+$/;
  const number = Number.parseInt(value, key === 'mode' ? 8 : 10);
  if (!read.test(value) || number >= 2 ** 32) throw new Mistake(`invalid value ${value} for ${key}`);
  return number;
}

function booleanOf(key: string, value: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false;
  throw new Mistake(`invalid value for ${key}: ${value}`);
}

function isSize(value: string): boolean {
  const [, number = '', unit = ''] = /^([^a-zA-Z ]*) ?([a-zA-Z]*)$/.exec(value) ?? [];
  const size = goFloat(number);
  return size !== null && size >= 0 && /^(?:b|[kmgtp](?:i?b)?)?$/i.test(unit);
}

function checkWhole(draft: Draft): void {
  const { type } = draft;
  if (type === 'bind' || type === 'tmpfs')
    for (const key of ['mode', 'uid', 'gid'] as const)
      if (draft[key] !== null) throw new Mistake(`${key} not allowed for ${JSON.stringify(type)} type mounts`);
  if (type === 'secret') {
    if (draft.from !== '') throw new Mistake('secret mount should not have a from');
    if (draft.sharing !== '') throw new Mistake('secret mount should not define sharing');
    if (draft.source === '' && draft.target === '' && draft.id === '')
      throw new Mistake('invalid secret mount. one of source, target required');
    if (draft.source !== '' && draft.id !== '') throw new Mistake("both source and id can't be set");
  }
  if (draft.sharing !== '' && type !== 'cache') throw new Mistake(`invalid cache sharing set for ${type} mount`);
}
