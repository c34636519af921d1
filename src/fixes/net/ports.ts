import { isMendedInTheFile } from '../../checks/config/address-rules.ts';
import type { PortsEvidence } from '../../checks/net/ports.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { isFlag } from '../../facts/config/settings.ts';
import { freePorts } from '../../facts/net/free-ports.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { unit } from '../../facts/target/unit.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice, tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

const needs = { freePorts: optional(freePorts), listeners, configEdit: optional(configEdit), unit: optional(unit) };
type Facts = FactsOf<typeof needs>;

/** Moves an address to the next free port in buildkitd.toml, and says what clients must change. */
export const movePorts: Fix<typeof needs, PortsEvidence> = {
  needs,
  title: 'Move the address to a free port',
  plan(problems, facts) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const free = freeFor(evidence, facts);
      const config = facts.configEdit.value ?? null;
      const { what, source, use } = evidence;
      const movable = what === 'in-use' || what === 'duplicate' || what === 'privileged';
      if (movable && free !== null && source === 'file' && use !== 'published' && config?.digest != null)
        return [move(index, evidence, free, config)];
      const text = adviceFor(evidence, free, facts);
      return text === null ? [] : [advice([index], text)];
    });
  },
};

const freeFor = ({ key, index, address }: PortsEvidence, { freePorts: { value } }: Facts): number | null =>
  [...(value ?? [])].find(([{ key: of, index: at, text }]) => of === key && at === index && text === address)?.[1] ??
  null;

function move(
  problem: number,
  { key, index, address, use }: PortsEvidence,
  free: number,
  config: ConfigEdit,
): Treatment {
  const path = [...key.split('.'), ...(index === null ? [] : [String(index)])];
  const instead = withPort(address, free);
  const edit = configSteps(config, [{ change: 'set', path, value: instead }]);
  const clients =
    use === 'debug'
      ? `Whoever reads metrics or profiles from ${address} must use ${instead} from now on`
      : `Clients that use ${address} must use port ${free} from now on: buildctl --addr, BUILDKIT_HOST, and docker buildx create --driver remote`;
  return { for: [problem], risk: 'safe', until: 'restart', steps: [...edit, tell(clients)] };
}

function adviceFor(evidence: PortsEvidence, free: number | null, facts: Facts): string | null {
  const { what, address, key, pid, port, host, use } = evidence;
  const where = whereWords(evidence, facts);
  const change = free === null ? null : `Change ${address} to ${withPort(address, free)}`;
  switch (what) {
    case 'in-use':
    case 'duplicate':
      if (use === 'published')
        return `Publish another port of the host ${where}, or stop what uses ${port}${pid === null ? '' : ` (pid ${pid})`}`;
      return `${change ?? 'Choose a free port'} ${where}${what === 'duplicate' ? ', or leave one of the two out' : pid === null ? '' : `, or stop the process ${pid}`}`;
    case 'privileged':
      return `${change ?? 'Choose a higher port'} ${where}; or as root allow it to everybody: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`;
    case 'not-local':
      return `Write an address that this host has (ip -brief address), or 0.0.0.0 for all of them, in place of ${host ?? address} ${where}`;
    case 'invalid':
      return isMended(evidence, facts)
        ? `config/buildkitd says how ${key} is mended.`
        : `Write the address as ${use === 'debug' ? 'HOST:PORT, without a scheme' : 'tcp://HOST:PORT'}, an IPv6 host in brackets, ${where}`;
    case 'random':
      return `Write a fixed port ${where}, such as tcp://127.0.0.1:1234`;
    case 'unpublished':
      return `Give rootlesskit the options --port-driver=builtin --publish=127.0.0.1:${port}:${port}/tcp`;
    case 'loopback-down':
      return 'As root, in the network namespace of buildkitd:\nip link set lo up';
    case 'ephemeral':
      return null;
    case 'other':
      return `Choose another address ${where}`;
  }
}

const whereWords = ({ source, key }: PortsEvidence, facts: Facts): string =>
  isFlag(source)
    ? `in ${facts.unit.value?.path ?? (source === 'environment' ? 'BUILDKITD_FLAGS' : 'the command line that starts buildkitd')}`
    : source === 'option'
      ? 'on the command line'
      : `at ${key}`;

function isMended({ key, index, use }: PortsEvidence, { listeners: { all } }: Facts): boolean {
  const listener = use === 'published' ? undefined : all.find((one) => one.key === key && one.index === index);
  return listener !== undefined && isMendedInTheFile(listener);
}

/** The same address with another port; everything before it stays as written. */
export function withPort(text: string, port: number): string {
  const at = text.lastIndexOf(':');
  const start = text.indexOf('://');
  // "tcp://" alone has no colon of its own.
  return at <= start ? `${text}:${port}` : `${text.slice(0, at)}:${port}`;
}
