import { FEATURES } from '../../buildkit/dockerfile/features.ts';
import { isSince, releaseText } from '../../buildkit/version.ts';
import { nearest } from '../../text/nearest.ts';
import type { Files } from '../model/context.ts';
import type { Daemon } from '../model/daemon.ts';
import type { Finding } from '../model/finding.ts';
import { isPlatform } from '../model/names.ts';
import { joined } from '../model/paths.ts';
import type { Asked, BuildRequest } from '../model/request.ts';
import { placeOf } from '../model/request.ts';
import { COMPRESSION, cacheTrouble, outputTroubles } from './outputs.ts';
import { secretFindings } from './secrets.ts';
import { dockerfileUnreadable } from './unreadable.ts';

/** What a command asks for that does not work, whatever the Dockerfile says. */
export function commandFindings(request: BuildRequest, daemon: Daemon, files: Files | null): readonly Finding[] {
  if (request.client === 'classic') return secretFindings(request, files);
  const frontend = request.frontend === null ? null : unknownFrontend(request.frontend, request.options);
  return [
    ...(frontend === null ? [] : [frontend]),
    ...optionFindings(request, daemon),
    ...localFindings(request, files),
    ...exportFindings(request, daemon, files),
    ...namelessPush(request),
    ...[...request.exportCaches, ...request.importCaches].flatMap((asked) =>
      cacheFinding(asked, request.exportCaches.includes(asked), request, files),
    ),
    ...secretFindings(request, files),
    ...sshFindings(request, daemon, files),
    ...networkFindings(request),
  ];
}

/** Options that the Dockerfile frontend reads; besides those with a prefix. */
export const OPTIONS = new Set(
  'target cgroup-parent force-network-mode add-hosts hostname image-resolve-mode multi-platform no-cache shm-size platform ulimit memory memswap cpushares cpuperiod cpuquota cpusetcpus cpusetmems cache-from cache-imports filename source cmdline context contextkey dockerfilekey contextsubdir requestid override-copy-image entitlements checksum'.split(
    ' ',
  ),
);
export const PREFIXES = [
  'build-arg:',
  'label:',
  'context:',
  'local-sessionid:',
  'attest:',
  'input:',
  'input-metadata:',
  'frontend.',
  'devel:',
];
/** What people write, and the option that is meant. */
const MEANT: { readonly [option: string]: string } = {
  network: 'force-network-mode=',
  file: 'filename=',
  dockerfile: 'filename=',
  'build-arg': 'build-arg:NAME=VALUE',
  'build-args': 'build-arg:NAME=VALUE',
  label: 'label:NAME=VALUE',
  arg: 'build-arg:NAME=VALUE',
  stage: 'target=',
  platforms: 'platform=',
  'no-cache-filter': 'no-cache=',
};
const LIMITS = ['memory', 'memswap', 'cpushares', 'cpuperiod', 'cpuquota', 'cpusetcpus', 'cpusetmems'];

function optionFindings({ options, frontend, client }: BuildRequest, daemon: Daemon): readonly Finding[] {
  const ours = frontend === null || frontend.value === 'dockerfile.v0';
  return [...options].flatMap(([name, asked]): readonly Finding[] => {
    const found = (
      condition: Finding['condition'],
      severity: Finding['severity'],
      message: string,
      remedy: string,
      needs: Finding['needs'] = {},
    ): readonly Finding[] => [{ ...placeOf(asked), condition, severity, message, needs, remedy: [remedy] }];
    if (
      ours &&
      client === 'buildctl' &&
      asked.bare !== true &&
      !OPTIONS.has(name) &&
      !PREFIXES.some((prefix) => name.startsWith(prefix))
    ) {
      const meant = MEANT[name] ?? nearest(name, [...OPTIONS]);
      return found(
        'build.opt-ignored',
        'warning',
        `The Dockerfile frontend has no option ${name}, and silently ignores it.`,
        meant === null ? `Leave out --opt ${name}.` : `Write --opt ${meant} in its place.`,
        meant === null ? {} : { flag: `--opt ${meant}` },
      );
    }
    if (LIMITS.includes(name) && !isSince(daemon.release, FEATURES.limits.daemon))
      return found(
        'build.opt-ignored',
        'warning',
        `The option ${name} is silently ignored before buildkitd v0.31.0; this is ${releaseText(daemon.release)}.`,
        'Use buildkitd v0.31.0 or later.',
        { buildkit: 'v0.31.0', frontend: '1.25' },
      );
    if (!asked.known) return [];
    if (client === 'buildctl' && asked.bare === true)
      return found(
        'build.opt-invalid',
        'error',
        `--opt ${name} has no value: the client ends with "invalid opt: invalid value ${name}".`,
        `Write --opt ${name}=VALUE.`,
      );
    const limit = name === 'ulimit' ? openFiles(asked.value) : null;
    if (limit !== null && (limit > HIGHEST_OPEN_FILES || (limit > USUAL_OPEN_FILES && daemon.mode === 'rootless')))
      return found(
        'build.opt-invalid',
        'error',
        limit > HIGHEST_OPEN_FILES
          ? `ulimit=${asked.value} allows more open files than any kernel does: every RUN step ends with "error setting rlimit".`
          : `ulimit=${asked.value} allows more open files than buildkitd itself may have, and without root it cannot raise its limit: every RUN step ends with "error setting rlimit".`,
        `Give at most nofile=${USUAL_OPEN_FILES}.`,
      );
    const why = invalidValue(name, asked.value);
    if (why !== null)
      return found(
        'build.opt-invalid',
        'error',
        `${name}=${asked.value} is refused: ${why}.`,
        `Mend the value of ${name}.`,
      );
    if (name === 'build-arg:BUILDKIT_SYNTAX' && asked.value === 'dockerfile.v0')
      return found(
        'dockerfile.syntax-unavailable',
        'error',
        'BUILDKIT_SYNTAX=dockerfile.v0 does not select the built-in frontend for this client: an image of that name is pulled.',
        'Leave it out, and remove the # syntax= line to use the frontend of the daemon.',
      );
    return [];
  });
}

/** What fs.nr_open can be raised to, and what it is where nothing raises it. */
const HIGHEST_OPEN_FILES = 2_147_483_584;
const USUAL_OPEN_FILES = 1_048_576;

/** The highest number of open files that a list of limits asks for; null where it asks for none. */
function openFiles(value: string): number | null {
  const asked = value.split(',').flatMap((limit) => /^nofile=(-?\d+)(?::(-?\d+))?$/.exec(limit)?.slice(1) ?? []);
  const numbers = asked
    .filter((text) => text !== undefined)
    .map((text) => (text.startsWith('-') ? Infinity : Number(text)));
  return numbers.length === 0 ? null : Math.max(...numbers);
}

const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

function invalidValue(name: string, value: string): string | null {
  switch (name) {
    case 'multi-platform':
    case 'build-arg:BUILDKIT_MULTI_PLATFORM':
      return BOOLEAN.test(value) ? null : `"invalid boolean value for multi-platform: ${value}"`;
    case 'build-arg:SOURCE_DATE_EPOCH':
      return value === '' || /^[+-]?\d+$/.test(value) ? null : `"invalid SOURCE_DATE_EPOCH: ${value}"`;
    case 'build-arg:BUILDKIT_DISABLE_FILEOP':
      return 'BUILDKIT_DISABLE_FILEOP was removed in BuildKit v0.11';
    case 'memory':
    case 'memswap':
    case 'shm-size':
      return /^-?\d+$/.test(value) ? null : 'it is a number of bytes';
    case 'cpushares':
    case 'cpuperiod':
    case 'cpuquota':
      return /^[+-]?\d+$/.test(value) ? null : `"invalid ${name} value: ${value}"`;
    case 'add-hosts': {
      const bad = value
        .split(',')
        .find((pair) => !/^[^=]+=(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$/.test(pair));
      return bad === undefined || value === ''
        ? null
        : `"failed to parse additional hosts" at ${bad}, which is no NAME=ADDRESS`;
    }
    case 'build-arg:BUILDKIT_SYNTAX':
      return value === '' ? '"invalid reference format"' : null;
    case 'image-resolve-mode':
      return ['default', 'local', 'prefer-local', 'pull', ''].includes(value)
        ? null
        : `"invalid image-resolve-mode: ${value}"`;
    case 'ulimit': {
      const bad = value
        .split(',')
        .find(
          (limit) =>
            !/^(?:core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack)=-?\d+(?::-?\d+)?$/.test(
              limit,
            ),
        );
      const wide = value.split(',').find((limit) => {
        const [, soft, hard] = /=(\d+):(\d+)$/.exec(limit) ?? [];
        return soft !== undefined && hard !== undefined && Number(soft) > Number(hard);
      });
      if (value === '' || (bad === undefined && wide === undefined)) return null;
      return bad === undefined
        ? `"ulimit soft limit must be less than or equal to hard limit" at ${wide}`
        : `"invalid ulimit type: ${bad}"`;
    }
    case 'platform': {
      const bad = value.split(',').find((platform) => !isPlatform(platform.trim()));
      return bad === undefined || value === '' ? null : `"failed to parse target platform ${bad}"`;
    }
    default: {
      const kind = /^attest:(.*)$/.exec(name)?.[1];
      return kind === undefined || kind === 'sbom' || kind === 'provenance'
        ? null
        : `"unknown attestation type "${kind}""`;
    }
  }
}

function networkFindings({ client, options }: BuildRequest): readonly Finding[] {
  const asked = options.get('force-network-mode');
  // Docker's clients leave the default out of what they send.
  const modes = ['host', 'none', 'sandbox', '', ...(client === 'buildctl' ? [] : ['default'])];
  if (asked === undefined || !asked.known || modes.includes(asked.value)) return [];
  const flag = client === 'buildctl' ? '--opt force-network-mode=' : '--network=';
  return [
    {
      ...placeOf(asked),
      condition: 'build.opt-invalid',
      severity: 'error',
      message: `${flag}${asked.value} is refused: BuildKit's steps have the network modes default, host and none, and no networks by name.`,
      needs: { flag: `${flag}host` },
      remedy: [`Leave it out, or write ${flag}host together with the entitlement network.host.`],
    },
  ];
}

function localFindings(request: BuildRequest, files: Files | null): readonly Finding[] {
  if (request.client !== 'buildctl') return [];
  const findings: Finding[] = [];
  const remote = request.options.has('context');
  if (!request.open && request.frontend?.value === 'dockerfile.v0' && !request.locals.has('dockerfile') && !remote)
    findings.push(localMissing(request, 'dockerfile', 'the Dockerfile'));
  for (const [name, asked] of request.locals) {
    if (!asked.known || files === null) continue;
    const kind = files.kind(asked.value);
    if (kind === null || kind === 'file')
      findings.push({
        ...placeOf(asked),
        condition: 'build.local-missing',
        severity: 'error',
        message:
          kind === null
            ? `The directory ${asked.value} of --local ${name}= does not exist.`
            : `--local ${name}=${asked.value} names a file; it takes a directory.`,
        needs: { flag: `--local ${name}=DIRECTORY` },
        remedy: [
          kind === null
            ? `Create ${asked.value}, or name a directory that exists.`
            : `Write --local ${name}=${asked.value.replace(/\/?[^/]*$/, '') || '.'}${name === 'dockerfile' ? ` --opt filename=${asked.value.replace(/^.*\//, '')}` : ''}.`,
        ],
      });
  }
  return findings;
}

/** Contexts by name that the client does not share, though the Dockerfile takes something from them. */
export function namedContextFindings(request: BuildRequest | null, used: ReadonlySet<string>): readonly Finding[] {
  if (request === null || request.client !== 'buildctl' || request.open) return [];
  return [...request.options].flatMap(([option, asked]) => {
    const name = option.startsWith('context:') ? option.slice('context:'.length) : null;
    const local = name !== null && asked.known ? /^local:(.+)$/.exec(asked.value)?.[1] : undefined;
    if (name === null || local === undefined || request.locals.has(local) || !used.has(name)) return [];
    return [{ ...localMissing(request, local, `the context ${name}`), ...placeOf(asked) }];
  });
}

/** A directory that the client does not share, though the build reads it. */
export function localMissing(request: BuildRequest, name: string, what: string): Finding {
  return {
    ...placeOf(request.at),
    condition: 'build.local-missing',
    severity: 'error',
    message: `The command does not share ${what}: the build ends with 'no access allowed to dir "${name}"'.`,
    needs: { flag: `--local ${name}=.` },
    remedy: [`Add --local ${name}=DIRECTORY to the command.`],
  };
}

export const EXPORTERS = ['image', 'local', 'tar', 'oci', 'docker'];
const BUILDX_EXPORTERS = [...EXPORTERS, 'registry', 'cacheonly'];

function exportFindings(
  { client, outputs, options }: BuildRequest,
  daemon: Daemon,
  files: Files | null,
): readonly Finding[] {
  const findings: Finding[] = [];
  const bad = (asked: Asked, message: string, remedy: string, needs: Finding['needs'] = {}): void => {
    findings.push({
      ...placeOf(asked),
      condition: 'build.exporter-invalid',
      severity: 'error',
      message,
      needs,
      remedy: [remedy],
    });
  };
  const [, second] = outputs;
  if (second !== undefined && !isSince(daemon.release, [0, 13, 0]))
    bad(
      second,
      `Several --output need buildkitd v0.13.0 or later; ${releaseText(daemon.release)} ends with "currently only single Exports can be specified".`,
      'Give one --output, or use buildkitd v0.13.0 or later.',
      { buildkit: 'v0.13.0' },
    );
  const known = client === 'buildctl' ? EXPORTERS : BUILDX_EXPORTERS;
  for (const asked of outputs) {
    if (!asked.known) continue;
    const type = /(?:^|,)[ \t]*type=([^,]*)/i.exec(asked.value)?.[1];
    if (type === undefined) {
      if (client === 'buildctl')
        bad(
          asked,
          `--output ${asked.value} says no type: the client ends with "--output requires type=<type>".`,
          'Write --output type=local,dest=DIRECTORY, or another type with its keys.',
        );
      continue;
    }
    const destination = /(?:^|,)dest=([^,]*)/.exec(asked.value)?.[1] ?? '';
    if (type === 'local' && destination === '')
      bad(
        asked,
        'The exporter local needs a directory: the client ends with "output directory is required for local exporter".',
        'Add dest=DIRECTORY to the output.',
      );
    for (const trouble of outputTroubles(asked, type, client, files, daemon)) bad(asked, ...trouble);
    const compression = /(?:^|,)compression=([^,]*)/.exec(asked.value)?.[1];
    const packs = type !== 'local' && type !== 'tar';
    if (packs && compression !== undefined && !COMPRESSION.test(compression))
      bad(
        asked,
        `There is no compression ${compression}: the build ends with "unsupported compression type".`,
        'Write gzip, zstd, estargz or uncompressed.',
      );
    if (!known.includes(type))
      bad(
        asked,
        `There is no exporter ${type} here: the build ends with 'exporter "${type}" could not be found'.`,
        type === 'registry' ? 'Write --output type=image,name=NAME,push=true.' : `Write one of ${known.join(', ')}.`,
      );
    const platforms = (options.get('platform')?.value ?? '').split(',').filter((text) => text !== '');
    if (type === 'docker' && platforms.length > 1)
      bad(
        asked,
        'The exporter docker takes one platform: the build ends with "docker exporter does not currently support exporting manifest lists".',
        'Write type=oci, or push with type=image,push=true.',
      );
  }
  return findings;
}

/** An image that is to be pushed, and has no name to be pushed to. */
function namelessPush({ client, outputs, pushes, tags, open }: BuildRequest): readonly Finding[] {
  if (tags === null || tags.length > 0 || open || outputs.some(({ known }) => !known)) return [];
  const ofOutput = outputs.find(
    ({ value }) =>
      /(?:^|,)type=(?:registry|image)(?:,|$)/.test(value) && /(?:^|,)type=registry|push=(?:1|t|true)/i.test(value),
  );
  const asked = ofOutput ?? (pushes?.known === true && outputs.length === 0 ? pushes : undefined);
  if (asked === undefined || /(?:^|,)"?name=[^,"]/.test(ofOutput?.value ?? '')) return [];
  return [
    {
      ...placeOf(asked),
      condition: 'build.exporter-invalid',
      severity: 'error',
      message:
        'The image is to be pushed, and nothing names it: the build ends with "tag is needed when pushing to registry".',
      needs: client === 'bake' ? {} : { flag: '--tag NAME' },
      remedy: [
        client === 'bake'
          ? 'Add tags = ["REGISTRY/NAME:TAG"] to the target.'
          : 'Add --tag REGISTRY/NAME:TAG, or name=REGISTRY/NAME:TAG to the output.',
      ],
    },
  ];
}

export const CACHE_NEEDS: {
  readonly [type: string]: { readonly export: readonly string[]; readonly import: readonly string[] };
} = {
  registry: { export: ['ref'], import: ['ref'] },
  local: { export: ['dest'], import: ['src'] },
  gha: { export: ['url'], import: ['url'] },
  s3: { export: ['bucket', 'region'], import: ['bucket', 'region'] },
  azblob: { export: ['account_url'], import: ['account_url'] },
  inline: { export: [], import: [] },
};

function cacheFinding(
  asked: Asked,
  exporting: boolean,
  { client, environment }: BuildRequest,
  files: Files | null,
): readonly Finding[] {
  const type = /(?:^|,)type=([^,]*)/.exec(asked.value)?.[1] ?? (client === 'buildctl' ? '' : 'registry');
  if (!asked.known || (client !== 'buildctl' && !asked.value.includes('='))) return [];
  const flag =
    client === 'buildctl'
      ? exporting
        ? '--export-cache'
        : '--import-cache'
      : exporting
        ? '--cache-to'
        : '--cache-from';
  // What the client does not look at itself is only warned of where nothing can be imported.
  const checked = !exporting && /^(?:registry|local|gha)$/.test(type);
  const found = (message: string, remedy: string): readonly Finding[] => [
    {
      ...placeOf(asked),
      condition: 'build.cache-invalid',
      severity: exporting || checked || type === '' ? 'error' : 'warning',
      message,
      needs: { flag },
      remedy: [remedy],
    },
  ];
  const needs = CACHE_NEEDS[type];
  if (needs === undefined)
    return found(
      `${flag} ${asked.value} names no cache that BuildKit has.`,
      `Write ${flag} type=registry,ref=REF, or one of ${Object.keys(CACHE_NEEDS).join(', ')}.`,
    );
  const keys = new Set(
    asked.value
      .split(',')
      .filter((field) => !field.endsWith('='))
      .map((field) => field.replace(/=.*$/s, '')),
  );
  const lacking = needs[exporting ? 'export' : 'import'].filter((key) => !keys.has(key));
  if (lacking.length === 0) {
    const trouble = exporting ? cacheTrouble(asked, type, client, files) : null;
    return trouble === null ? [] : found(...trouble);
  }
  if (type === 'gha') {
    if (client !== 'buildctl' || environment.has('ACTIONS_CACHE_URL') || environment.has('ACTIONS_RESULTS_URL'))
      return [];
    return found(
      'A cache of type=gha works in GitHub Actions alone, and buildctl must be given its address: it ends with "cache with type gha requires url parameter".',
      'Use type=registry or type=local outside GitHub Actions; inside, give url= and token=.',
    );
  }
  if (type === 's3' && (environment.has('AWS_REGION') || environment.has('AWS_BUCKET'))) return [];
  return found(
    `${flag} type=${type} lacks ${lacking.join(' and ')}: ${exporting || checked ? 'the build ends before it begins' : 'nothing is imported'}.`,
    `Add ${lacking.map((key) => `${key}=VALUE`).join(',')} to ${flag}.`,
  );
}

function sshFindings({ ssh, environment }: BuildRequest, { host }: Daemon, files: Files | null): readonly Finding[] {
  const noAgent = host?.sshAgent === false && !environment.has('SSH_AUTH_SOCK');
  return ssh.flatMap((asked): readonly Finding[] => {
    if (!asked.known) return [];
    const sign = asked.value.indexOf('=');
    if (sign < 0) return noAgent ? [agentMissing(asked)] : [];
    const missing = asked.value
      .slice(sign + 1)
      .split(',')
      .find((path) => path !== '' && !/[~$]/.test(path) && !path.startsWith('/') && files?.kind(path) === null);
    if (missing !== undefined) return [keyMissing(asked, missing)];
    const text = files?.read(asked.value.slice(sign + 1)) ?? null;
    return text === null || /PRIVATE KEY/.test(text) ? [] : [noKey(asked)];
  });
}

function keyMissing(asked: Asked, path: string): Finding {
  return {
    ...placeOf(asked),
    condition: 'env.ssh-agent-missing',
    severity: 'error',
    message: `There is no ${path} of --ssh ${asked.value}: the client ends with "no such file or directory".`,
    needs: {},
    remedy: ['Name a key or the socket of an agent that exists.'],
  };
}

const noKey = (asked: Asked): Finding => ({
  ...placeOf(asked),
  condition: 'env.ssh-agent-missing',
  severity: 'error',
  message: `--ssh ${asked.value} names a file that holds no private key: the client ends with "ssh: no key found".`,
  needs: {},
  remedy: ['Name a private key, or the socket of an agent.'],
});

const agentMissing = (asked: Asked): Finding => ({
  ...placeOf(asked),
  condition: 'env.ssh-agent-missing',
  severity: 'error',
  message: `--ssh ${asked.value} forwards the SSH agent, and SSH_AUTH_SOCK names none: the client ends with "invalid empty ssh agent socket".`,
  needs: {},
  remedy: ['Start an agent with eval "$(ssh-agent)" and ssh-add, or name a key: --ssh default=$HOME/.ssh/id_ed25519.'],
});

/** A Dockerfile that is not where the command says. */
export function dockerfileMissing(request: BuildRequest, files: Files | null): readonly Finding[] {
  const { dockerfile } = request;
  if (dockerfile === null || files === null) return [];
  const refused = request.client === 'classic' ? null : (files.refused?.(dockerfile) ?? null);
  const at = request.options.get('filename') ?? request.at;
  if (refused !== null) return [dockerfileUnreadable(at, dockerfile, refused)];
  if (files.kind(dockerfile) !== null) return [];
  const directory = dockerfile.replace(/[^/]*$/, '');
  if (/(?:^|\/)Dockerfile$/.test(dockerfile) && files.kind(joined(directory || '.', 'dockerfile')) === 'file')
    return [];
  return [
    {
      ...placeOf(at),
      condition: 'build.context-file-missing',
      severity: 'error',
      message: `There is no ${dockerfile}: the build ends with "open ${dockerfile.replace(/^.*\//, '')}: no such file or directory".`,
      needs: {},
      remedy: ['Name the Dockerfile that exists.'],
    },
  ];
}

/** A value of a command that cannot be a frontend. */
function unknownFrontend(frontend: Asked, options: ReadonlyMap<string, Asked>): Finding | null {
  if (!frontend.known || frontend.value === 'dockerfile.v0') return null;
  if (frontend.value === 'gateway.v0')
    return options.has('source')
      ? null
      : {
          ...placeOf(frontend),
          condition: 'build.frontend-unknown',
          severity: 'error',
          message:
            'The frontend gateway.v0 needs the image that it starts: without it the build ends with "no source specified for gateway".',
          needs: { flag: '--opt source=IMAGE' },
          remedy: ['Add --opt source=docker/dockerfile:1, or write --frontend dockerfile.v0.'],
        };
  return {
    ...placeOf(frontend),
    condition: 'build.frontend-unknown',
    severity: 'error',
    message: `There is no frontend ${frontend.value}: the build ends with "invalid frontend: ${frontend.value}".`,
    needs: { flag: '--frontend dockerfile.v0' },
    remedy: ['Write --frontend dockerfile.v0.'],
  };
}
