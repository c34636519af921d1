import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import type { Probes } from '../../model/look.ts';
import { errnoOf } from '../looks/errno.ts';

type Answer = Probes['containerd']['answer'];

/** An answer to one call of gRPC: its number of an error, 0 for none, the words of it, and the message. */
interface Told {
  readonly status: number;
  readonly words: string;
  readonly message: Buffer;
}

const PLUGINS = '/containerd.services.introspection.v1.Introspection/Plugins';
const LEASES = '/containerd.services.leases.v1.Leases/List';
const SNAPSHOTTER = 'io.containerd.snapshotter.v1';
/** gRPC's number for what the caller says wrongly. */
const INVALID = 3;
const MOST_BYTES = 1024 * 1024;
/** No message at all: not compressed, and no byte long. */
const EMPTY = Buffer.alloc(5);

/** Asks containerd itself which snapshotters it has, and whether it takes the name of a namespace; nothing is made. */
export async function probeContainerd(
  { path, namespace }: Probes['containerd']['input'],
  limitMs: number,
): Promise<Answer> {
  // Loaded where there is a containerd: no other look needs it.
  const http2 = process.getBuiltinModule('node:http2');
  const session = http2.connect('http://containerd', { createConnection: () => connect({ path }) });
  try {
    return await Promise.race([failure(session, limitMs), asked(session, namespace)]);
  } finally {
    session.destroy();
  }
}

function failure(session: ClientHttp2Session, limitMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: string): void => resolve({ error, snapshotters: [], refusal: null });
    session.once('error', (error) => fail(errnoOf(error)));
    setTimeout(fail, limitMs, 'ETIMEDOUT').unref();
  });
}

async function asked(session: ClientHttp2Session, namespace: string): Promise<Answer> {
  const [plugins, leases] = await Promise.all([
    call(session, PLUGINS, {}),
    call(session, LEASES, { 'containerd-namespace': namespace }),
  ]);
  if (plugins.status !== 0) return { error: plugins.words, snapshotters: [], refusal: null };
  return {
    error: null,
    snapshotters: snapshottersIn(plugins.message),
    refusal: leases.status === INVALID ? leases.words : null,
  };
}

function call(session: ClientHttp2Session, path: string, headers: { readonly [name: string]: string }): Promise<Told> {
  return new Promise((resolve, reject) => {
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const parts: Buffer[] = [];
    let size = 0;
    let ended: { readonly [name: string]: unknown } = {};
    const note = (more: { readonly [name: string]: unknown }): void => {
      ended = { ...ended, ...more };
    };
    request.on('response', note).on('trailers', note).on('error', reject);
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MOST_BYTES) request.destroy(new Error('the answer is too long'));
      else parts.push(part);
    });
    request.on('end', () =>
      resolve({
        status: Number(ended['grpc-status'] ?? -1),
        words: String(ended['grpc-message'] || `gRPC status ${ended['grpc-status'] ?? 'missing'}`),
        message: Buffer.concat(parts).subarray(EMPTY.length),
      }),
    );
    request.end(EMPTY);
  });
}

/** PluginsResponse of containerd's introspection: `plugins` is 1; of each, `type` is 1, `id` 2, `exports` 5, `init_err` 7 with its message 2. */
function snapshottersIn(message: Buffer): Answer['snapshotters'] {
  return fieldsOf(message).flatMap(([number, plugin]) => {
    if (number !== 1) return [];
    const fields = fieldsOf(plugin);
    const text = (wanted: number): string | null => fields.find(([field]) => field === wanted)?.[1].toString() ?? null;
    const failed = fields.find(([field]) => field === 7)?.[1];
    if (text(1) !== SNAPSHOTTER) return [];
    const said =
      failed &&
      (fieldsOf(failed)
        .find(([field]) => field === 2)?.[1]
        .toString() ??
        'it failed');
    return [{ name: text(2) ?? '', message: said ?? null, root: rootIn(fields) }];
  });
}

/** `exports` is 5: of a map each entry is a message with the key in 1 and the value in 2. */
function rootIn(plugin: ReturnType<typeof fieldsOf>): string | null {
  const entries = plugin.filter(([number]) => number === 5).map(([, entry]) => new Map(fieldsOf(entry)));
  return (
    entries
      .find((entry) => entry.get(1)?.toString() === 'root')
      ?.get(2)
      ?.toString() ?? null
  );
}

/** The fields of a protobuf message that have a length; numbers are passed over. */
function fieldsOf(message: Buffer): readonly (readonly [number: number, value: Buffer])[] {
  const fields: [number, Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let power = 1; at < message.length; power *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * power;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      fields.push([tag >>> 3, message.subarray(at, at + length)]);
      at += length;
    } else break;
  }
  return fields;
}
