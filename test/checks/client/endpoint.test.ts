import { clientEndpoint } from '../../../src/checks/client/endpoint.ts';
import { pointClient } from '../../../src/fixes/client/endpoint.ts';
import { testCheck } from '../../check-tester.ts';
import { hostWith, RUNTIME, socket, type Told } from '../runtime/alice.ts';

const SOCKET = `${RUNTIME}/buildkit/buildkitd.sock`;
const at = (address: string): Told => ({ env: { BUILDKIT_HOST: address } });
const connecting = (errno: string): NonNullable<Told['rest']> => ({
  probes: { connect: ({ path }) => ({ error: path === SOCKET ? errno : 'ENOENT' }) },
});

testCheck(
  { check: clientEndpoint, fix: pointClient },
  {
    healthy: {
      'BUILDKIT_HOST is not set': { host: hostWith() },
      'BUILDKIT_HOST is where buildkitd listens': { host: hostWith(at(`unix://${SOCKET}`)) },
      'BUILDKIT_HOST is answered by another daemon, as somebody wants it': {
        host: hostWith({ ...at('unix:///srv/b.sock'), live: ['/srv/b.sock'] }),
      },
      'BUILDKIT_HOST in the form of gRPC': { host: hostWith(at(`unix:${SOCKET}`)) },
      'BUILDKIT_HOST names a container in capitals': { host: hostWith(at('DOCKER-CONTAINER://buildkitd')) },
      'BUILDKIT_HOST names a container': { host: hostWith(at('docker-container://buildkitd')) },
      'BUILDKIT_HOST is elsewhere in the network': { host: hostWith(at('tcp://build.example.com:1234')) },
      'no daemon is running yet': { host: hostWith({ ...at(`unix://${SOCKET}`), files: { [SOCKET]: socket() } }) },
    },
    ailing: {
      'BUILDKIT_HOST leads nowhere': {
        host: hostWith({ ...at('unix:///run/buildkit/buildkitd.sock'), rest: connecting('ENOENT') }),
        conditions: ['env.buildkit-host-wrong'],
        severity: 'warning',
        advice: ['export BUILDKIT_HOST=unix:///run/user/1000/buildkit/buildkitd.sock'],
        says: [SOCKET, 'no such socket'],
      },
      'BUILDKIT_HOST has no scheme': {
        host: hostWith(at(SOCKET)),
        conditions: ['env.buildkit-host-wrong'],
        severity: 'warning',
        advice: ['export BUILDKIT_HOST=unix:///run/user/1000/buildkit/buildkitd.sock'],
      },
      ...Object.fromEntries(
        ['unix://buildkitd.sock', 'tcp://build.example.com', 'npipe:////./pipe/buildkitd', 'podman://buildkitd'].map(
          (address) => [
            address,
            {
              host: hostWith(at(address)),
              conditions: ['env.buildkit-host-wrong'],
              severity: 'warning' as const,
              advice: ['export BUILDKIT_HOST=unix:///run/user/1000/buildkit/buildkitd.sock'],
              says: ['no address that buildctl can use'],
            },
          ],
        ),
      ),
    },
    other: {
      'neither client nor variable': { host: hostWith({ files: { '/usr/bin/buildctl': null } }), status: 'skip' },
    },
  },
);
