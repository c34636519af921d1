import type { DriverEvidence } from '../../checks/net/driver-case.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { wordsOf } from '../../knowledge/engines.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { installation, installOn } from '../install.ts';

const needs = { distribution: optional(osRelease) };

/** Installs what the configured driver runs where the person says so; the rest is said. */
export const supplyDriver: Fix<typeof needs, DriverEvidence> = {
  needs,
  title: 'Supply what the network driver needs',
  plan(problems, { distribution }) {
    return problems.map(({ evidence }, index): Treatment => {
      const { program, what } = evidence;
      const install = program === null ? null : installOn(program, distribution);
      const installed =
        install !== null && (what === 'program' || what === 'iptables') ? installation([index], install) : null;
      return installed ?? advice([index], adviceFor(evidence, install?.text ?? null));
    });
  },
};

/** `install`: how the program gets onto this host. */
function adviceFor({ what, driver, program, path, tun }: DriverEvidence, install: string | null): string {
  switch (what) {
    case 'tun':
      return tun === null
        ? `As root, load the module with modprobe tun (in a container: ${wordsOf('docker', ['device', '/dev/net/tun'])}); or start rootlesskit without --net`
        : 'Start rootlesskit without --net, or as root give the device the mode that udev gives it elsewhere (every account may then make its own tunnel in its own namespace):\nchmod 0666 /dev/net/tun';
    case 'program':
    case 'iptables':
    case 'version':
      // A buildkitd that is too old for a network mode is no reason to replace it.
      return install === null || program === 'buildkitd' ? 'Use another network driver.' : install;
    case 'cni-config':
      return `Write a CNI configuration to ${path ?? 'cniConfigPath'}, or set networkMode = "host"`;
    case 'cni-plugins':
      return install ?? 'Install the CNI plugins.';
    case 'cni-cache':
      return 'Give rootlesskit the option --copy-up=/var/lib, or as root make /var/lib/cni for the user';
    case 'cni-network':
      return 'Give rootlesskit a network of its own: --net=slirp4netns --copy-up=/etc --copy-up=/run --copy-up=/var/lib --disable-host-loopback';
    case 'published':
      return 'Give rootlesskit --net=slirp4netns --port-driver=builtin, or leave --publish out';
    case 'unknown':
      return driver === 'slirp4netns'
        ? 'As the user: "rootlesskit --net=slirp4netns true" shows what slirp4netns says; or leave --net out'
        : `Use --net=slirp4netns in place of --net=${driver}, or leave --net out`;
  }
}
