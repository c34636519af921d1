import { surelyBefore } from '../../buildkit/version.ts';
import type { DriverCase } from './driver-case.ts';

/** The network modes cni and bridge: buildkitd sets one network up at its start, to try it. */
export function judgeCni(open: DriverCase): void {
  if (open.facts.netDriver.mode === 'bridge') judgeBridge(open);
  else judgeConfiguration(open);
  if (open.facts.launcher === 'rootlesskit' && open.problems.length === 0) judgeRights(open);
}

function judgeBridge({ facts, add, written }: DriverCase): void {
  const { binaryDirectory: directory, ownBridge, iptables } = facts.netDriver;
  if (surelyBefore(facts.buildkitdVersion, [0, 13, 0]))
    add(
      'net.cni-incompatible',
      'bridge',
      `buildkitd ${facts.software.buildkitd?.text ?? ''} has no network mode "bridge"; v0.13.0 brought it`,
      { what: 'version', program: 'buildkitd' },
      written.mode,
    );
  else if (!ownBridge && !directory.programs.includes('bridge'))
    add(
      'net.cni-missing',
      directory.path,
      `Neither buildkit-cni-bridge is in PATH nor is there ${directory.path}/bridge, which the network mode "bridge" runs`,
      { what: 'cni-plugins', program: 'cni-plugins', path: directory.path },
      written.plugins,
    );
  if (!iptables)
    add(
      'net.iptables-missing',
      'iptables',
      'iptables is not in PATH, and the firewall plugin of the network mode "bridge" runs it',
      { what: 'iptables', program: 'iptables' },
      written.mode,
    );
}

function judgeConfiguration({ facts, add, written }: DriverCase): void {
  const { cni, binaryDirectory: directory, written: asked } = facts.netDriver;
  const config = (message: string): void =>
    add('net.cni-missing', cni.path, message, { what: 'cni-config', path: cni.path }, written.config);
  const plugins = (message: string): void =>
    add(
      'net.cni-missing',
      directory.path,
      message,
      { what: 'cni-plugins', program: 'cni-plugins', path: directory.path },
      written.plugins,
    );
  if (!cni.exists) config(`networkMode is "cni", but the configuration ${cni.path} does not exist`);
  else if (cni.unreadable !== null || cni.malformed) {
    const taken = asked === 'auto' ? 'buildkitd uses CNI as soon as its configuration exists, but ' : '';
    config(`${taken}${cni.path} cannot be used: ${cni.unreadable ?? 'it is not a CNI configuration in JSON'}`);
  } else if (!directory.exists) plugins(`the directory of CNI plugins ${directory.path} does not exist`);
  else {
    // buildkitd adds the loopback plugin itself.
    const missing = [...new Set(['loopback', ...cni.plugins])].filter((name) => !directory.programs.includes(name));
    if (missing.length > 0)
      plugins(`${directory.path} lacks the CNI plugin${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`);
  }
}

/** What root of a user namespace may not do. */
function judgeRights({ facts, add, written }: DriverCase): void {
  const { net, mode, cni, cacheWritable } = facts.netDriver;
  if (net === 'host' && (mode === 'bridge' || cni.plugins.includes('bridge')))
    add(
      'net.cni-rootless-permission',
      mode,
      'CNI cannot make a bridge in the network of the host: rootlesskit is started with --net=host',
      { what: 'cni-network' },
      written.mode,
    );
  else if (!cacheWritable)
    add(
      'net.cni-rootless-permission',
      '/var/lib/cni',
      'CNI keeps its results in /var/lib/cni, which the user may not make: buildkitd ends with "CNI setup error"',
      { what: 'cni-cache' },
      written.mode,
    );
}
