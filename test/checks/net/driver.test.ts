import { expect, test } from 'vitest';
import { netDriver } from '../../../src/checks/net/driver.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { supplyDriver } from '../../../src/fixes/net/driver.ts';
import { carryOut } from '../../carry-out.ts';
import { type Ailing, testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { directory, hostWith, program, refused, type Told } from '../runtime/alice.ts';

const entry = { check: netDriver, fix: supplyDriver };
const kit = (options: string): string => `/usr/bin/rootlesskit ${options} /usr/bin/buildkitd`;
const TUN = { '/dev/net/tun': { kind: 'character', mode: 0o666 } } as const;
const HELPERS = { ...TUN, '/usr/bin/slirp4netns': program(), '/usr/sbin/ip': program(), '/usr/bin/nsenter': program() };
const slirp = (files: Told['files'], more: Told = {}) =>
  hostWith({
    start: kit('--net=slirp4netns --copy-up=/etc'),
    tools: { slirp4netns: { stdout: 'slirp4netns version 1.2.0\n' } },
    answer: { launch: { ...refused(null, 'failed to setup network'), stage: 'network' } },
    ...more,
    files: { ...HELPERS, ...files },
  });
const BRIDGE = '{"cniVersion":"0.3.0","name":"b","type":"bridge","ipam":{"type":"host-local"}}';
const cni = (files: Told['files'], start = kit('--net=slirp4netns --copy-up=/var/lib'), mode = 'cni') =>
  hostWith({
    start,
    config: `[worker.oci]\nnetworkMode = "${mode}"\ncniConfigPath = "/etc/cni.json"\n`,
    tools: { slirp4netns: { stdout: 'slirp4netns version 1.2.0\n' } },
    files: { ...HELPERS, '/etc/cni.json': BRIDGE, ...files },
  });
const PLUGINS = {
  '/opt/cni/bin/bridge': program(),
  '/opt/cni/bin/host-local': program(),
  '/opt/cni/bin/loopback': program(),
};

/** With what is installed the network can be set up. */
const works: Ailing['cure'] = (options, steps) => ({ ...carryOut(options, steps), probes: hostWith().probes ?? {} });

testCheck(entry, {
  healthy: {
    'slirp4netns works': { host: slirp({}, { answer: {} }) },
    'slirp4netns works, however its parts look from here': {
      host: slirp({ '/dev/net/tun': null, '/usr/sbin/ip': null }, { answer: {} }),
    },
    'CNI with its plugins': { host: cni(PLUGINS) },
    'a published port': {
      host: slirp({}, { answer: {}, start: kit('--net=slirp4netns --port-driver=builtin -p 8080:80/tcp') }),
    },
  },
  ailing: {
    'no slirp4netns': {
      host: slirp({ '/usr/bin/slirp4netns': null }),
      conditions: ['net.slirp4netns-missing'],
      severity: 'error',
      cure: works,
    },
    'no ip, no nsenter': {
      host: slirp({ '/usr/sbin/ip': null, '/usr/bin/nsenter': null }),
      conditions: ['net.driver-helper-missing', 'net.driver-helper-missing'],
      severity: 'error',
      cure: works,
    },
    'no tun device': {
      host: slirp({ '/dev/net/tun': null }),
      conditions: ['net.tun-missing'],
      severity: 'error',
      advice: ['modprobe tun'],
      says: ['does not exist'],
    },
    'a tun device of root alone': {
      host: slirp({ '/dev/net/tun': { kind: 'character', mode: 0o600 } }),
      conditions: ['net.tun-missing'],
      severity: 'error',
      advice: ['chmod 0666 /dev/net/tun'],
      says: ['0600'],
    },
    'slirp4netns fails for a reason of its own': {
      host: slirp({}),
      conditions: ['net.slirp4netns-failed'],
      severity: 'error',
      advice: ['"rootlesskit --net=slirp4netns true" shows'],
    },
    'a slirp4netns that is too old': {
      host: slirp({}, { tools: { slirp4netns: { stdout: 'slirp4netns version 0.3.2\n' } } }),
      conditions: ['net.slirp4netns-failed'],
      severity: 'error',
      advice: ['/usr/bin/apt-get install -y slirp4netns'],
      says: ['0.4.0'],
    },
    'pasta with an old rootlesskit': {
      host: hostWith({ start: kit('--net=pasta') }),
      conditions: ['net.driver-unknown'],
      severity: 'error',
      advice: ['/usr/bin/apt-get install -y rootlesskit'],
      says: ['2.0.0 brought it'],
    },
    'a driver that never was': {
      host: hostWith({ start: kit('--net=bridge') }),
      conditions: ['net.driver-unknown'],
      severity: 'error',
      advice: ['Use --net=slirp4netns in place of --net=bridge'],
    },
    'a driver with the name of something that every object has': {
      host: hostWith({ start: kit('--net=constructor') }),
      conditions: ['net.driver-unknown'],
      severity: 'error',
      advice: ['Use --net=slirp4netns in place of --net=constructor'],
    },
    'ports published without a driver for them': {
      host: slirp({}, { answer: {}, start: kit('--net=slirp4netns -p 8080:80/tcp') }),
      conditions: ['net.port-driver'],
      severity: 'error',
      advice: ['--net=slirp4netns --port-driver=builtin'],
      says: ['--port-driver=builtin'],
    },
    'ports published from the host’s own network': {
      host: hostWith({ start: kit('--port-driver=builtin -p 8080:80/tcp') }),
      conditions: ['net.port-driver'],
      severity: 'error',
      advice: ['--net=slirp4netns --port-driver=builtin'],
    },
    'no CNI configuration': {
      host: cni({ '/etc/cni.json': null }),
      conditions: ['net.cni-missing'],
      severity: 'error',
      advice: ['Write a CNI configuration to /etc/cni.json'],
      says: ['.config/buildkit/buildkitd.toml:3: networkMode is "cni", but the configuration /etc/cni.json'],
    },
    'a CNI configuration that is none': {
      host: cni({ '/etc/cni.json': '{bad' }),
      conditions: ['net.cni-missing'],
      severity: 'error',
      advice: ['Write a CNI configuration to /etc/cni.json'],
    },
    'no directory of plugins': {
      host: cni({}),
      conditions: ['net.cni-missing'],
      severity: 'error',
      advice: ['/usr/bin/apt-get install -y containernetworking-plugins'],
      says: ['/opt/cni/bin'],
    },
    'plugins that lack one': {
      host: cni({ ...PLUGINS, '/opt/cni/bin/loopback': null }),
      conditions: ['net.cni-missing'],
      severity: 'error',
      advice: ['/usr/bin/apt-get install -y containernetworking-plugins'],
      says: ['loopback'],
    },
    'a bridge in the host’s network': {
      host: cni(PLUGINS, kit('--net=host --copy-up=/var/lib')),
      conditions: ['net.cni-rootless-permission'],
      severity: 'error',
      advice: ['--copy-up=/var/lib'],
    },
    'nowhere to keep the results': {
      host: cni({ ...PLUGINS, '/var/lib': directory() }, kit('--net=slirp4netns')),
      conditions: ['net.cni-rootless-permission'],
      severity: 'error',
      advice: ['--copy-up=/var/lib'],
      says: ['/var/lib/cni'],
    },
    'the bridge mode without iptables': {
      host: cni(PLUGINS, kit('--net=slirp4netns --copy-up=/var/lib'), 'bridge'),
      conditions: ['net.iptables-missing'],
      severity: 'error',
      cure: true,
    },
    'the bridge mode with an old buildkitd': {
      host: {
        ...cni(PLUGINS, undefined, 'bridge'),
        tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 0\n' } },
      },
      conditions: ['net.cni-incompatible', 'net.iptables-missing'],
      severity: 'error',
      cure: true,
      advice: ['Use another network driver.'],
    },
    'a broken configuration that root’s buildkitd picks up by itself': {
      host: hostWith({ rest: { mode: 'rootful' }, files: { '/etc/buildkit/cni.json': '{bad' } }),
      conditions: ['net.cni-missing'],
      severity: 'error',
      advice: ['Write a CNI configuration to /etc/buildkit/cni.json'],
      says: ['as soon as its configuration exists'],
    },
  },
  other: {
    'nothing is configured': { host: hostWith(), status: 'skip' },
    'a CNI configuration that a rootless buildkitd does not look at': {
      host: hostWith({ files: { '/home/alice/.config/buildkit/cni.json': '{bad' } }),
      status: 'skip',
    },
  },
});

test('the package is a step of its own risk', async () => {
  const host = new VirtualHost(slirp({ '/usr/bin/slirp4netns': null }));
  const [report] = await examine(createLook({ host, request: ASK }), [entry], { isSelected: () => true });
  expect(report?.fixes).toMatchObject([
    { risk: 'risky', steps: [{ do: 'run', as: 'root', argv: ['/usr/bin/apt-get', 'install', '-y', 'slirp4netns'] }] },
  ]);
});
