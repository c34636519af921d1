import type { Release } from '../../buildkit/version.ts';
import { surelyBefore } from '../../buildkit/version.ts';
import { binaries } from '../../facts/binaries.ts';
import { buildkitdVersion } from '../../facts/buildkitd-version.ts';
import { launcher, namespace } from '../../facts/namespace.ts';
import { netDriver } from '../../facts/net-driver.ts';
import { osRelease } from '../../facts/os-release.ts';
import { parsePastaDate, software } from '../../facts/software.ts';
import { optional } from '../../facts/unseen.ts';
import type { Check, Problem, Severity } from '../../model.ts';
import { type Install, type Installable, installOf } from '../../packages.ts';

export interface DriverEvidence {
  readonly what:
    | 'program'
    | 'tun'
    | 'version'
    | 'cni-config'
    | 'cni-plugins'
    | 'cni-cache'
    | 'cni-network'
    | 'iptables'
    | 'published'
    | 'unknown';
  readonly driver: string;
  readonly program: string | null;
  readonly path: string | null;
  readonly install: Pick<Install, 'package' | 'argv' | 'text'> | null;
  /** /dev/net/tun: its mode and owner; null when it is missing. */
  readonly tun: { readonly mode: number; readonly uid: number; readonly gid: number } | null;
}

const needs = {
  netDriver,
  binaries,
  launcher,
  software,
  buildkitdVersion,
  osRelease: optional(osRelease),
  namespace: optional(namespace),
};

/** Network drivers of rootlesskit (cmd/rootlesskit) with the release that brought them. */
const DRIVERS: { readonly [name: string]: Release } = {
  host: [0, 1, 0],
  none: [2, 0, 0],
  slirp4netns: [0, 1, 0],
  vpnkit: [0, 2, 0],
  'lxc-user-nic': [0, 4, 0],
  pasta: [2, 0, 0],
  'gvisor-tap-vsock': [3, 0, 0],
};
/** Drivers that open /dev/net/tun as the user. */
const TUN = new Set(['slirp4netns', 'pasta', 'vpnkit', 'gvisor-tap-vsock']);
/** What each driver runs besides itself. */
const HELPERS: { readonly [name: string]: readonly Installable[] } = {
  slirp4netns: ['slirp4netns', 'ip', 'nsenter'],
  pasta: ['pasta', 'ip', 'nsenter'],
  'gvisor-tap-vsock': ['ip', 'nsenter'],
  vpnkit: ['ip', 'nsenter'],
};
/** The least pasta that rootlesskit works with (its README). */
const PASTA_LEAST = 20230625;

export const networkDriver: Check<typeof needs, DriverEvidence> = {
  id: 'net/driver',
  title: 'Configured network driver is usable',
  why: 'rootlesskit starts its network driver before buildkitd, and buildkitd tries its CNI configuration at once: either ends the start when something is missing.',
  decides: true,
  conditions: [
    'net.slirp4netns-missing',
    'net.slirp4netns-failed',
    'net.tun-missing',
    'net.driver-unknown',
    'net.driver-helper-missing',
    'net.cni-missing',
    'net.cni-incompatible',
    'net.cni-rootless-permission',
    'net.iptables-missing',
    'net.port-driver',
  ],
  needs,
  examine({
    netDriver: found,
    binaries: programs,
    launcher: by,
    software: versions,
    buildkitdVersion: old,
    osRelease: os,
    namespace: probe,
  }) {
    const problems: Problem<DriverEvidence>[] = [];
    const driver = found.net ?? 'none';
    const install = (program: Installable): Install =>
      installOf(program, os.value ?? { id: 'linux', idLike: [], version: null });
    const add = (
      condition: string,
      severity: Severity,
      subject: string,
      message: string,
      more: Partial<DriverEvidence> & Pick<DriverEvidence, 'what'>,
    ): void => {
      problems.push({
        condition,
        severity,
        subject,
        message,
        evidence: { driver, program: null, path: null, install: null, tun: null, ...more },
      });
    };
    const usesNetwork = found.net !== null && found.net !== 'host';
    const usesCni = found.mode === 'cni' || found.mode === 'bridge';
    if (!usesNetwork && !usesCni && found.published.length === 0)
      return { notApplicable: 'no network driver is configured: builds use the network of the host' };
    if (found.net !== null) judgeRootlesskit(found.net);
    if (usesCni) judgeCni();
    return { problems, unseen: [] };

    function judgeRootlesskit(net: string): void {
      if (found.published.length > 0) {
        if (net === 'host')
          add(
            'net.port-driver',
            'error',
            '--publish',
            'rootlesskit publishes no ports with --net=host: it ends with "port driver requires non-host network"',
            { what: 'published' },
          );
        else if (found.portDriver === 'none')
          add(
            'net.port-driver',
            'error',
            '--publish',
            'rootlesskit needs a port driver to publish ports (--port-driver=builtin)',
            { what: 'published' },
          );
      }
      if (net === 'host') return;
      const since = DRIVERS[net];
      const kit = versions.rootlesskit;
      if (
        since === undefined ||
        (kit?.release != null && surelyBefore({ min: kit.release, max: kit.release, text: null }, since))
      ) {
        add(
          'net.driver-unknown',
          'error',
          net,
          since === undefined
            ? `rootlesskit has no network driver "${net}"`
            : `rootlesskit ${kit?.text ?? ''} has no network driver "${net}" yet; ${since.join('.')} brought it`,
          {
            what: since === undefined ? 'unknown' : 'version',
            program: 'rootlesskit',
            path: kit?.path ?? null,
            install: install('rootlesskit'),
          },
        );
        return;
      }
      const works = probe.value?.launch.ok === true;
      for (const helper of HELPERS[net] ?? []) {
        const binary =
          helper === 'slirp4netns' || helper === 'pasta' || helper === 'ip' || helper === 'nsenter'
            ? programs[helper]
            : null;
        if (binary?.executable || works) continue;
        add(
          helper === 'slirp4netns' ? 'net.slirp4netns-missing' : 'net.driver-helper-missing',
          'error',
          helper,
          binary === null
            ? `${helper} is not in PATH, and rootlesskit --net=${net} runs it`
            : `${binary.path} is not executable, and rootlesskit --net=${net} runs it`,
          { what: 'program', program: helper, path: binary?.path ?? null, install: install(helper) },
        );
      }
      const pasta = net === 'pasta' ? parsePastaDate(versions.pasta?.text ?? '') : null;
      if (pasta !== null && pasta < PASTA_LEAST)
        add(
          'net.driver-helper-missing',
          works ? 'warning' : 'error',
          'pasta',
          `pasta ${versions.pasta?.text ?? ''} is older than 2023_06_25, which rootlesskit needs`,
          {
            what: 'version',
            program: 'pasta',
            install: install('pasta'),
          },
        );
      const slirp = net === 'slirp4netns' ? (versions.slirp4netns?.release ?? null) : null;
      if (slirp !== null && surelyBefore({ min: slirp, max: slirp, text: null }, [0, 4, 0]))
        add(
          'net.slirp4netns-failed',
          'error',
          'slirp4netns',
          `slirp4netns ${versions.slirp4netns?.text ?? ''} is older than 0.4.0, which rootlesskit needs`,
          {
            what: 'version',
            program: 'slirp4netns',
            install: install('slirp4netns'),
          },
        );
      if (TUN.has(net) && !works && (found.tun === null || !found.tunUsable))
        add(
          'net.tun-missing',
          'error',
          '/dev/net/tun',
          found.tun === null
            ? `/dev/net/tun does not exist, and --net=${net} needs it`
            : `/dev/net/tun has the mode 0${found.tun.mode.toString(8)}: the user may not open it, and --net=${net} needs it`,
          {
            what: 'tun',
            tun: found.tun === null ? null : { mode: found.tun.mode, uid: found.tun.uid, gid: found.tun.gid },
          },
        );
      const failed = probe.value?.launch;
      if (failed !== undefined && !failed.ok && failed.stage === 'network' && problems.length === 0)
        add(
          'net.slirp4netns-failed',
          'error',
          net,
          `rootlesskit could not set up its network with ${net}: ${failed.message}`,
          { what: 'unknown' },
        );
    }

    function judgeCni(): void {
      const { cni, binaryDirectory: directory, mode } = found;

      if (mode === 'bridge') {
        if (surelyBefore(old, [0, 13, 0]))
          add(
            'net.cni-incompatible',
            'error',
            'bridge',
            `buildkitd ${versions.buildkitd?.text ?? ''} has no network mode "bridge"; v0.13.0 brought it`,
            { what: 'version', program: 'buildkitd' },
          );
        else if (!found.ownBridge && !directory.programs.includes('bridge'))
          add(
            'net.cni-missing',
            'error',
            directory.path,
            `neither buildkit-cni-bridge is in PATH nor is there ${directory.path}/bridge, which the network mode "bridge" runs`,
            {
              what: 'cni-plugins',
              path: directory.path,
              install: install('cni-plugins'),
            },
          );
        if (!found.iptables)
          add(
            'net.iptables-missing',
            'error',
            'iptables',
            'iptables is not in PATH, and the firewall plugin of the network mode "bridge" runs it',
            {
              what: 'iptables',
              program: 'iptables',
              install: install('iptables'),
            },
          );
      } else if (!cni.exists)
        add(
          'net.cni-missing',
          'error',
          cni.path,
          `networkMode is "cni", but the configuration ${cni.path} does not exist`,
          { what: 'cni-config', path: cni.path },
        );
      else if (cni.broken !== null)
        add(
          'net.cni-missing',
          'error',
          cni.path,
          `${found.written === 'auto' ? 'buildkitd uses CNI as soon as its configuration exists, but ' : ''}${cni.path} cannot be used: ${cni.broken}`,
          { what: 'cni-config', path: cni.path },
        );
      else if (!directory.exists)
        add(
          'net.cni-missing',
          'error',
          directory.path,
          `the directory of CNI plugins ${directory.path} does not exist`,
          {
            what: 'cni-plugins',
            path: directory.path,
            install: install('cni-plugins'),
          },
        );
      else {
        const wanted = [...new Set(['loopback', ...cni.plugins])];
        const missing = wanted.filter((name) => !directory.programs.includes(name));
        if (missing.length > 0)
          add(
            'net.cni-missing',
            'error',
            directory.path,
            `${directory.path} lacks the CNI plugin${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`,
            {
              what: 'cni-plugins',
              path: directory.path,
              install: install('cni-plugins'),
            },
          );
      }
      if (by !== 'rootlesskit' || problems.length > 0) return;
      if (found.net === 'host' && (mode === 'bridge' || cni.plugins.includes('bridge')))
        add(
          'net.cni-rootless-permission',
          'error',
          mode,
          `CNI cannot make a bridge in the network of the host: rootlesskit is started with --net=host`,
          { what: 'cni-network' },
        );
      else if (!found.cacheWritable)
        add(
          'net.cni-rootless-permission',
          'error',
          '/var/lib/cni',
          'CNI keeps its results in /var/lib/cni, which the user may not make: buildkitd ends with "CNI setup error"',
          { what: 'cni-cache' },
        );
    }
  },
};
