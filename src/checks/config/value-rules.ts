import { acrossReleases, type ConfigReading, type ConfigValue } from '../../buildkit/config.ts';
import { repositoryComplaint } from '../../buildkit/repositories.ts';
import { KEYS } from '../../buildkit/schema.ts';
import { joinKey, keyText, specOf } from '../../buildkit/schema-tree.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import { isSince, type Release, release } from '../../buildkit/version.ts';
import { type ListenAddress, parseIp, parseListenAddress, resolvePort, splitHostPort } from '../../facts/address.ts';
import type { Condition, Json } from '../../model.ts';
import { nearest } from '../../nearest.ts';

/** What surrounds the file and decides what its values do. */
export interface ValueContext {
  /** Is the key overridden from outside the file? */
  readonly overridden: (key: string) => boolean;
  /** Is the OCI worker off? */
  readonly ociOff: boolean;
  /** Will the containerd worker be used? */
  readonly containerd: boolean;
  readonly rootless: boolean;
  /** What a flag says of it; null: no flag. */
  readonly noProcessSandboxByFlag: boolean | null;
}
/** A value of the right type that does not do what it says. `stops`: buildkitd does not start, or every RUN fails. */
export interface ValueProblem {
  readonly condition: Condition;
  readonly effect: 'stops' | 'odd' | 'note';
  readonly key: string;
  readonly written: readonly string[];
  readonly line: number;
  readonly message: string;
  readonly prints: string;
  /** What to write instead, at `written`; null: a person has to say. */
  readonly instead: Json | null;
  readonly advice: string | null;
  readonly versions: string | null;
}
type Found = Omit<ValueProblem, 'versions'>;

const SNAPSHOTTERS: { readonly [name: string]: string } = {
  overlay: 'overlayfs',
  overlay2: 'overlayfs',
  overlayfs2: 'overlayfs',
  fuse: 'fuse-overlayfs',
  fuseoverlayfs: 'fuse-overlayfs',
  fuse_overlayfs: 'fuse-overlayfs',
  'fuse-overlay': 'fuse-overlayfs',
  fuseoverlay: 'fuse-overlayfs',
  vfs: 'native',
  naive: 'native',
  default: 'auto',
  automatic: 'auto',
};
const KNOWN_OS =
  /^(?:aix|android|darwin|macos|dragonfly|freebsd|hurd|illumos|ios|js|linux|nacl|netbsd|openbsd|plan9|solaris|windows|zos)$/i;
const KNOWN_ARCH =
  /^(?:386|i386|amd64|x86_64|x86-64|amd64p32|arm|armbe|armhf|armel|arm64|aarch64|arm64be|ppc64|ppc64le|loong64|mips|mipsle|mips64|mips64le|mips64p32|mips64p32le|ppc|riscv|riscv64|s390|s390x|sparc|sparc64|wasm)$/i;
const LEVELS = /^(?:panic|fatal|error|warn|warning|info|debug|trace)$/i;
const SMALL = 1_000_000;
/** Ten years; a longer time is one that was counted in smaller units. */
const LONG_SECONDS = 315_360_000;
const OVERFLOW_SECONDS = 2 ** 63 / 1e9;
/** Before, the whole text is the TCP address. */
const DEBUG_ADDRESS_WITH_SCHEME: Release = [0, 19, 0];

/** What each part of a platform may hold, from a release on, newest first. */
const PLATFORM_PARTS: readonly { readonly since: Release; readonly first: RegExp; readonly later: RegExp }[] = [
  {
    since: [0, 31, 0],
    first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.%-]*(?:\+[A-Za-z0-9_.%-]+)*\))?$/,
    later: /^[A-Za-z0-9_.-]+$/,
  },
  { since: [0, 19, 0], first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.-]*\))?$/, later: /^[A-Za-z0-9_.-]+$/ },
  { since: [0, 15, 0], first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.-]*\))?$/, later: /^[A-Za-z0-9_-]+$/ },
  { since: [0, 3, 0], first: /^[A-Za-z0-9_-]+$/, later: /^[A-Za-z0-9_-]+$/ },
];

/** Why a release cannot read a platform; null where it can. */
function platformComplaint(text: string, at: Release): string | null {
  const parts = text.split('/');
  if (text.includes(',')) return 'it holds several platforms: each is an element of the list';
  if (text.includes('*')) return 'there are no wildcards';
  if (parts.length > 3) return 'it has more than three parts';
  const { first, later } = PLATFORM_PARTS.find(({ since }) => isSince(at, since)) ?? { first: /^/, later: /^/ };
  const bad = parts.find((part, index) => !(index === 0 ? first : later).test(part));
  if (bad !== undefined)
    return bad === '' ? 'a part of it is empty' : `${JSON.stringify(bad)} has a character that platforms cannot have`;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return 'two hexadecimal digits must follow %';
  const only = parts.length === 1 ? (parts[0] ?? '').replace(/\(.*$/, '') : null;
  if (only !== null && !KNOWN_OS.test(only) && !KNOWN_ARCH.test(only))
    return 'no operating system and no processor has this name';
  return null;
}

/** Why nobody can listen at an address, whatever the host; null where its text is in order. */
function addressComplaint(address: ListenAddress): string | null {
  if (address.scheme === 'unix') return address.path === '' ? 'the path of the socket is missing' : null;
  if (address.scheme !== 'tcp') return address.scheme === null ? address.why : null;
  const split = splitHostPort(address.hostPort);
  if (split.error !== null) return split.error;
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/i.test(split.port) && !/^\d+$/.test(split.port)) return null;
  return resolvePort(split.port, new Map()).error;
}
/** Judges the values of a file by what surrounds it. */
export function judgeValues(reading: ConfigReading, context: ValueContext): readonly ValueProblem[] {
  const { values, releases } = reading;
  const found = acrossReleases(
    releases,
    (at) => [
      ...values.flatMap((value) => judgeValue(value, at, values, context)),
      ...judgeTogether(at, values, context),
    ],
    ({ condition, key, line, effect, written }) => [condition, key, line, effect, ...written].join('\0'),
  );
  return found.map(({ item, versions }) => ({ ...item, versions }));
}

function judgeValue(
  entry: ConfigValue,
  at: Release,
  values: readonly ConfigValue[],
  context: ValueContext,
): readonly Found[] {
  const { path, value, written, line, itemLines } = entry;
  const key = joinKey(path);
  const spec = specOf(path);
  if (spec === null || !isSince(at, release(spec.since)) || context.overridden(key)) return [];
  const say = (condition: Condition, effect: Found['effect'], message: string, more: Partial<Found> = {}): Found => ({
    condition,
    effect,
    key: keyText(path),
    written,
    line,
    message,
    prints: '',
    instead: null,
    advice: null,
    ...more,
  });
  const name = path.at(-1) ?? '';
  const isWorker = path[0] === 'worker' && path.length === 3;
  const off = path[0] === 'worker' && (path[1] === 'oci' ? context.ociOff : !context.containerd);
  const known = (spec.values ?? []).flatMap((item) =>
    typeof item === 'string' ? [item] : isSince(at, release(item.since)) ? [item.value] : [],
  );
  const text = typeof value === 'string' ? value : null;
  const invalid = 'config.invalid-value';

  if (key === 'worker.oci.snapshotter' && text !== null && text !== '') {
    const proxied =
      values.some((other) => joinKey(other.path) === 'worker.oci.proxySnapshotterPath' && other.value !== '') ||
      context.overridden('worker.oci.proxySnapshotterPath');
    if (known.includes(text) || proxied || off) return [];
    const meant = SNAPSHOTTERS[text.toLowerCase()] ?? nearest(text, known);
    return [
      say(
        'snapshotter.name-mismatch',
        'stops',
        `buildkitd knows no snapshotter ${JSON.stringify(text)} and does not start; there are ${known.join(', ')}.`,
        {
          prints: `unknown snapshotter name: ${JSON.stringify(text)}`,
          instead: meant,
          advice: `Write one of ${known.join(', ')}; auto takes the best that works.`,
        },
      ),
    ];
  }
  if (key === 'worker.containerd.snapshotter' && text !== null && (text === 'auto' || text.includes('/')))
    return [
      say(
        'snapshotter.name-mismatch',
        off ? 'odd' : 'stops',
        `${JSON.stringify(text)} is no snapshotter of containerd; there is no automatic choice for this worker.`,
        {
          advice: 'Write a snapshotter that this containerd has (ctr plugins ls), overlayfs for example.',
        },
      ),
    ];
  if (isWorker && name === 'networkMode' && text !== null && text !== '' && !known.includes(text)) {
    const meant = known.includes(text.toLowerCase()) ? text.toLowerCase() : nearest(text, known);
    return [
      say(
        invalid,
        off ? 'odd' : 'stops',
        `networkMode ${JSON.stringify(text)} does not exist${off ? '' : ', and buildkitd does not start'}; there are ${known.join(', ')}.`,
        {
          prints: off ? '' : `invalid network mode: ${JSON.stringify(text)}`,
          instead: text === 'none' ? null : meant,
          advice: `Write one of ${known.join(', ')}.${text === 'none' ? ' Single steps go without network by RUN --network=none.' : ''}`,
        },
      ),
    ];
  }
  if (key === 'log.format' && text !== null && text !== '' && !known.includes(text))
    return [
      say(
        invalid,
        'stops',
        `The log format ${JSON.stringify(text)} does not exist, and buildkitd does not start; there are ${known.join(' and ')}.`,
        {
          prints: `unsupported log type ${JSON.stringify(text)}`,
          instead: known.find((item) => item === text.toLowerCase()) ?? nearest(text, known),
          advice: `Write ${known.join(' or ')}.`,
        },
      ),
    ];
  if (key === 'log.level' && text !== null && text !== '' && !LEVELS.test(text))
    return [
      say(
        invalid,
        'stops',
        `The log level ${JSON.stringify(text)} does not exist, and buildkitd does not start; there are ${known.join(', ')}.`,
        {
          prints: 'unsupported log level',
          instead: nearest(text, known),
          advice: `Write one of ${known.join(', ')}.`,
        },
      ),
    ];
  if (key === 'grpc.address' && Array.isArray(value))
    return value.flatMap((item: Json, index) => {
      const address = typeof item === 'string' ? parseListenAddress(item) : null;
      const why = address === null ? null : addressComplaint(address);
      if (typeof item !== 'string' || address === null || why === null) return literalPath(item, index);
      const place = { line: itemLines[index] ?? line, written: [...written, String(index)] };
      if (address.scheme !== null)
        return [
          say('config.bad-address', 'stops', `buildkitd cannot listen at ${JSON.stringify(item)}: ${why}.`, {
            ...place,
            prints: address.scheme === 'tcp' ? why : '',
            advice: 'Write unix:///path or tcp://host:port.',
          }),
        ];
      const socket = /^(?:unix:)?(\/(?!\/).*)$/.exec(item)?.[1];
      const guess =
        socket !== undefined
          ? `unix://${socket}`
          : /^[\w.*[\]:-]*:\d+$/.test(item)
            ? `tcp://${item.replace(/^\*:/, '0.0.0.0:')}`
            : null;
      return [
        say(
          'config.bad-address',
          'stops',
          `buildkitd does not start with the address ${JSON.stringify(item)}: it must begin with unix://, tcp:// or fd://.`,
          {
            ...place,
            prints: why,
            // A socket at that path opens nothing to the network.
            instead: socket === undefined ? null : guess,
            advice: guess === null ? 'Write unix:///path or tcp://host:port.' : `Write ${guess}.`,
          },
        ),
      ];
    });
  if (key === 'grpc.debugAddress' && text !== null && text !== '') {
    const whole = !isSince(at, DEBUG_ADDRESS_WITH_SCHEME) || !text.includes('://');
    const why = addressComplaint(whole ? { scheme: 'tcp', hostPort: text } : parseListenAddress(text));
    if (why === null) return literalPath(value, null);
    return [
      say(
        'config.bad-address',
        'stops',
        `buildkitd cannot listen at the debug address ${JSON.stringify(text)}: ${why}.`,
        {
          prints: why,
          advice: 'Write host:port, such as 127.0.0.1:6060.',
        },
      ),
    ];
  }
  if (isWorker && name === 'platforms' && Array.isArray(value))
    return value.flatMap((item: Json, index) => {
      const why = typeof item === 'string' ? platformComplaint(item, at) : null;
      if (why === null) return [];
      return [
        say(invalid, off ? 'odd' : 'stops', `The platform ${JSON.stringify(item)} cannot be read: ${why}.`, {
          line: itemLines[index] ?? line,
          prints: off ? '' : 'invalid platforms',
          written: [...written, String(index)],
          advice: 'Write platforms as "linux/amd64" or "linux/arm/v7".',
        }),
      ];
    });
  if (key === 'system.maxRegistryConcurrency' && typeof value === 'number' && value <= 0)
    return [
      say(
        invalid,
        'stops',
        `maxRegistryConcurrency is ${value}; it must be greater than zero, else buildkitd does not start.`,
        {
          prints: 'maxRegistryConcurrency must be greater than zero',
          advice: 'Write a number greater than zero, or remove the key: the default is 4.',
        },
      ),
    ];
  if (key === 'history.maxEntries' && typeof value === 'number' && value < 0)
    return [
      say(invalid, 'stops', `maxEntries is ${value}; less than 0 makes buildkitd crash soon after its start.`, {
        prints: 'slice bounds out of range',
        advice: 'Write a number from 0 on, or remove the key: the default is 50.',
      }),
    ];
  if (key === 'dns.nameservers' && Array.isArray(value)) {
    const checked = isSince(at, [0, 24, 0]);
    return value.flatMap((item: Json, index) =>
      typeof item !== 'string' || parseIp(item) !== null
        ? []
        : [
            say(
              invalid,
              checked ? 'stops' : 'odd',
              `The name server ${JSON.stringify(item)} is no bare IP address${checked ? ': every RUN step fails' : ', and build steps get it as it is'}.`,
              {
                line: itemLines[index] ?? line,
                prints: checked ? 'bad nameserver address' : '',
                written: [...written, String(index)],
                advice: 'Write IP addresses without port and without name.',
              },
            ),
          ],
    );
  }
  if (key === 'frontend."dockerfile.v0".enabled' && value === false)
    return [
      say(
        invalid,
        'stops',
        'The Dockerfile frontend is switched off: builds that ask for it fail, as those of buildctl and docker buildx do.',
        {
          prints: 'invalid frontend: dockerfile.v0',
          advice: 'Write enabled = true, or remove the line, unless no client is to build Dockerfiles.',
        },
      ),
    ];
  if (key === 'worker.oci.proxySnapshotterPath' && text !== null && /^unix:\/\//.test(text))
    return [
      say(
        invalid,
        off ? 'odd' : 'stops',
        `The path of the proxy snapshotter is written without unix://; so it is not found.`,
        {
          prints: off ? '' : "Do not include 'unix://' prefix",
          instead: text.replace(/^unix:\/\//, ''),
          advice: `Write ${JSON.stringify(text.replace(/^unix:\/\//, ''))}.`,
        },
      ),
    ];
  if (key === 'frontend."gateway.v0".allowedRepositories' && Array.isArray(value))
    return value.flatMap((item: Json, index) => {
      const why = typeof item === 'string' ? repositoryComplaint(item) : null;
      if (why === null) return [];
      return [
        say(
          invalid,
          'stops',
          `buildkitd does not start: the allowed repository ${JSON.stringify(item)} cannot be read: ${why}.`,
          {
            line: itemLines[index] ?? line,
            written: [...written, String(index)],
            advice: 'Write repositories as "docker/dockerfile" or "host:port/path".',
          },
        ),
      ];
    });
  if (key === 'otel.socketPath' && text !== null && /^[a-z]+:\/\//.test(text))
    return [
      say(
        invalid,
        'odd',
        `The path of this socket is written without a scheme; ${JSON.stringify(text)} is taken for a relative path.`,
        {
          instead: text.startsWith('unix:///') ? text.slice('unix://'.length) : null,
          advice: 'Write the path alone.',
        },
      ),
    ];
  if (key === 'grpc.securityDescriptor' || key === 'worker.oci.userRemapUnsupported')
    return [
      say(
        invalid,
        'note',
        key === 'grpc.securityDescriptor'
          ? `${key} is for Windows and does nothing here.`
          : `${key} is for BuildKit's own tests.`,
        {},
      ),
    ];
  if (spec.type === 'size') return sizes(value, entry.raw);
  if (spec.type === 'duration') return durations(value);
  return literalPath(value, null);

  function sizes(size: Json, raw: string): readonly Found[] {
    const parsed = typeof size === 'string' ? parseSize(size) : typeof size === 'number' ? { bytes: size } : null;
    if (parsed === null || parsed === 'unset') return [];
    if ('percent' in parsed)
      return parsed.percent >= 0 && parsed.percent <= 100
        ? []
        : [
            say(invalid, 'odd', `${parsed.percent} percent of a file system is not possible.`, {
              advice: 'Write a percentage from "0%" to "100%".',
            }),
          ];
    if (parsed.bytes < 0)
      return [say(invalid, 'odd', `${raw} bytes are less than nothing.`, { advice: 'Write a size.' })];
    if (parsed.bytes === 0 || parsed.bytes >= SMALL) return [];
    const flag = name === 'gckeepstorage' ? ' (only the flag counts in megabytes)' : '';
    const wish = isSince(at, [0, 12, 0]) ? `"${Math.trunc(parsed.bytes)}MB"` : `${Math.trunc(parsed.bytes)}000000`;
    return [
      say(
        invalid,
        'odd',
        `${keyText(path)} is ${Math.trunc(parsed.bytes)} bytes${flag}, so that nearly all cache is deleted.`,
        {
          advice: `Write ${wish} if megabytes were meant.`,
        },
      ),
    ];
  }
  function durations(duration: Json): readonly Found[] {
    const seconds = typeof duration === 'number' ? duration : null;
    if (seconds === null || seconds <= LONG_SECONDS) return [];
    const years = Math.round(seconds / 31_536_000);
    return [
      say(
        invalid,
        'odd',
        seconds > OVERFLOW_SECONDS
          ? `${keyText(path)} counts in seconds, and ${seconds} of them are more than buildkitd can count: it takes a wrong time.`
          : `${keyText(path)} counts in seconds; this is ${years} years.`,
        {
          advice: `Write the time in seconds${isSince(at, [0, 12, 0]) ? ', or as text such as "48h"' : ''}.`,
        },
      ),
    ];
  }
  function literalPath(candidate: Json, index: number | null): readonly Found[] {
    if (typeof candidate !== 'string') return [];
    const isPath = index !== null || key === 'root' || /(?:Path|Dir|\.cert|\.key|\.ca|\.address|\.binary)$/.test(key);
    if (!isPath || !/^(?:unix:\/\/)?(?:~\/|\$\{?[A-Za-z_])/.test(candidate)) return [];
    return [
      say(
        invalid,
        'odd',
        `${JSON.stringify(candidate)} is taken literally: buildkitd replaces neither ~ nor variables.`,
        {
          ...(index === null ? {} : { line: itemLines[index] ?? line, written: [...written, String(index)] }),
          advice: 'Write the whole path.',
        },
      ),
    ];
  }
}

/** What only several keys together tell. */
function judgeTogether(at: Release, values: readonly ConfigValue[], context: ValueContext): readonly Found[] {
  const byKey = new Map(values.map((value) => [joinKey(value.path), value]));
  const out: Found[] = [];
  const at0 = (key: string): ConfigValue | undefined => byKey.get(key);
  const odd = (
    entry: ConfigValue,
    effect: Found['effect'],
    message: string,
    advice: string | null,
    prints = '',
    condition: Condition = 'config.invalid-value',
  ): void => {
    out.push({
      condition,
      effect,
      key: keyText(entry.path),
      written: entry.written,
      line: entry.line,
      message,
      prints,
      instead: null,
      advice,
    });
  };
  const sandbox = at0('worker.oci.noProcessSandbox');
  if (sandbox?.value === true && context.noProcessSandboxByFlag !== false && !context.rootless && !context.ociOff)
    odd(
      sandbox,
      'stops',
      'noProcessSandbox works only in rootless mode; without it buildkitd does not start.',
      'Remove noProcessSandbox, or start buildkitd through rootlesskit.',
      "can't enable NoProcessSandbox without Rootless",
    );
  for (const worker of ['oci', 'containerd']) {
    const prefix = `worker.${worker}`;
    const policy = values.find(({ path }) => path[0] === 'worker' && path[1] === worker && path[2] === 'gcpolicy');
    const off = at0(`${prefix}.gc`)?.value === false && !context.overridden(`${prefix}.gc`);
    for (const name of ['reservedSpace', 'maxUsedSpace', 'minFreeSpace', 'gckeepstorage']) {
      const entry = at0(`${prefix}.${name}`);
      const spec = KEYS.find(({ key }) => key === `${prefix}.${name}`);
      if (entry === undefined || spec === undefined || !isSince(at, release(spec.since))) continue;
      if (off) odd(entry, 'note', `${name} has no effect while gc is false.`, null);
      else if (policy !== undefined && at0(`${prefix}.gc`)?.value !== false)
        odd(
          entry,
          'odd',
          `${name} has no effect: the rules in [[${prefix}.gcpolicy]] take the place of the built-in ones.`,
          `Write ${name === 'gckeepstorage' ? 'the size' : name} into those rules, or remove it.`,
        );
    }
    if (off && policy !== undefined)
      odd(policy, 'note', `The rules in [[${prefix}.gcpolicy]] have no effect while gc is false.`, null);
  }
  return out;
}
