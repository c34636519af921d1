import { clientDocker } from '../../../src/checks/client/docker.ts';
import { directDocker } from '../../../src/fixes/client/docker.ts';
import { testCheck } from '../../check-tester.ts';
import { directory, hostWith, own, program, type Told } from '../runtime/alice.ts';

const DOCKER = '/home/alice/.docker';
const BUILD_HERE =
  'docker buildx create --name buildkitd --driver remote unix:///run/user/1000/buildkit/buildkitd.sock --use';
const PLUGIN = { '/usr/libexec/docker/cli-plugins/docker-buildx': program() };
const NO_PLUGIN = { '/usr/libexec/docker/cli-plugins/docker-buildx': null };
const DOCKER_20 = { 'docker --version': { stdout: 'Docker version 20.10.24+dfsg1, build 297e128\n' } };
const with_ = (files: Told['files'] = {}, more: Told = {}) =>
  hostWith({
    live: ['/var/run/docker.sock'],
    ...more,
    files: { '/usr/bin/docker': program(), ...PLUGIN, ...files },
  });
const config = (value: unknown) => ({
  [`${DOCKER}/config.json`]: { text: JSON.stringify(value), uid: 1000, gid: 1000 },
});
const builder = (name: string, driver: string, endpoint: string) => ({
  [`${DOCKER}/buildx/instances/${name}`]: JSON.stringify({
    Name: name,
    Driver: driver,
    Nodes: [{ Name: `${name}0`, Endpoint: endpoint }],
  }),
});
const current = (name: string) => ({
  [`${DOCKER}/buildx/current`]: JSON.stringify({ Key: 'unix:///var/run/docker.sock', Name: name }),
});
const BUILDX = { [`${DOCKER}/buildx`]: own(0o700), [`${DOCKER}/buildx/instances`]: own(0o700) };

testCheck(
  { check: clientDocker, fix: directDocker },
  {
    healthy: {
      'Docker with buildx': { host: with_() },
      'a login and a builder of one’s own': {
        host: with_({
          ...config({ auths: { 'registry.example.com': { auth: 'c2VjcmV0' } }, credsStore: 'pass' }),
          '/usr/bin/docker-credential-pass': program(),
          ...BUILDX,
          ...builder('mine', 'docker-container', 'unix:///var/run/docker.sock'),
          ...current('mine'),
        }),
      },
      'BuildKit switched on in dockerd, as it should be': {
        host: with_({ '/etc/docker/daemon.json': '{"features":{"buildkit":true}}' }),
      },
      'a context that exists': {
        host: with_(
          {
            ...config({ currentContext: 'rootless' }),
            [`${DOCKER}/contexts/meta/abc/meta.json`]: JSON.stringify({
              Name: 'rootless',
              Endpoints: { docker: { Host: 'unix:///run/user/1000/docker.sock' } },
            }),
          },
          { live: ['/run/user/1000/docker.sock'] },
        ),
      },
      'empty files, and one with a byte order mark': {
        host: with_({ [`${DOCKER}/config.json`]: '\n', '/etc/docker/daemon.json': '\ufeff{"features":{}}' }),
      },
      'a builder chosen for another context, and gone': {
        host: with_({ ...BUILDX, [`${DOCKER}/buildx/current`]: '{"Key":"elsewhere","Name":"gone"}' }),
      },
      'no dockerd is running': { host: with_({}, { live: [] }) },
      'no buildx: only the deprecated builder': {
        host: with_({ '/usr/libexec/docker/cli-plugins/docker-buildx': null }),
      },
    },
    ailing: {
      'what builds is told': {
        host: with_({ ...BUILDX, ...builder('far', 'remote', 'tcp://user:secret@10.0.0.1:1234'), ...current('far') }),
        conditions: ['client.builds-with'],
        severity: 'info',
        advice: [BUILD_HERE],
        says: [
          'docker build uses BuildKit inside dockerd',
          'docker buildx build uses the builder "far" (driver remote at tcp://10.0.0.1:1234)',
        ],
      },
      'a builder chosen for another context does not build here': {
        host: with_({
          ...BUILDX,
          ...builder('far', 'remote', 'tcp://10.0.0.1:1234'),
          [`${DOCKER}/buildx/current`]: '{"Key":"elsewhere","Name":"far"}',
        }),
        conditions: ['client.builds-with'],
        severity: 'info',
        advice: [BUILD_HERE],
        says: ['docker build uses BuildKit inside dockerd (context default)'],
      },
      'one chosen for all contexts does': {
        host: with_({
          ...BUILDX,
          ...builder('far', 'remote', 'tcp://10.0.0.1:1234'),
          [`${DOCKER}/buildx/current`]: '{"Key":"elsewhere","Name":"far","Global":true}',
        }),
        conditions: ['client.builds-with'],
        severity: 'info',
        advice: [BUILD_HERE],
        says: ['docker buildx build uses the builder "far"'],
      },
      'docker build follows BUILDX_BUILDER': {
        host: with_(
          { ...BUILDX, ...builder('far', 'remote', 'tcp://10.0.0.1:1234') },
          { env: { BUILDX_BUILDER: 'far' } },
        ),
        conditions: ['client.builds-with'],
        severity: 'info',
        advice: [BUILD_HERE],
        says: ['docker build uses the builder "far"'],
      },
      'a boolean among the features of the client': {
        host: with_(config({ features: { buildkit: true } })),
        conditions: ['config.client-json-invalid', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Take features.buildkit out of /home/alice/.docker/config.json', BUILD_HERE],
        says: ['/home/alice/.docker/config.json:1: features.buildkit', '/etc/docker/daemon.json'],
      },
      'settings that do not exist': {
        host: with_(config({ 'buildkit-daemon.address': 'unix:///run/buildkit/buildkitd.sock' })),
        conditions: ['config.unknown-key', 'client.builds-with'],
        severity: 'info',
        advice: ['Take buildkit-daemon.address out of', BUILD_HERE],
        says: ['/home/alice/.docker/config.json:1: buildkit-daemon.address has no effect'],
      },
      'a client file that is no JSON': {
        host: with_({ [`${DOCKER}/config.json`]: '{\n  "auths": {},\n}' }),
        says: ['/home/alice/.docker/config.json:3: This file cannot be used: it is not valid JSON'],
        conditions: ['config.client-json-invalid', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Correct /home/alice/.docker/config.json', BUILD_HERE],
      },
      'a daemon file that is no JSON': {
        host: with_({ '/etc/docker/daemon.json': '[\n]' }),
        says: ['/etc/docker/daemon.json:1: This file cannot be used: it is not a JSON object'],
        conditions: ['config.daemon-json-invalid', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Correct /etc/docker/daemon.json', BUILD_HERE],
      },
      'a text where dockerd wants true or false': {
        host: with_({ '/etc/docker/daemon.json': '{\n  "features": {\n    "buildkit": "true"\n  }\n}' }),
        conditions: ['config.daemon-json-invalid', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Correct /etc/docker/daemon.json (features.buildkit)', BUILD_HERE],
        says: ['/etc/docker/daemon.json:3: features.buildkit is not true or false'],
      },
      'a setting that dockerd refuses': {
        host: with_({ '/etc/docker/daemon.json': '{"buildkit":true}' }),
        conditions: ['config.daemon-json-invalid', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Correct /etc/docker/daemon.json (buildkit)', BUILD_HERE],
        says: ['/etc/docker/daemon.json:1: dockerd has no setting buildkit and does not start'],
      },
      'a credential helper that is not there': {
        host: with_({ [`${DOCKER}/config.json`]: '{"credHelpers": {\n  "ghcr.io": "desktop"\n}}' }),
        conditions: ['env.credential-helper-missing', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Install docker-credential-desktop, or take it out', BUILD_HERE],
        says: ['/home/alice/.docker/config.json:2: docker-credential-desktop'],
      },
      'DOCKER_BUILDKIT is no boolean': {
        host: with_({}, { env: { DOCKER_BUILDKIT: 'yes' } }),
        conditions: ['env.docker-buildkit'],
        severity: 'warning',
        advice: ['Unset it, or switch BuildKit on:\nexport DOCKER_BUILDKIT=1'],
      },
      'DOCKER_BUILDKIT without buildx': {
        host: with_({ '/usr/libexec/docker/cli-plugins/docker-buildx': null }, { env: { DOCKER_BUILDKIT: '1' } }),
        conditions: ['buildx.plugin-missing'],
        severity: 'warning',
        advice: ['https://github.com/docker/buildx/releases'],
        says: ['missing or broken'],
      },
      'DOCKER_BUILDKIT without buildx, and a Docker that needs none': {
        host: with_(NO_PLUGIN, { env: { DOCKER_BUILDKIT: '1' }, tools: DOCKER_20 }),
        conditions: ['buildx.plugin-missing', 'client.builds-with'],
        severity: 'info',
        advice: ['https://github.com/docker/buildx/releases', BUILD_HERE],
        says: ['docker build uses BuildKit inside dockerd', 'all the same (Docker 20.10)'],
      },
      'dockerd of that time has BuildKit switched on': {
        host: with_(
          { ...NO_PLUGIN, '/etc/docker/daemon.json': '{"features":{"buildkit":true}}' },
          { tools: DOCKER_20 },
        ),
        conditions: ['buildx.plugin-missing', 'client.builds-with'],
        severity: 'info',
        advice: ['https://github.com/docker/buildx/releases', BUILD_HERE],
        says: ['docker build uses BuildKit inside dockerd', 'docker buildx does not exist'],
      },
      'it does not use BuildKit by itself': {
        host: with_(NO_PLUGIN, { tools: DOCKER_20 }),
        conditions: ['buildx.plugin-missing', 'client.builds-with'],
        severity: 'info',
        advice: ['https://github.com/docker/buildx/releases', BUILD_HERE],
        says: ['docker build uses the builder inside dockerd', 'unless DOCKER_BUILDKIT=1 is set'],
      },
      'Podman in the place of docker': {
        host: with_(NO_PLUGIN, {
          env: { DOCKER_BUILDKIT: '1' },
          tools: { 'docker --version': { stdout: 'podman version 4.3.1\n' } },
        }),
        conditions: ['buildx.plugin-missing'],
        severity: 'warning',
        advice: ['https://github.com/docker/buildx/releases'],
        says: ['missing or broken'],
      },
      'DOCKER_BUILDKIT=0': {
        host: with_({}, { env: { DOCKER_BUILDKIT: '0' } }),
        conditions: ['env.docker-buildkit', 'client.builds-with'],
        severity: 'info',
        advice: ['Unset it:\nunset DOCKER_BUILDKIT', BUILD_HERE],
      },
      'a DOCKER_HOST that nobody answers': {
        host: with_({}, { env: { DOCKER_HOST: 'unix:///run/nothing.sock' } }),
        conditions: ['env.docker-host-wrong', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Start the dockerd that DOCKER_HOST names, or unset it:\nunset DOCKER_HOST', BUILD_HERE],
      },
      'a DOCKER_HOST before a DOCKER_CONTEXT that does not exist': {
        host: with_({}, { env: { DOCKER_HOST: 'unix:///run/nothing.sock', DOCKER_CONTEXT: 'gone' } }),
        conditions: ['env.docker-host-wrong', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Start the dockerd that DOCKER_HOST names, or unset it:\nunset DOCKER_HOST', BUILD_HERE],
        says: ['/run/nothing.sock (from DOCKER_HOST)'],
      },
      'a context that does not exist': {
        host: with_(config({ currentContext: 'gone' })),
        conditions: ['env.docker-host-wrong', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Unset DOCKER_CONTEXT, or choose another context:\ndocker context use default', BUILD_HERE],
        says: ['/home/alice/.docker/config.json:1: The Docker context "gone"'],
      },
      'no access to dockerd': {
        host: with_({}, { rest: { probes: { connect: () => ({ error: 'EACCES' }) } } }),
        conditions: ['socket.docker-permission', 'client.builds-with'],
        severity: 'info',
        advice: ['Ask an administrator for access to Docker', BUILD_HERE],
      },
      'a builder that is gone': {
        host: with_({ ...BUILDX, ...current('gone') }),
        conditions: ['buildx.builder-misconfigured', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['docker buildx use NAME, and unset BUILDX_BUILDER', BUILD_HERE],
        says: ['"gone"'],
      },
      'a file of a builder that is no JSON': {
        host: with_({ ...BUILDX, [`${DOCKER}/buildx/instances/mine`]: '{"Name":\n' }),
        conditions: ['buildx.builder-misconfigured', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['Remove the broken builder with docker buildx rm NAME', BUILD_HERE],
        says: ['/home/alice/.docker/buildx/instances/mine:2: buildx cannot use this file'],
      },
      'buildx files of root': {
        host: with_({ [`${DOCKER}/buildx`]: directory(0o755) }),
        conditions: ['buildx.config-dir-permission', 'client.builds-with'],
        severity: ['warning', 'info'],
        advice: ['As root, give it back, with what is in it:\nchown -R 1000 /home/alice/.docker/buildx', BUILD_HERE],
        says: ['belongs to root'],
      },
      'BUILDKIT_HOST, which docker build does not read': {
        host: with_({}, { env: { BUILDKIT_HOST: 'unix:///run/user/1000/buildkit/buildkitd.sock' } }),
        conditions: ['env.buildkit-host-wrong', 'client.builds-with'],
        severity: 'info',
        advice: ['docker buildx create --name buildkitd', BUILD_HERE],
        says: ['no effect on docker build'],
      },
    },
    other: {
      'no docker at all': { host: hostWith(), status: 'skip' },
    },
  },
);
