import type { Release } from '../version.ts';

/** A release of the Dockerfile frontend: 1.`minor`, of the stable or of the labs channel. */
export interface Frontend {
  readonly minor: number;
  readonly labs: boolean;
}

/** The newest frontend that these tables know. */
export const NEWEST_FRONTEND: Frontend = { minor: 26, labs: false };

/** The Dockerfile frontend that is built into a buildkitd: 1.(n-6) in v0.n, always of the stable channel; null before v0.8. */
export function builtInFrontend([major, minor]: Release): Frontend | null {
  if (major > 0) return NEWEST_FRONTEND;
  return minor < 8 ? null : { minor: minor - 6, labs: false };
}

/** Where a feature is known: from a release of the stable channel, and of the labs channel where it came there first. */
export interface Since {
  readonly stable: number | null;
  readonly labs?: number;
}

export function knows({ minor, labs }: Frontend, { stable, labs: early }: Since): boolean {
  const from = labs ? Math.min(early ?? Number.POSITIVE_INFINITY, stable ?? Number.POSITIVE_INFINITY) : stable;
  return from !== null && minor >= from;
}

/** `1.20`, or `1.14-labs` where the stable channel has none of it. */
export function sinceText({ stable, labs }: Since): string {
  return stable === null ? `1.${labs ?? 0}-labs` : `1.${stable}`;
}
