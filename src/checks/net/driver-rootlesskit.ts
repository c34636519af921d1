import { type Release, surelyBefore } from '../../buildkit/version.ts';
import { parsePastaDate } from '../../facts/start/software.ts';
import { octal } from '../../text/octal.ts';
import type { DriverCase } from './driver-case.ts';

/** Network drivers of rootlesskit (cmd/rootlesskit) with the release that brought them. */
const DRIVERS: ReadonlyMap<string, Release> = new Map([
  ['host', [0, 1, 0]],
  ['none', [2, 0, 0]],
  ['slirp4netns', [0, 1, 0]],
  ['vpnkit', [0, 2, 0]],
  ['lxc-user-nic', [0, 4, 0]],
  ['pasta', [2, 0, 0]],
  ['gvisor-tap-vsock', [3, 0, 0]],
]);
/** Drivers that open /dev/net/tun as the user. */
const TUN = new Set(['slirp4netns', 'pasta', 'vpnkit', 'gvisor-tap-vsock']);
/** What each driver runs besides itself. */
const HELPERS: { readonly [name: string]: readonly ('slirp4netns' | 'pasta' | 'ip' | 'nsenter')[] } = {
  slirp4netns: ['slirp4netns', 'ip', 'nsenter'],
  pasta: ['pasta', 'ip', 'nsenter'],
  'gvisor-tap-vsock': ['ip', 'nsenter'],
  vpnkit: ['ip', 'nsenter'],
};
/** The least slirp4netns and pasta that rootlesskit works with (its README). */
const SLIRP_LEAST: Release = [0, 4, 0];
const PASTA_LEAST = 20230625;

const isBefore = (at: Release | null | undefined, release: Release): boolean =>
  at != null && surelyBefore({ min: at, max: at, text: null }, release);

/** rootlesskit --net and --publish. Where the namespaces were really made with them, how the parts look does not matter. */
export function judgeRootlesskit(open: DriverCase, net: string): void {
  judgePublished(open, net);
  if (net === 'host') return;
  const { facts, add } = open;
  const kit = facts.software.rootlesskit;
  const since = DRIVERS.get(net);
  if (since === undefined) {
    add('net.driver-unknown', net, `rootlesskit has no network driver "${net}"`, { what: 'unknown' });
    return;
  }
  if (isBefore(kit?.release, since)) {
    add(
      'net.driver-unknown',
      net,
      `rootlesskit ${kit?.text ?? ''} has no network driver "${net}" yet; ${since.join('.')} brought it`,
      { what: 'version', program: 'rootlesskit', path: kit?.path ?? null },
    );
    return;
  }
  const launch = facts.namespace.value?.launch;
  if (launch?.ok === true) return;
  judgeParts(open, net);
  if (launch?.stage === 'network' && open.problems.length === 0)
    add('net.slirp4netns-failed', net, `rootlesskit could not set up its network with ${net}: ${launch.message}`, {
      what: 'unknown',
    });
}

function judgePublished({ facts, add }: DriverCase, net: string): void {
  const { published, portDriver } = facts.netDriver;
  if (published.length === 0) return;
  if (net === 'host')
    add(
      'net.port-driver',
      '--publish',
      'rootlesskit publishes no ports with --net=host: it ends with "port driver requires non-host network"',
      { what: 'published' },
    );
  else if (portDriver === 'none')
    add('net.port-driver', '--publish', 'rootlesskit needs a port driver to publish ports (--port-driver=builtin)', {
      what: 'published',
    });
}

function judgeParts({ facts, add }: DriverCase, net: string): void {
  const { tun, tunUsable } = facts.netDriver;
  for (const helper of HELPERS[net] ?? []) {
    const binary = facts.binaries[helper];
    if (binary?.executable) continue;
    const where = binary === null ? `${helper} is not in PATH` : `${binary.path} is not executable`;
    add(
      helper === 'slirp4netns' ? 'net.slirp4netns-missing' : 'net.driver-helper-missing',
      helper,
      `${where}, and rootlesskit --net=${net} runs it`,
      { what: 'program', program: helper, path: binary?.path ?? null },
    );
  }
  const { slirp4netns, pasta } = facts.software;
  const date = net === 'pasta' ? parsePastaDate(pasta?.text ?? '') : null;
  if (date !== null && date < PASTA_LEAST)
    add(
      'net.driver-helper-missing',
      'pasta',
      `pasta ${pasta?.text ?? ''} is older than 2023_06_25, which rootlesskit needs`,
      { what: 'version', program: 'pasta' },
    );
  if (net === 'slirp4netns' && isBefore(slirp4netns?.release, SLIRP_LEAST))
    add(
      'net.slirp4netns-failed',
      'slirp4netns',
      `slirp4netns ${slirp4netns?.text ?? ''} is older than ${SLIRP_LEAST.join('.')}, which rootlesskit needs`,
      { what: 'version', program: 'slirp4netns' },
    );
  if (TUN.has(net) && !tunUsable)
    add(
      'net.tun-missing',
      '/dev/net/tun',
      tun === null
        ? `/dev/net/tun does not exist, and --net=${net} needs it`
        : `/dev/net/tun has the mode ${octal(tun.mode)}: the user may not open it, and --net=${net} needs it`,
      { what: 'tun', tun: tun === null ? null : { mode: tun.mode, uid: tun.uid, gid: tun.gid } },
    );
}
