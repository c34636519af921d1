/** Where a remedy applies; `host` is what holds where nothing more is known. */
export type Place = 'host' | 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'wsl';

/** What is known of a condition beyond its definition. */
export interface Remedy {
  /** Why it stops a build, or what it costs. */
  readonly why: string;
  /** What to do, in order; a line that begins with "$ " is a command to copy. */
  readonly steps: { readonly host: readonly string[] } & { readonly [P in Exclude<Place, 'host'>]?: readonly string[] };
  /** Commands that tell it from what looks the same. */
  readonly tell?: readonly string[];
}
