import { expect, test } from 'vitest';
import { adviceOnEntitlement, entitlementNamed, meantEntitlement } from '../../src/buildkit/entitlements.ts';

/** Names from articles, and what the answer has to say about what does exist. */
const invented: readonly (readonly [name: string, says: RegExp])[] = [
  ['network.dns', /without any entitlement.*dns\.nameservers/],
  ['network.none', /RUN --network=none/],
  ['network.bridge', /networks by name do not exist/],
  ['NETWORK.HOST', /^Write network\.host, in small letters\.$/],
  ['docker.socket', /cannot reach it/],
  ['capabilities.setuid', /have this capability without any/],
  ['mount.bind', /needs no entitlement.*build context/],
  ['mount.host-src', /named contexts/],
  ['procfs', /security\.insecure/],
  ['sysfs', /security\.insecure/],
  ['seccomp.unconfined', /security\.insecure/],
  ['privileged', /security\.insecure/],
  ['security.privileged', /security\.insecure/],
  ['fs.read', /docker buildx bake/],
  ['ssh', /--ssh default.*--mount=type=ssh/],
];

test.each(invented)('%s is answered with what exists', (name, says) => {
  expect(entitlementNamed(name)).toBeNull();
  const advice = adviceOnEntitlement(name, meantEntitlement(name));
  expect(advice).toMatch(says);
  expect(advice).toMatch(/^[A-Z].*\.$/);
});
