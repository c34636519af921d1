import { isSecretName, MASK, maskAddress, type OnSecret, tellParts, tellWords } from '../text/secret-words.ts';
import { unitWords } from '../text/unit-words.ts';
import { maskArguments } from './arguments.ts';
import { maskJson } from './json.ts';
import { maskKnownForms } from './text.ts';

/** Variables that decide something for buildkitd, rootlesskit or a client; the values of others are never kept. */
export const ENVIRONMENT_NAMES = [
  'PATH',
  'USER',
  'LOGNAME',
  'HOME',
  'SHELL',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_DATA_HOME',
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'BUILDKIT_HOST',
  'BUILDKITD_FLAGS',
  'BUILDKITD_LOG_LEVEL',
  'BUILDKITD_DEBUGADDR',
  'BUILDKIT_NETWORK_BRIDGE_AUTO',
  'BUILDKIT_SETUP_CGROUPV2_ROOT',
  'ROOTLESSKIT_STATE_DIR',
  'GETSUBIDS',
  'DBUS_SESSION_BUS_ADDRESS',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_BUILDKIT',
  'BUILDX_BUILDER',
  'BUILDX_CONFIG',
  'KUBERNETES_SERVICE_HOST',
  'LISTEN_FDS',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL',
  'OTEL_IGNORE_ERROR',
  'GOMEMLIMIT',
  'SOURCE_DATE_EPOCH',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'JAEGER_TRACE',
  'SSH_AUTH_SOCK',
] as const;

const LISTED: ReadonlySet<string> = new Set(ENVIRONMENT_NAMES);
/** Listed variables whose value is an address, which may hold a password. */
const ADDRESSES =
  /^(?:BUILDKIT_HOST|DOCKER_HOST|JAEGER_TRACE|BUILDKITD_DEBUGADDR|KUBERNETES_SERVICE_HOST|OTEL_\w+|HTTPS_PROXY|https_proxy)$/;

export function isListed(name: string): boolean {
  return LISTED.has(name);
}

/** The value of a variable as it may be kept: nothing of those that are not on the list. */
export function maskVariable(name: string, value: string, found: OnSecret): string {
  if (value === '') return value;
  if (isListed(name)) {
    if (name === 'BUILDKITD_FLAGS') return maskFlags(value, found);
    return maskKnownForms(ADDRESSES.test(name) ? maskAddress(value, found) : value, found);
  }
  if (isSecretName(name)) tellParts(value, found);
  if (value.trimStart().startsWith('{')) maskJson(value, found);
  tellWords(value, found);
  // Proxies have their password in the address.
  maskAddress(value, found);
  return MASK;
}

function maskFlags(value: string, found: OnSecret): string {
  const words = unitWords(value).words;
  const shown = maskArguments(words, found);
  return shown.every((word, index) => word === words[index]) ? value : shown.join(' ');
}
