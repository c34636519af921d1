/**
 * What lies where in the state directory of buildkitd, by its source (v0.11 to v0.32: cmd/buildkitd/main.go,
 * worker/runc/runc.go, worker/base/worker.go, executor/runcexecutor, and containerd's content store and overlay
 * snapshotter): the words that others build on are here and nowhere else.
 */
export type CachePlace =
  | { readonly is: 'directory'; readonly seal: Seal | null }
  | { readonly is: 'database'; readonly buckets: readonly string[] }
  | { readonly is: 'lock' }
  | { readonly is: 'worker-id' }
  | { readonly is: 'file' }
  /** Below a snapshot: files of images, of any kind and name. */
  | { readonly is: 'layer' };

/** How a directory shows that buildkitd made it: it has no other names, and what they stand for proves it. */
export interface Seal {
  readonly names: (name: string) => boolean;
  readonly proof: 'blobs' | 'snapshot' | { readonly name: string; readonly buckets: readonly string[] };
}

/** Buckets at the top of each database; containerd puts everything below its schema's version. */
const CACHE = ['_result', '_links', '_byresult', '_backlinks'];
const METADATA = ['_main', '_index', '_external'];
const CONTAINERD = ['v1'];
const STATE_DATABASES: { readonly [name: string]: readonly string[] } = {
  'cache.db': CACHE,
  'history.db': ['_records', '_version'],
};
const WORKER_DATABASES: { readonly [name: string]: readonly string[] } = {
  'metadata_v2.db': METADATA,
  // Before v0.7.
  'metadata.db': METADATA,
  'containerdmeta.db': CONTAINERD,
};

const WORKER = /^(?:runc|containerd)-[a-z0-9-]+$/;
const SHA256 = /^[0-9a-f]{64}$/;
const NUMBER = /^[1-9]\d*$/;

const isStateName = (name: string): boolean =>
  name === 'buildkitd.lock' || Object.hasOwn(STATE_DATABASES, name) || WORKER.test(name);
const WORKER_DIRECTORIES = new Set(['cachemounts', 'content', 'executor', 'snapshots']);
const isWorkerName = (name: string): boolean =>
  name === 'workerid' || Object.hasOwn(WORKER_DATABASES, name) || WORKER_DIRECTORIES.has(name);

const directory = (seal: Seal | null = null): CachePlace => ({ is: 'directory', seal });
const database = (buckets: readonly string[] | undefined): CachePlace | null =>
  buckets === undefined ? null : { is: 'database', buckets };

/** What buildkitd has at that path, relative to its state directory ("" is that itself); null: nothing that we know. */
export function placeInCache(path: string): CachePlace | null {
  const [top, ...rest] = path === '' ? [] : path.split('/');
  if (top === undefined) return directory({ names: isStateName, proof: { name: 'cache.db', buckets: CACHE } });
  if (WORKER.test(top)) return placeInWorker(rest);
  if (rest.length > 0) return null;
  return top === 'buildkitd.lock' ? { is: 'lock' } : database(ownValue(STATE_DATABASES, top));
}

function placeInWorker([top, ...rest]: readonly string[]): CachePlace | null {
  if (top === undefined)
    return directory({ names: isWorkerName, proof: { name: 'metadata_v2.db', buckets: METADATA } });
  switch (top) {
    case 'workerid':
      return rest.length === 0 ? { is: 'worker-id' } : null;
    case 'cachemounts':
      return rest.length <= 1 ? directory() : null;
    case 'content':
      return placeInContent(rest);
    case 'executor':
      return placeInExecutor(rest);
    case 'snapshots':
      return placeInSnapshots(rest);
    default:
      return rest.length === 0 ? database(ownValue(WORKER_DATABASES, top)) : null;
  }
}

/** containerd's content store: blobs named for their digest, and one directory for each that is being written. */
function placeInContent([store, algorithm, name, ...rest]: readonly string[]): CachePlace | null {
  if (store === undefined || algorithm === undefined)
    return store === undefined || store === 'blobs' || store === 'ingest' ? directory() : null;
  if (store === 'ingest') {
    if (name === undefined) return directory();
    return rest.length === 0 && ['data', 'ref', 'startedat', 'updatedat', 'total'].includes(name)
      ? { is: 'file' }
      : null;
  }
  if (store !== 'blobs' || algorithm !== 'sha256' || rest.length > 0) return null;
  if (name === undefined) return directory({ names: (each) => SHA256.test(each), proof: 'blobs' });
  return SHA256.test(name) ? { is: 'file' } : null;
}

function placeInExecutor([name, ...rest]: readonly string[]): CachePlace | null {
  if (name === undefined) return directory();
  if (['hosts', 'resolv.conf', 'runc-log.json'].includes(name)) return rest.length === 0 ? { is: 'file' } : null;
  // The bundle of a step that was running.
  if (!/^[a-z0-9]{25}$/.test(name)) return null;
  if (rest.length === 0 || (rest.length === 1 && rest[0] === 'rootfs')) return directory();
  return rest.length === 1 && rest[0] === 'config.json' ? { is: 'file' } : null;
}

function placeInSnapshots([name, number, ...rest]: readonly string[]): CachePlace | null {
  if (name === undefined)
    return directory({
      names: (each) => ['metadata.db', 'snapshots'].includes(each),
      proof: { name: 'metadata.db', buckets: CONTAINERD },
    });
  if (name === 'metadata.db') return number === undefined ? database(CONTAINERD) : null;
  if (name !== 'snapshots') return null;
  if (number === undefined) return directory();
  if (!NUMBER.test(number)) return null;
  return rest.length > 0
    ? { is: 'layer' }
    : directory({ names: (each) => ['fs', 'work'].includes(each), proof: 'snapshot' });
}

const ownValue = <T>(of: { readonly [name: string]: T }, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined;

/** Is it a name that BuildKit gives to a worker: 25 letters and digits and nothing else? */
export const isWorkerId = (text: string): boolean => /^[a-z0-9]{25}$/.test(text);
