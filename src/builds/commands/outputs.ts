import { isSince } from '../../buildkit/version.ts';
import { withoutTrailing } from '../../text/trailing.ts';
import type { Files } from '../model/context.ts';
import type { Daemon } from '../model/daemon.ts';
import { isReference } from '../model/names.ts';
import type { Asked, BuildRequest } from '../model/request.ts';

type Client = BuildRequest['client'];

/** What is wrong, and what to write in its place. */
type Trouble = readonly [message: string, remedy: string];

export const COMPRESSION = /^(?:uncompressed|gzip|estargz|zstd)$/;
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

const IMAGE = ['oci-mediatypes', 'force-compression', 'store', 'unpack', 'push', 'push-by-digest', 'name-canonical'];
/** Keys that are true or false, by exporter. */
const SWITCHES: { readonly [type: string]: readonly string[] } = {
  image: IMAGE,
  oci: ['oci-mediatypes', 'force-compression', 'tar'],
  docker: ['oci-mediatypes', 'force-compression', 'tar'],
};

const keysOf = (value: string): ReadonlyMap<string, string> =>
  new Map(
    value.split(',').flatMap((field) => {
      const sign = field.indexOf('=');
      return sign < 0 ? [] : [[field.slice(0, sign).trim(), field.slice(sign + 1)] as const];
    }),
  );

/** Why an output of a type that exists cannot be made. */
export function outputTroubles(
  { value }: Asked,
  type: string,
  client: Client,
  files: Files | null,
  daemon: Daemon,
): readonly Trouble[] {
  const keys = keysOf(value);
  const troubles = (SWITCHES[type] ?? []).flatMap((key): readonly Trouble[] => {
    const given = keys.get(key);
    if (given === undefined || BOOLEAN.test(given)) return [];
    if (given === '' && (key !== 'oci-mediatypes' || !isSince(daemon.release, [0, 32, 0]))) return [];
    return [[`${key}=${given} is neither true nor false, which ends the build.`, `Write ${key}=true or ${key}=false.`]];
  });
  const name = keys.get('name') ?? '';
  if ((type === 'oci' || type === 'docker') && name !== '' && !value.includes('"') && !isReference(name))
    troubles.push([
      `${name} is no name of an image: the build ends with "invalid reference format".`,
      'Write a name in small letters, such as name=example/app:1.',
    ]);
  const kind = kindTrouble(keys, type, client, files);
  return kind === null ? troubles : [...troubles, kind];
}

/** A directory where a file is written, or the other way round. */
function kindTrouble(
  keys: ReadonlyMap<string, string>,
  type: string,
  client: Client,
  files: Files | null,
): Trouble | null {
  if (client !== 'buildctl' && client !== 'buildx') return null;
  const unpacked = keys.has('tar') && /^(?:0|f|false)$/i.test(keys.get('tar') ?? '');
  const intoDirectory = type === 'local' || (/^(?:oci|docker)$/.test(type) && unpacked);
  const destination = keys.get('dest') ?? '';
  if (!intoDirectory && !/^(?:oci|docker|tar)$/.test(type)) return null;
  if (destination === '')
    return intoDirectory && type !== 'local'
      ? [
          `The exporter ${type} with tar=false needs a directory: the client ends with "output directory is required for ${type} exporter".`,
          'Add dest=DIRECTORY to the output.',
        ]
      : null;
  if (intoDirectory) {
    const file = fileAbove(destination, files);
    return file === null
      ? null
      : [`The output needs the directory ${destination}, and ${file} is a file.`, 'Name a directory.'];
  }
  if (!destination.endsWith('/') && files?.kind(destination) !== 'directory') return null;
  return [
    `The exporter ${type} writes one file, and ${destination} names a directory: the client ends with "is a directory".`,
    `Write dest=${withoutTrailing(destination, '/')}/image.tar.`,
  ];
}

/** The file that stands where a directory is needed; null where none is known. */
function fileAbove(path: string, files: Files | null): string | null {
  const parts = withoutTrailing(path, '/').split('/');
  const above = parts
    .map((_, index) => parts.slice(0, index + 1).join('/'))
    .filter((part) => part !== '' && part !== '.');
  return above.find((part) => files?.kind(part) === 'file') ?? null;
}

/** Why a cache of a type that exists cannot be exported. */
export function cacheTrouble({ value }: Asked, type: string, client: Client, files: Files | null): Trouble | null {
  const keys = keysOf(value);
  const compression = keys.get('compression');
  if (compression !== undefined && /^(?:local|registry)$/.test(type) && !COMPRESSION.test(compression))
    return [
      `There is no compression ${compression}: the build ends with "unsupported compression type".`,
      'Write gzip, zstd, estargz or uncompressed.',
    ];
  const level = keys.get('compression-level');
  if (level !== undefined && /^(?:local|registry)$/.test(type) && !/^[+-]?\d+$/.test(level))
    return [
      `compression-level=${level} is no number, which ends the build.`,
      'Write a number, such as compression-level=3.',
    ];
  const media = keys.get('oci-mediatypes');
  if (media !== undefined && media !== '' && /^(?:local|registry)$/.test(type) && !BOOLEAN.test(media))
    return [`oci-mediatypes=${media} is neither true nor false, which ends the build.`, 'Write oci-mediatypes=true.'];
  const ref = keys.get('ref');
  if (type === 'registry' && ref !== undefined && ref !== '' && !value.includes('"') && !isReference(ref))
    return [
      `${ref} is no name of an image: the build ends with "invalid reference format".`,
      'Write ref=REGISTRY/NAME:TAG in small letters.',
    ];
  const file = type === 'local' && client === 'buildctl' ? fileAbove(keys.get('dest') ?? '', files) : null;
  return file === null
    ? null
    : [`The cache needs the directory ${keys.get('dest')}, and ${file} is a file.`, 'Name a directory.'];
}
