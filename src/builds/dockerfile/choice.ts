import { type Syntax, syntaxOf } from '../../buildkit/dockerfile/directives.ts';
import { builtInFrontend, type Frontend, NEWEST_FRONTEND } from '../../buildkit/dockerfile/frontend.ts';
import { isSince, releaseText } from '../../buildkit/version.ts';
import type { Daemon } from '../model/daemon.ts';
import type { Finding } from '../model/finding.ts';
import type { BuildRequest, Place } from '../model/request.ts';
import { placeOf } from '../model/request.ts';

/** Which frontend reads a Dockerfile. */
export interface Choice {
  /** Null where it is none that these tables know: what it makes of the file cannot be told. */
  readonly frontend: Frontend | null;
  /** For people: `1.5, built into buildkitd v0.11.6`. */
  readonly shown: string;
  /** Whether the file or the command names the frontend: then a newer daemon changes nothing. */
  readonly named: boolean;
  readonly syntax: Syntax | null;
  /** The image of the frontend that the daemon pulls; null where it is built in. */
  readonly frontendImage: Wanted | null;
  readonly findings: readonly Finding[];
}

/** What asks for a frontend image: the command first, then the file. */
export interface Wanted {
  readonly image: string;
  readonly at: Place;
}

export function chooseFrontend(text: string, file: string, request: BuildRequest | null, daemon: Daemon): Choice {
  // v0.11 takes a byte order mark for a part of the first line.
  const syntax = syntaxOf(text, isSince(daemon.release, [0, 12, 0]));
  const classic = request?.client === 'classic';
  const ignored = classic ? [] : ignoredSyntax(text, file, syntax);
  if (classic)
    return {
      frontend: { minor: 1, labs: false },
      shown: 'the builder before BuildKit',
      named: false,
      syntax,
      frontendImage: null,
      findings: [],
    };
  const wanted = wantedImage(request, syntax, file);
  if (wanted === null)
    return {
      ...builtIn(daemon),
      syntax,
      frontendImage: null,
      findings: [...ignored, ...dockerfileFrontendOff(request, daemon)],
    };
  const refused = gatewayRefusal(wanted, daemon);
  const named = frontendNamed(wanted, daemon);
  const unavailable = named === 'foreign' ? (unreachable(wanted, daemon) ?? foreign(wanted)) : named.unavailable;
  const findings = [...ignored, ...(refused ?? unavailable ?? [])];
  const frontend = named === 'foreign' ? null : named.frontend;
  return {
    frontend,
    shown: `${shownFrontend(frontend)}, named by ${wanted.image}`,
    named: true,
    syntax,
    frontendImage: wanted,
    findings,
  };
}

const shownFrontend = (frontend: Frontend | null): string =>
  frontend === null ? 'a frontend that is not known here' : `1.${frontend.minor}${frontend.labs ? '-labs' : ''}`;

function builtIn(daemon: Daemon): Pick<Choice, 'frontend' | 'shown' | 'named'> {
  const frontend = builtInFrontend(daemon.release);
  const holder = daemon.engine === null ? `buildkitd ${releaseText(daemon.release)}` : `Docker Engine ${daemon.engine}`;
  return { frontend, shown: `${shownFrontend(frontend)}, built into ${holder}`, named: false };
}

function wantedImage(request: BuildRequest | null, syntax: Syntax | null, file: string): Wanted | null {
  const option = request?.options.get('build-arg:BUILDKIT_SYNTAX');
  if (option?.known === true && option.value !== '') return { image: option.value, at: option };
  if (request?.frontend?.value === 'gateway.v0') {
    const source = request.options.get('source');
    return source === undefined ? null : { image: source.value, at: source };
  }
  return syntax === null ? null : { image: syntax.image, at: { file, line: syntax.line, column: 1 } };
}

function dockerfileFrontendOff(request: BuildRequest | null, daemon: Daemon): readonly Finding[] {
  const { config } = daemon;
  if (config === null || config.dockerfileFrontend || request === null) return [];
  return [
    {
      ...placeOf(request.frontend ?? request.at),
      condition: 'build.frontend-unknown',
      severity: 'error',
      message: `The daemon's configuration switches its Dockerfile frontend off: the build ends with "invalid frontend: dockerfile.v0".`,
      needs: {},
      remedy: [
        `Remove enabled = false of [frontend."dockerfile.v0"] in ${config.file ?? 'buildkitd.toml'}, or name a frontend image by # syntax=.`,
      ],
    },
  ];
}

function gatewayRefusal({ image, at }: Wanted, { config }: Daemon): readonly Finding[] | null {
  if (config === null) return null;
  const repository = (image.split('@', 1)[0] ?? image).replace(/:[^/:]*$/, '');
  const full = normalised(repository);
  const allowed = config.allowedRepositories?.some((name) => normalised(name) === full) ?? true;
  if (config.gateway && allowed) return null;
  return [
    {
      ...placeOf(at),
      condition: 'dockerfile.syntax-refused',
      severity: 'error',
      message: config.gateway
        ? `The daemon's configuration allows other frontend images only: the build ends with "'${image}' is not an allowed gateway source".`
        : 'The daemon\'s configuration allows no frontend images: the build ends with "invalid frontend: gateway.v0".',
      needs: {},
      remedy: [
        config.gateway
          ? `Add ${JSON.stringify(full)} to allowedRepositories of [frontend."gateway.v0"] in ${config.file ?? 'buildkitd.toml'}, or remove the line to use the frontend of the daemon.`
          : `Remove the line to use the frontend of the daemon, or remove enabled = false of [frontend."gateway.v0"] in ${config.file ?? 'buildkitd.toml'}.`,
      ],
    },
  ];
}

/** A frontend of somebody else: what it makes of the file is not known. */
function foreign({ image, at }: Wanted): readonly Finding[] {
  // One that is told as what it is not.
  if (image === 'dockerfile.v0') return [];
  return [
    {
      ...placeOf(at),
      condition: 'dockerfile.frontend-foreign',
      severity: 'info',
      message: `The frontend image ${image} reads this file, and what it makes of it is not known here: nothing of the file is judged.`,
      needs: {},
      remedy: [`Ask those who make ${image}; docker/dockerfile:1 is the frontend that is judged.`],
    },
  ];
}

function normalised(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  if (rest.length === 0) return `docker.io/library/${first}`;
  return /[.:]|^localhost$/.test(first) ? repository : `docker.io/${repository}`;
}

type Named = 'foreign' | { readonly frontend: Frontend; readonly unavailable: readonly Finding[] | null };

function frontendNamed(wanted: Wanted, daemon: Daemon): Named {
  const { image } = wanted;
  const [, tag = 'latest', digest] = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::([^@]+))?(@.*)?$/.exec(
    image,
  ) ?? ['', undefined, undefined];
  if (!/^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(image)) return 'foreign';
  const labs = /(?:^|-)(?:labs|experimental|master)$/.test(tag);
  const version = tag.replace(/-?(?:labs|experimental)$/, '');
  const [, , minor] = /^(1)(?:\.(\d+))?(?:\.\d+)?$/.exec(version) ?? [];
  const floating = minor === undefined;
  const known =
    floating && !/^(?:1|latest|stable|master|)$/.test(version)
      ? null
      : { minor: floating ? newestTag(daemon) : Number(minor), labs };
  if (known === null)
    return {
      frontend: { ...NEWEST_FRONTEND, labs },
      unavailable: digest === undefined ? missingTag(wanted, daemon) : null,
    };
  const tags = daemon.host?.frontendTags ?? null;
  const absent =
    tags !== null &&
    !floating &&
    digest === undefined &&
    !tags.some((have) => have === `1.${known.minor}` || have.startsWith(`1.${known.minor}.`));
  if (absent && known.minor > NEWEST_FRONTEND.minor)
    return { frontend: known, unavailable: missingTag(wanted, daemon) };
  return { frontend: known, unavailable: unreachable(wanted, daemon) };
}

function newestTag(daemon: Daemon): number {
  const minors = (daemon.host?.frontendTags ?? []).map((tag) => Number(/^1\.(\d+)/.exec(tag)?.[1] ?? 0));
  return Math.max(0, ...minors) || NEWEST_FRONTEND.minor;
}

function missingTag({ image, at }: Wanted, { host }: Daemon): readonly Finding[] {
  return [
    {
      ...placeOf(at),
      condition: 'dockerfile.syntax-unavailable',
      severity: host?.registry === 'reachable' || host === null ? 'error' : 'warning',
      message: `There is no frontend image ${image}: nothing can be built with it, not even FROM scratch.`,
      needs: { frontend: `1.${NEWEST_FRONTEND.minor}` },
      remedy: ['Write # syntax=docker/dockerfile:1 in its place.'],
    },
  ];
}

function unreachable({ image, at }: Wanted, { host }: Daemon): readonly Finding[] | null {
  if (host?.registry !== 'unreachable') return null;
  return [
    {
      ...placeOf(at),
      condition: 'dockerfile.syntax-unavailable',
      severity: 'error',
      message: `The daemon pulls the frontend image ${image} before it reads the file, and the registry does not answer it.`,
      needs: {},
      remedy: [
        'Remove the line to use the frontend that is built into the daemon, or give the daemon a mirror that has the image.',
      ],
    },
  ];
}

/** A line that asks for a frontend in a way, or at a place, that is not read. */
function ignoredSyntax(text: string, file: string, syntax: Syntax | null): readonly Finding[] {
  const lines = text.slice(0, 20_000).split('\n', 60);
  for (const [index, written] of lines.entries()) {
    const line = written.replace(/^\ufeff/, '');
    if (index + 1 === syntax?.line) return [];
    if (/^[ \t]*(?:#|\/\/)[ \t]*syntax[ \t]*[=:][ \t]*[^\s=]+[/:][^\s]*/i.test(line))
      return [ignoredAt(line, index + 1, file, written !== line)];
    if (/^[ \t]*[A-Za-z]/.test(line)) return [];
  }
  return [];
}

function ignoredAt(line: string, number: number, file: string, marked: boolean): Finding {
  const why = marked
    ? 'a byte order mark stands in front of it'
    : /^[ \t]/.test(line)
      ? 'blanks stand in front of it'
      : /^(?:#|\/\/)[ \t]*syntax[ \t]*:/i.test(line)
        ? 'a colon stands in place of the equals sign'
        : 'something else stands above it';
  return {
    file,
    line: number,
    column: 1,
    condition: 'dockerfile.syntax-ignored',
    severity: 'warning',
    message: `"${line.trim()}" is silently taken for a comment, since ${why}: the frontend of the daemon reads the file.`,
    needs: {},
    remedy: [
      'Make it the very first line of the file, without blanks in front of it, as # syntax=docker/dockerfile:1.',
    ],
  };
}
