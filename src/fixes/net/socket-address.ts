import { parseListenAddress } from '../../buildkit/address.ts';
import { isMendedInTheFile, meantAddress } from '../../checks/config/address-rules.ts';
import type { SocketsEvidence } from '../../checks/net/socket-case.ts';
import type { ConfigEdit } from '../../facts/rights/config-edit.ts';
import type { Step } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

/** Writes an address as it was probably meant, where the file has it; else says how. */
export function correctAddress(evidence: SocketsEvidence, config: ConfigEdit | null): readonly Step[] {
  const { what, address, key, index, source, use } = evidence;
  if (use !== 'otel' && isMendedInTheFile({ source, address: parseListenAddress(address) }))
    return [tell(`config/buildkitd says how ${key} is mended.`)];
  const instead = insteadOf(evidence);
  if (instead === null)
    return [tell(use === 'otel' ? 'Write it as an absolute path' : 'Write it as unix:///PATH or tcp://HOST:PORT')];
  if (source !== 'file' || config?.digest == null) return [tell(`Write it as ${instead}`)];
  // A relative path may be meant: only a person knows from which directory.
  if (what === 'relative') return [tell(`Write it as ${instead} at ${key} in ${config.path}`)];
  const path = [...key.split('.'), ...(index === null ? [] : [String(index)])];
  return configSteps(config, [{ change: 'set', path, value: instead }]);
}

/** What the address would become; null where nothing tells what was meant. */
function insteadOf({ what, use, address, path }: SocketsEvidence): string | null {
  if (what === 'scheme' && use !== 'otel') {
    const parsed = parseListenAddress(address);
    return parsed.scheme === 'npipe' ? `unix://${parsed.path}` : meantAddress(address);
  }
  if (path === null || path === '' || path.startsWith('@')) return null;
  if (use !== 'otel') return `unix:///${path}`;
  return path.startsWith('unix:///') ? path.slice('unix://'.length) : `/${path}`;
}
