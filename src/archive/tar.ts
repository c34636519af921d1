import { UsageError } from '../host/usage-error.ts';

/** What stands in an archive under one name. */
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hard-link' | 'other';
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Null where it was not to be kept. */
  readonly content: Buffer | null;
}

/** What a header may say that stands before the header it belongs to. */
interface Ahead {
  path?: string;
  link?: string;
  size?: number;
  mtimeMs?: number;
}

const BLOCK = 512;
/** Of names and attributes, which are kept whatever they belong to. */
const MOST_AHEAD = 1024 * 1024;
const MOST_ENTRIES = 1_000_000;
/** Of the unpacked stream: what only grows is no report of a host. */
const MOST_BYTES = 8 * 1024 ** 3;

const KINDS: { readonly [type: string]: TarEntry['kind'] } = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '5': 'directory',
};

/**
 * Reads ustar with the long names of GNU and the attributes of pax, as it comes. What is wanted is kept, the rest is passed over.
 * Throws UsageError for what is no tar archive, is cut off, or never ends.
 */
export async function readTar(
  stream: AsyncIterable<Buffer>,
  wanted: (path: string, size: number) => boolean,
  take: (entry: TarEntry) => void,
): Promise<void> {
  const chunks = stream[Symbol.asyncIterator]();
  try {
    await readEntries(byteReader(chunks), wanted, take);
  } finally {
    // What stands behind the end of the archive is not waited for.
    await chunks.return?.();
  }
}

async function readEntries(
  bytes: ByteReader,
  wanted: (path: string, size: number) => boolean,
  take: (entry: TarEntry) => void,
): Promise<void> {
  let ahead: Ahead = {};
  let everywhere: Ahead = {};
  for (let count = 0; ; ) {
    const header = await bytes.read(BLOCK);
    if (header === null || header.every((byte) => byte === 0)) {
      if (header === null && count === 0) throw new UsageError('it is empty');
      return;
    }
    if (!hasRightSum(header)) throw new UsageError(count === 0 ? 'it is no tar archive' : 'it is damaged');
    if (++count > MOST_ENTRIES) throw new UsageError(`it has more than ${MOST_ENTRIES.toLocaleString('en')} entries`);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = sizeIn(header, ahead.size ?? everywhere.size);
    if ('xgLK'.includes(type)) {
      if (size > MOST_AHEAD) throw new UsageError('it is damaged: a name in it is longer than a megabyte');
      const told = aheadOf(type, await bytes.content(size));
      if (type === 'g') everywhere = { ...everywhere, ...told };
      else ahead = { ...ahead, ...told };
      continue;
    }
    const entry = entryOf(header, { ...everywhere, ...ahead }, size, KINDS[type] ?? 'other');
    ahead = {};
    if (entry.kind === 'file' && wanted(entry.path, size)) take({ ...entry, content: await bytes.content(size) });
    else {
      await bytes.skip(padded(size));
      take(entry);
    }
  }
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

function textIn(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

/** Octal, or with the first bit set a big number in base 256. */
function numberIn(header: Buffer, from: number, length: number): number {
  const first = header[from] ?? 0;
  if ((first & 0x80) === 0) {
    const digits = textIn(header, from, length).trim();
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN;
  }
  let value = first & 0x7f;
  for (const byte of header.subarray(from + 1, from + length)) value = value * 256 + byte;
  return value;
}

function sizeIn(header: Buffer, told: number | undefined): number {
  const size = told ?? numberIn(header, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw new UsageError('it is damaged: an entry in it has no size');
  return size;
}

function hasRightSum(header: Buffer): boolean {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  return sum === numberIn(header, 148, 8);
}

function entryOf(header: Buffer, ahead: Ahead, size: number, kind: TarEntry['kind']): TarEntry {
  const prefix = textIn(header, 257, 6) === 'ustar' ? textIn(header, 345, 155) : '';
  const name = textIn(header, 0, 100);
  return {
    path: ahead.path ?? (prefix === '' ? name : `${prefix}/${name}`),
    kind,
    link: ahead.link ?? textIn(header, 157, 100),
    mode: numberIn(header, 100, 8) & 0o7777,
    uid: numberIn(header, 108, 8),
    gid: numberIn(header, 116, 8),
    size,
    mtimeMs: ahead.mtimeMs ?? numberIn(header, 136, 12) * 1000,
    content: null,
  };
}

function aheadOf(type: string, content: Buffer): Ahead {
  if (type === 'L') return { path: textIn(content, 0, content.length) };
  if (type === 'K') return { link: textIn(content, 0, content.length) };
  const found: Ahead = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(content.subarray(at, space).toString('latin1'));
    if (!(length > space - at && at + length <= content.length)) return found;
    const [, key, value = ''] =
      /^([^=]*)=([\s\S]*)\n$/.exec(content.subarray(space + 1, at + length).toString('utf8')) ?? [];
    if (key === 'path') found.path = value;
    else if (key === 'linkpath') found.link = value;
    else if (key === 'size') found.size = Number(value);
    else if (key === 'mtime') found.mtimeMs = Number(value) * 1000;
    at += length;
  }
  return found;
}

interface ByteReader {
  /** Null at the end. */
  read(length: number): Promise<Buffer | null>;
  /** So many bytes, and passes over what fills their last block. */
  content(size: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
}

function byteReader(chunks: AsyncIterator<Buffer>): ByteReader {
  let rest: Buffer = Buffer.alloc(0);
  let total = 0;
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    total += next.value.length;
    if (total > MOST_BYTES) throw new UsageError(`it unpacks to more than ${MOST_BYTES / 1024 ** 3} GiB`);
    rest = next.value;
    return true;
  };
  const read = async (length: number): Promise<Buffer | null> => {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (rest.length === 0 && !(await more())) {
        if (missing === length) return null;
        throw new UsageError('it is cut off');
      }
      const part = rest.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      rest = rest.subarray(part.length);
    }
    return Buffer.concat(parts);
  };
  const skip = async (length: number): Promise<void> => {
    for (let missing = length; missing > 0; ) {
      if (rest.length === 0 && !(await more())) throw new UsageError('it is cut off');
      const passed = Math.min(rest.length, missing);
      missing -= passed;
      rest = rest.subarray(passed);
    }
  };
  return {
    read,
    skip,
    async content(size) {
      if (size === 0) return Buffer.alloc(0);
      const content = await read(size);
      if (content === null) throw new UsageError('it is cut off');
      await skip(padded(size) - size);
      return content;
    },
  };
}
