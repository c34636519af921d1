/** Other names of Docker Hub; buildkitd looks up the name that stands in an image's reference. */
const HUB =
  /^(?:index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com|hub\.docker\.com|docker\.com|registry\.docker\.io)$/i;

/** The name of a registry's table without what buildkitd does not look it up by. */
export const bareHost = (host: string): string => host.replace(/^[a-z]+:\/\//i, '').replace(/\/[\s\S]*$/, '');

/** The name that the table of a registry must have to count. */
export const countingName = (host: string): string => (HUB.test(bareHost(host)) ? 'docker.io' : bareHost(host));

/** A mirror in parts. */
export interface MirrorName {
  readonly scheme: string | null;
  /** Without the scheme, and the slashes at the end of such a one. */
  readonly bare: string;
  /** With its port: what its own table would be called. */
  readonly host: string;
}

export function mirrorName(mirror: string): MirrorName {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(mirror)?.[1]?.toLowerCase() ?? null;
  const bare = scheme === null ? mirror : mirror.slice(scheme.length + 3).replace(/(?<!\/)\/+$/, '');
  return { scheme, bare, host: mirror.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/[\s\S]*$/, '') };
}
