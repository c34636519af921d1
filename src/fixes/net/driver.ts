import type { DriverEvidence } from '../../checks/net/driver-case.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';

/** Installs what the configured driver runs where the person says so; the rest is said. */
export const supplyDriver: Fix<NoNeeds, DriverEvidence> = {
  needs: {},
  title: 'Supply what the network driver needs',
  plan(problems) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { install, program, what } = evidence;
      if (install?.argv != null && (what === 'program' || what === 'iptables'))
        return [
          {
            for: [index],
            risk: 'risky',
            consequence: `The package ${install.package ?? program ?? ''} and what it depends on are installed from this system's repositories, and stay when this is undone.`,
            steps: [
              {
                do: 'run',
                as: 'root',
                argv: install.argv,
                undo: null,
                why: `Install ${install.package ?? ''}, which has ${program ?? ''}`,
              },
            ],
          },
        ];
      return [{ for: [index], risk: 'manual', steps: [tell(adviceFor(evidence))] }];
    });
  },
};

function adviceFor({ what, driver, install, path, tun }: DriverEvidence): string {
  switch (what) {
    case 'tun':
      return tun === null
        ? 'as root: modprobe tun (in a container: --device /dev/net/tun); or start rootlesskit without --net'
        : 'as root, as udev sets it elsewhere: chmod 0666 /dev/net/tun (every account may then make its own tunnel in its own namespace); or start rootlesskit without --net';
    case 'program':
    case 'iptables':
    case 'version':
      return install?.text ?? 'use another network driver';
    case 'cni-config':
      return `Write a CNI configuration to ${path ?? 'cniConfigPath'}, or set networkMode = "host"`;
    case 'cni-plugins':
      return install?.text ?? 'install the CNI plugins';
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
