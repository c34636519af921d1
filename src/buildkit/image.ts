/** A reference to an image as people write it. */
export interface ImageName {
  readonly written: string;
  /** Without registry, tag and digest: "moby/buildkit". */
  readonly repository: string;
  /** Null: none is written, or it is a variable. */
  readonly tag: string | null;
  readonly digest: string | null;
  /** A variable or template that is not known stands in it. */
  readonly open: boolean;
}

export function parseImage(written: string): ImageName {
  const [name = '', digest = null] = written.split('@');
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  const path = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? null : name.slice(colon + 1);
  const parts = path.split('/');
  const first = parts[0] ?? '';
  const hasRegistry = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost');
  return {
    written,
    repository: (hasRegistry ? parts.slice(1) : parts).join('/'),
    tag,
    digest,
    open: /[$]|\{\{|%\(/.test(written),
  };
}

/** What of BuildKit an image holds. `rootless` has rootlesskit as its entrypoint and runs as uid 1000. */
export type Flavour = 'rootless' | 'rootful' | 'unknown';

/** Is it an image of BuildKit, from whatever registry or mirror? */
export const isBuildkitImage = ({ repository }: ImageName): boolean =>
  /(?:^|\/)moby\/buildkit$|(?:^|\/)buildkit$|(?:^|[/-])moby-buildkit$/.test(repository);

export function flavourOf({ tag, digest, open, repository }: ImageName): Flavour {
  if (/rootless/.test(tag ?? '') || /rootless/.test(repository)) return 'rootless';
  if (tag === null && digest !== null) return 'unknown';
  return open && /[${%]/.test(tag ?? '$') ? 'unknown' : 'rootful';
}

const RELEASE = /^v\d+\.\d+\.\d+(?:-(?:rc|beta)\.?\d+)?(?:-(?:rootless|ubuntu))?$/;
const MOVING = /^(?:latest|rootless|latest-ubuntu|(?:master|nightly|buildx-stable-1)(?:-rootless|-ubuntu)?)$/;

/** Tags that moby's release workflow never makes (tags: in .github/workflows/buildkit.yml), and what was meant. */
export function meantTag(tag: string): string | null {
  if (RELEASE.test(tag) || MOVING.test(tag)) return null;
  const rootless = /rootless/.test(tag);
  const suffix = rootless ? '-rootless' : '';
  if (/^(?:latest|stable|main|release|edge)[-_.]rootless$|^rootless[-_.](?:latest|stable)$/.test(tag))
    return 'rootless';
  if (/^(?:stable|main|edge)$/.test(tag)) return 'latest';
  const number = /^(?:rootless[-_])?v?(\d+\.\d+(?:\.\d+)?)(?:[-_.]rootless)?$/.exec(tag)?.[1];
  if (number === undefined) return null;
  return number.split('.').length === 3 ? `v${number}${suffix}` : `v${number}.0${suffix}`;
}

/** A tag under which another image lies tomorrow. */
export const isFloating = ({ tag, digest, open }: ImageName): boolean =>
  digest === null && !open && (tag === null || MOVING.test(tag));
