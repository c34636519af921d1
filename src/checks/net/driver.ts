import type { Check } from '../../model/decide.ts';
import { type DriverEvidence, driverNeeds, openDriver } from './driver-case.ts';
import { judgeCni } from './driver-cni.ts';
import { judgeRootlesskit } from './driver-rootlesskit.ts';

export const netDriver: Check<typeof driverNeeds, DriverEvidence> = {
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
  needs: driverNeeds,
  examine(facts) {
    const { net, mode, published } = facts.netDriver;
    const usesCni = mode === 'cni' || mode === 'bridge';
    if ((net === null || net === 'host') && !usesCni && published.length === 0)
      return { notApplicable: 'no network driver is configured: builds use the network of the host' };
    const open = openDriver(facts);
    if (net !== null) judgeRootlesskit(open, net);
    if (usesCni) judgeCni(open);
    return { problems: open.problems, unseen: [] };
  },
};
