import { expect, test } from 'vitest';
import { KEYS } from '../../src/buildkit/config/keys.ts';
import { reference } from '../../src/buildkit/config/reference.ts';
import { joinKey, keyText, SCHEMA, specOf, splitKey } from '../../src/buildkit/config/schema-tree.ts';
import { NEWEST, release } from '../../src/buildkit/version.ts';

test('docs/buildkitd.toml.md is the reference of the table as it is', async () => {
  await expect(reference()).toMatchFileSnapshot('../../docs/buildkitd.toml.md');
});

test('the table holds each key once, with a release that exists and a deprecation that leads somewhere', () => {
  expect(new Set(KEYS.map(({ key }) => key)).size).toBe(KEYS.length);
  for (const { key, since, deprecated, values } of KEYS) {
    const at = release(since);
    expect(at[1], key).toBeLessThanOrEqual(NEWEST[1]);
    for (const value of values ?? []) if (typeof value !== 'string') release(value.since);
    if (deprecated === undefined) continue;
    const parent = splitKey(key).slice(0, -1);
    const to = deprecated.write === 'same' ? [...parent, deprecated.successor] : splitKey(deprecated.successor);
    expect(
      KEYS.some((other) => joinKey(splitKey(other.key)) === joinKey(to)),
      key,
    ).toBe(true);
  }
});

test('a key is found by its parts, through hosts and list indexes', () => {
  expect(specOf(['registry', 'docker.io', 'mirrors'])?.type).toBe('string[]');
  expect(specOf(['worker', 'oci', 'gcpolicy', '3', 'all'])?.type).toBe('bool');
  expect(specOf(['frontend', 'gateway.v0', 'enabled'])?.since).toBe('v0.14.0');
  expect(specOf(['worker', 'oci'])).toBeNull();
  expect(specOf(['nothing', 'here'])).toBeNull();
  expect(SCHEMA.children.size).toBeGreaterThan(10);
  expect(keyText(['worker', 'oci', 'gcpolicy', '3', 'all'])).toBe('worker.oci.gcpolicy[3].all');
  expect(keyText(['registry', 'docker.io', 'mirrors'])).toBe('registry."docker.io".mirrors');
});
