import { parseIp, parseListenAddress } from '../../buildkit/address.ts';
import { joinKey } from '../../buildkit/config/schema-tree.ts';
import { LEVELS } from '../../buildkit/log-levels.ts';
import { platformComplaint } from '../../buildkit/platform.ts';
import { repositoryComplaint } from '../../buildkit/repositories.ts';
import { isSince, type Release } from '../../buildkit/version.ts';
import type { Json } from '../../model/look.ts';
import { addressComplaint } from './address-rules.ts';
import type { FoundValue, JudgedValue } from './value-problem.ts';

/** Before, the whole text is the TCP address. */
const DEBUG_ADDRESS_WITH_SCHEME: Release = [0, 19, 0];

function judgeSnapshotter({ text, known, off, say, values, context }: JudgedValue): readonly FoundValue[] {
  if (text === null || text === '') return [];
  const proxied =
    values.some((other) => joinKey(other.path) === 'worker.oci.proxySnapshotterPath' && other.value !== '') ||
    context.overridden('worker.oci.proxySnapshotterPath');
  if (known.includes(text) || proxied || off) return [];
  return [
    say(
      'snapshotter',
      'stops',
      `buildkitd knows no snapshotter ${JSON.stringify(text)} and does not start; there are ${known.join(', ')}.`,
      {
        condition: 'snapshotter.name-mismatch',
        prints: `unknown snapshotter name: ${JSON.stringify(text)}`,
        choices: known,
      },
    ),
  ];
}

function judgeContainerdSnapshotter({ text, off, say }: JudgedValue): readonly FoundValue[] {
  if (text !== 'auto' && text?.includes('/') !== true) return [];
  return [
    say(
      'containerd-snapshotter',
      off ? 'odd' : 'stops',
      `${JSON.stringify(text)} is no snapshotter of containerd; there is no automatic choice for this worker.`,
      { condition: 'snapshotter.name-mismatch' },
    ),
  ];
}

function judgeNetworkMode({ text, known, off, say }: JudgedValue): readonly FoundValue[] {
  if (text === null || text === '' || known.includes(text)) return [];
  return [
    say(
      'network-mode',
      off ? 'odd' : 'stops',
      `networkMode ${JSON.stringify(text)} does not exist${off ? '' : ', and buildkitd does not start'}; there are ${known.join(', ')}.`,
      { prints: off ? '' : `invalid network mode: ${JSON.stringify(text)}`, choices: known },
    ),
  ];
}

function judgeLogFormat({ text, known, say }: JudgedValue): readonly FoundValue[] {
  if (text === null || text === '' || known.includes(text)) return [];
  return [
    say(
      'log-format',
      'stops',
      `The log format ${JSON.stringify(text)} does not exist, and buildkitd does not start; there are ${known.join(' and ')}.`,
      { prints: `unsupported log type ${JSON.stringify(text)}`, choices: known },
    ),
  ];
}

function judgeLogLevel({ text, known, say }: JudgedValue): readonly FoundValue[] {
  if (text === null || text === '' || LEVELS.test(text)) return [];
  return [
    say(
      'log-level',
      'stops',
      `The log level ${JSON.stringify(text)} does not exist, and buildkitd does not start; there are ${known.join(', ')}.`,
      { prints: 'unsupported log level', choices: known },
    ),
  ];
}

function judgeAddress(judged: JudgedValue): readonly FoundValue[] {
  const { value, sayOf } = judged;
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: Json, index) => {
    const address = typeof item === 'string' ? parseListenAddress(item) : null;
    const why = address === null ? null : addressComplaint(address);
    if (address === null || why === null) return literalPath(judged, item, index);
    return [
      sayOf(
        index,
        'address',
        'stops',
        address.scheme === null
          ? `buildkitd does not start with the address ${JSON.stringify(item)}: it must begin with unix://, tcp:// or fd://.`
          : `buildkitd cannot listen at ${JSON.stringify(item)}: ${why}.`,
        { condition: 'config.bad-address', prints: address.scheme === 'unix' ? '' : why },
      ),
    ];
  });
}

function judgeDebugAddress({ text, release, say }: JudgedValue): readonly FoundValue[] {
  if (text === null || text === '') return [];
  const whole = !isSince(release, DEBUG_ADDRESS_WITH_SCHEME) || !text.includes('://');
  const why = addressComplaint(whole ? { scheme: 'tcp', hostPort: text } : parseListenAddress(text));
  if (why === null) return [];
  return [
    say('debug-address', 'stops', `buildkitd cannot listen at the debug address ${JSON.stringify(text)}: ${why}.`, {
      condition: 'config.bad-address',
      prints: why,
    }),
  ];
}

function judgePlatforms({ value, release, off, sayOf }: JudgedValue): readonly FoundValue[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: Json, index) => {
    const why = typeof item === 'string' ? platformComplaint(item, release) : null;
    if (why === null) return [];
    const message = `The platform ${JSON.stringify(item)} cannot be read: ${why}.`;
    return [sayOf(index, 'platform', off ? 'odd' : 'stops', message, { prints: off ? '' : 'invalid platforms' })];
  });
}

function judgeMaxRegistryConcurrency({ value, say }: JudgedValue): readonly FoundValue[] {
  if (typeof value !== 'number' || value > 0) return [];
  return [
    say(
      'registry-concurrency',
      'stops',
      `maxRegistryConcurrency is ${value}; it must be greater than zero, else buildkitd does not start.`,
      { prints: 'maxRegistryConcurrency must be greater than zero' },
    ),
  ];
}

function judgeHistoryMaxEntries({ value, say }: JudgedValue): readonly FoundValue[] {
  if (typeof value !== 'number' || value >= 0) return [];
  return [
    say('history-entries', 'stops', `maxEntries is ${value}; less than 0 makes buildkitd crash soon after its start.`, {
      prints: 'slice bounds out of range',
    }),
  ];
}

function judgeNameservers({ value, release, sayOf }: JudgedValue): readonly FoundValue[] {
  if (!Array.isArray(value)) return [];
  const checked = isSince(release, [0, 24, 0]);
  return value.flatMap((item: Json, index) =>
    typeof item !== 'string' || parseIp(item) !== null
      ? []
      : [
          sayOf(
            index,
            'name-server',
            checked ? 'stops' : 'odd',
            `The name server ${JSON.stringify(item)} is no bare IP address${checked ? ': every RUN step fails' : ', and build steps get it as it is'}.`,
            { prints: checked ? 'bad nameserver address' : '' },
          ),
        ],
  );
}

function judgeDockerfileEnabled({ value, say }: JudgedValue): readonly FoundValue[] {
  if (value !== false) return [];
  return [
    say(
      'dockerfile-off',
      'stops',
      'The Dockerfile frontend is switched off: builds that ask for it fail, as those of buildctl and docker buildx do.',
      { prints: 'invalid frontend: dockerfile.v0' },
    ),
  ];
}

function judgeProxySnapshotterPath({ text, off, say }: JudgedValue): readonly FoundValue[] {
  if (text?.startsWith('unix://') !== true) return [];
  return [
    say(
      'proxy-scheme',
      off ? 'odd' : 'stops',
      `The path of the proxy snapshotter is written without unix://; so it is not found.`,
      { prints: off ? '' : "Do not include 'unix://' prefix" },
    ),
  ];
}

function judgeAllowedRepositories({ value, sayOf }: JudgedValue): readonly FoundValue[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: Json, index) => {
    const why = typeof item === 'string' ? repositoryComplaint(item) : null;
    if (why === null) return [];
    return [
      sayOf(
        index,
        'repository',
        'stops',
        `buildkitd does not start: the allowed repository ${JSON.stringify(item)} cannot be read: ${why}.`,
      ),
    ];
  });
}

function judgeUnused({ key, say }: JudgedValue): readonly FoundValue[] {
  return [
    say(
      'unused',
      'note',
      key === 'grpc.securityDescriptor'
        ? `${key} is for Windows and does nothing here.`
        : `${key} is for BuildKit's own tests.`,
    ),
  ];
}

/** A path in which a shell would replace something. */
export function literalPath(
  { key, say, sayOf }: JudgedValue,
  candidate: Json,
  index: number | null,
): readonly FoundValue[] {
  if (typeof candidate !== 'string') return [];
  const isPath = index !== null || key === 'root' || /(?:Path|Dir|\.cert|\.key|\.ca|\.address|\.binary)$/.test(key);
  if (!isPath || !/^(?:unix:\/\/)?(?:~\/|\$\{?[A-Za-z_])/.test(candidate)) return [];
  const message = `${JSON.stringify(candidate)} is taken literally: buildkitd replaces neither ~ nor variables.`;
  return [index === null ? say('literal-path', 'odd', message) : sayOf(index, 'literal-path', 'odd', message)];
}

/** Keys that have rules of their own. */
export const KEY_RULES: { readonly [key: string]: (judged: JudgedValue) => readonly FoundValue[] } = {
  'worker.oci.snapshotter': judgeSnapshotter,
  'worker.containerd.snapshotter': judgeContainerdSnapshotter,
  'worker.oci.networkMode': judgeNetworkMode,
  'worker.containerd.networkMode': judgeNetworkMode,
  'log.format': judgeLogFormat,
  'log.level': judgeLogLevel,
  'grpc.address': judgeAddress,
  'grpc.debugAddress': judgeDebugAddress,
  'worker.oci.platforms': judgePlatforms,
  'worker.containerd.platforms': judgePlatforms,
  'system.maxRegistryConcurrency': judgeMaxRegistryConcurrency,
  'history.maxEntries': judgeHistoryMaxEntries,
  'dns.nameservers': judgeNameservers,
  'frontend."dockerfile.v0".enabled': judgeDockerfileEnabled,
  'worker.oci.proxySnapshotterPath': judgeProxySnapshotterPath,
  'frontend."gateway.v0".allowedRepositories': judgeAllowedRepositories,
  'grpc.securityDescriptor': judgeUnused,
  'worker.oci.userRemapUnsupported': judgeUnused,
};
