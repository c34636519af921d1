import type { PortsEvidence } from '../../checks/net/ports.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

/** Moves an address to the next free port in buildkitd.toml, and says what clients must change. */
export const movePorts: Fix<NoNeeds, PortsEvidence> = {
  needs: {},
  title: 'Move the address to a free port',
  plan(problems) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { what, config, instead, key, index: place, address, free, use } = evidence;
      const movable = what === 'in-use' || what === 'duplicate' || what === 'privileged';
      if (movable && config !== null && instead !== null && config.digest !== null) {
        const path = [...key.split('.'), ...(place === null ? [] : [String(place)])];
        const edit = configSteps(config, [{ change: 'set', path, value: instead }]);
        const clients =
          use === 'debug'
            ? `Whoever reads metrics or profiles from ${address} must use ${instead} from now on`
            : `Clients that use ${address} must use port ${free} from now on: buildctl --addr, BUILDKIT_HOST, and docker buildx create --driver remote`;
        return [{ for: [index], risk: 'safe', until: 'restart', steps: [...edit, tell(clients)] }];
      }
      const text = adviceFor(evidence);
      return text === null ? [] : [{ for: [index], risk: 'manual', steps: [tell(text)] }];
    });
  },
};

function adviceFor({ what, address, instead, source, unit, key, pid, port, host, use }: PortsEvidence): string | null {
  const where =
    source === 'unit' ? `in ${unit ?? 'BUILDKITD_FLAGS'}` : source === 'option' ? 'on the command line' : `at ${key}`;
  switch (what) {
    case 'in-use':
    case 'duplicate':
      if (use === 'published')
        return `Publish another port of the host ${where}, or stop what uses ${port}${pid === null ? '' : ` (pid ${pid})`}`;
      return `${instead === null ? 'Choose a free port' : `Change ${address} to ${instead}`} ${where}${what === 'duplicate' ? ', or leave one of the two out' : pid === null ? '' : `, or stop the process ${pid}`}`;
    case 'privileged':
      return `${instead === null ? 'Choose a higher port' : `Change ${address} to ${instead}`} ${where}; or as root allow it to everybody: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`;
    case 'not-local':
      return `Write an address that this host has (ip -brief address), or 0.0.0.0 for all of them, in place of ${host ?? address} ${where}`;
    case 'invalid':
      return `Write the address as ${use === 'debug' ? 'HOST:PORT, without a scheme' : 'tcp://HOST:PORT'}, an IPv6 host in brackets, ${where}`;
    case 'elsewhere':
      return `config/buildkitd says how ${key} is mended.`;
    case 'random':
      return `Write a fixed port ${where}, such as tcp://127.0.0.1:1234`;
    case 'unpublished':
      return `Give rootlesskit the options --port-driver=builtin --publish=127.0.0.1:${port}:${port}/tcp`;
    case 'ephemeral':
      return null;
    case 'other':
      return `Choose another address ${where}`;
  }
}
