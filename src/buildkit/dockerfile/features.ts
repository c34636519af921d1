import type { Release } from '../version.ts';
import type { Since } from './frontend.ts';

/** What a Dockerfile may say besides flags, with the frontend, and where it matters the daemon, that first does it. */
export interface Feature extends Since {
  /** For people, as the subject of a sentence. */
  readonly what: string;
  /** What an older frontend or daemon does. */
  readonly older: string;
}

/** What the daemon has to know too, whatever frontend reads the file. */
export interface DaemonFeature extends Feature {
  readonly daemon: Release;
}

const feature = (
  what: string,
  stable: number | null,
  older: string,
  more: { readonly labs?: number } = {},
): Feature => ({
  what,
  stable,
  older,
  ...more,
});

const ofDaemon = (daemon: Release, known: Feature): DaemonFeature => ({ ...known, daemon });

export const FEATURES = {
  heredoc: feature('A here-document', 4, 'takes the first word of its body for an instruction', { labs: 3 }),
  blankHeredoc: feature(
    'A here-document with a blank behind <<',
    16,
    'takes the first word of its body for an instruction',
  ),
  addGit: feature('ADD of a git repository', 6, 'downloads the address as a file, up to frontend 1.4; 1.5 refuses it', {
    labs: 5,
  }),
  gitQuery: feature('A query in the address of a git repository', 18, 'refuses the address'),
  gitChecksum: ofDaemon(
    [0, 22, 0],
    feature('ADD --checksum of a git repository', 16, 'ends the build with "please update buildkit"'),
  ),
  chmodVariable: feature('A variable in --chmod', 10, 'silently ignores the flag'),
  symbolicChmod: ofDaemon(
    [0, 17, 0],
    feature(
      'A symbolic mode in --chmod',
      14,
      'silently ignores it up to frontend 1.9 and in older daemons; frontends 1.10 to 1.13 refuse it',
      { labs: 13 },
    ),
  ),
  device: ofDaemon(
    [0, 20, 0],
    feature('RUN --device', null, 'refuses it; an older daemon silently gives the step no device', { labs: 14 }),
  ),
  stageOrder: feature('A stage used in front of its definition as an error', 7, 'takes the name for an image'),
  namedContext: feature('Contexts by name (context:NAME)', 4, 'silently takes an image of that name'),
  limits: ofDaemon([0, 31, 0], feature('Limits of memory and processors', 25, 'silently ignores them')),
} as const satisfies { readonly [name: string]: Feature };
