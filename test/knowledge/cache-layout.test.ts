import { expect, test } from 'vitest';
import { type CachePlace, placeInCache } from '../../src/knowledge/cache-layout.ts';

const ID = 'yo25afgf7ztdkxtdnhtp2m5oj';
const BLOB = '0461a00b1b79b15a916842b07a0ec741df050af3263d68cd62ff4cf3915fbc31';
const isAt = (path: string): CachePlace['is'] | null => placeInCache(path)?.is ?? null;

/** What a real buildkitd v0.32.2 had after builds, with the kinds that find(1) printed. */
test('all that buildkitd makes has its place', () => {
  const directories = ['', 'runc-overlayfs', 'runc-fuse-overlayfs', 'containerd-overlayfs'];
  const ofWorker = [
    'cachemounts',
    'content',
    'content/blobs',
    'content/blobs/sha256',
    'content/ingest',
    'executor',
    `executor/${ID}`,
  ];
  const ofSnapshots = ['snapshots', 'snapshots/snapshots', 'snapshots/snapshots/10'];
  for (const path of [...directories, ...[...ofWorker, ...ofSnapshots].map((name) => `runc-overlayfs/${name}`)])
    expect(isAt(path), path).toBe('directory');
  for (const path of ['cache.db', 'history.db', 'runc-native/metadata_v2.db', 'runc-overlayfs/snapshots/metadata.db'])
    expect(isAt(path), path).toBe('database');
  for (const path of [
    `content/blobs/sha256/${BLOB}`,
    'executor/resolv.conf',
    'executor/hosts',
    'executor/runc-log.json',
  ])
    expect(isAt(`runc-overlayfs/${path}`), path).toBe('file');
  expect([isAt('buildkitd.lock'), isAt('runc-overlayfs/workerid')]).toEqual(['lock', 'worker-id']);
  for (const path of ['fs', 'work', 'work/work/#1fff', 'fs/etc/shadow'])
    expect(isAt(`runc-overlayfs/snapshots/snapshots/1/${path}`), path).toBe('layer');
});

test('nothing else has', () => {
  const other = [
    'key',
    '.root-backup-key',
    'notes/cache.db',
    'cache.db/x',
    'Cache.db',
    'constructor',
    'runc-',
    'runc-Overlayfs',
  ];
  const ofWorker = [
    'key',
    'payroll',
    'toString',
    'workerid/x',
    'content/key',
    `content/blobs/sha512/${BLOB}`,
    'content/blobs/sha256/key',
  ];
  const deep = [
    'executor/passwords',
    'executor/x/key',
    'snapshots/key',
    'snapshots/snapshots/01',
    'snapshots/snapshots/new-1',
    'cachemounts/a/b',
  ];
  for (const path of [...other, ...[...ofWorker, ...deep].map((name) => `runc-overlayfs/${name}`)])
    expect(isAt(path), path).toBeNull();
});

test('a directory vouches for its content only by names of buildkitd’s', () => {
  const place = placeInCache('runc-overlayfs');
  const names = place?.is === 'directory' ? place.seal?.names : undefined;
  expect(['content', 'metadata_v2.db', 'workerid', 'snapshots'].map((name) => names?.(name))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['key', 'hosts', 'fs'].map((name) => names?.(name))).toEqual([false, false, false]);
});
