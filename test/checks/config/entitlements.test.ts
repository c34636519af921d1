import { expect, test } from 'vitest';
import { configEntitlements } from '../../../src/checks/config/entitlements.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { correctEntitlements } from '../../../src/fixes/config/entitlements.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { alice, root } from './host.ts';

const entry = { check: configEntitlements, fix: correctEntitlements };
const listed = (...names: readonly string[]): string => `insecure-entitlements = ${JSON.stringify(names)}\n`;
const UNIT = '/etc/systemd/system/buildkit.service';

testCheck(entry, {
  healthy: {
    'no file': { host: alice(null) },
    'none allowed': { host: alice('insecure-entitlements = []\n') },
    'device, which is allowed anyway': { host: alice(listed('device')) },
    'the two that articles know': { host: alice(listed('network.host', 'security.insecure')) },
  },
  ailing: {
    'an allowed one says what the client has to do': {
      host: root(listed('security.insecure')),
      conditions: ['entitlement.allowed'],
      severity: 'info',
      none: 'It is what was asked for.',
      says: ['as good as root', '--allow security.insecure'],
    },
    'a misspelt one': {
      host: alice(listed('network.hosts')),
      conditions: ['entitlement.unknown'],
      severity: 'warning',
      says: ['network.host'],
      cure: true,
    },
    'a misspelt one beside the real one is removed': {
      host: alice(listed('network_host', 'network.host')),
      conditions: ['entitlement.unknown', 'entitlement.allowed'],
      severity: ['warning', 'info'],
      cure: true,
    },
    'names from articles': {
      host: alice(
        listed(
          'network.dns',
          'docker.socket',
          'capabilities.setuid',
          'mount.bind',
          'procfs',
          'privileged',
          'fs.read',
          'nonsense',
        ),
      ),
      conditions: new Array(8).fill('entitlement.unknown'),
      severity: 'warning',
      advice: [
        'Steps have network and DNS without any entitlement; where names',
        "No entitlement opens Docker's socket: a build cannot reach it",
        'Steps have this capability without any',
        'RUN --mount=type=bind needs no entitlement, and reads the build',
        'No entitlement opens these file systems alone',
        'What exists is security.insecure, for RUN --security=insecure',
        'That is a permission of docker buildx bake',
        'There are only network.host, security.insecure, device',
      ],
      says: [
        'dns.nameservers',
        "Docker's socket",
        'without any',
        'build context only',
        'unmasked',
        'security.insecure',
        'what the client shares',
        'only network.host',
      ],
    },
    'device for a buildkitd that is older': {
      host: alice(listed('device'), {}, 'v0.19.0'),
      conditions: ['entitlement.unknown'],
      severity: 'warning',
      cure: true,
      says: ['yet'],
    },
    'an unknown one as flag stops buildkitd': {
      host: root(null, {
        files: { [UNIT]: '[Service]\nExecStart=/usr/bin/buildkitd --allow-insecure-entitlement network.dns\n' },
      }),
      conditions: ['entitlement.unknown'],
      severity: 'error',
      advice: ['Steps have network and DNS without any entitlement; where names'],
      says: ['does not start'],
    },
    'device as flag, before the flag took it': {
      host: root(
        null,
        { files: { [UNIT]: '[Service]\nExecStart=/usr/bin/buildkitd --allow-insecure-entitlement device\n' } },
        'v0.23.2',
      ),
      conditions: ['entitlement.unknown'],
      severity: 'error',
      advice: ['device is known from v0.20.0 on (as a flag, device'],
    },
  },
});

test('allowing what was misspelt is risky, and says what it gives away', async () => {
  const look = createLook({ host: new VirtualHost(root(listed('security-insecure'))), request: ASK });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  expect(report?.fixes).toMatchObject([{ risk: 'risky', consequence: expect.stringContaining('as good as root') }]);
  expect(report?.problems).toMatchObject([
    { at: { path: '/etc/buildkit/buildkitd.toml', line: 1, column: 26 }, evidence: { name: 'security-insecure' } },
  ]);
});
