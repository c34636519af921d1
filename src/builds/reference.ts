import { FEATURES } from '../buildkit/dockerfile/features.ts';
import { FLAGS } from '../buildkit/dockerfile/flags.ts';
import { NEWEST_FRONTEND, type Since, sinceText } from '../buildkit/dockerfile/frontend.ts';
import { MOUNT_KEYS, MOUNT_TYPES } from '../buildkit/dockerfile/mount.ts';
import { ENTITLEMENTS } from '../buildkit/entitlements.ts';
import { releaseText } from '../buildkit/version.ts';
import {
  BUILDCTL_BUILD,
  BUILDCTL_GLOBAL,
  BUILDX_BAKE,
  BUILDX_BUILD,
  type ClientFlag,
  COMPOSE_BUILD_FLAGS,
  DOCKER_CLASSIC,
  DOCKER_OWN_BUILDKIT,
  NERDCTL_BUILD,
} from './commands/client-flags.ts';
import { CACHE_NEEDS, EXPORTERS, OPTIONS, PREFIXES } from './commands/command.ts';
import { ENGINES } from './model/daemon.ts';

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${heads.join(' | ')} |`,
  `|${heads.map(() => '---').join('|')}|`,
  ...rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
];

const labsOf = ({ labs }: Since): string => (labs === undefined ? '' : `1.${labs}-labs`);

/** docs/dockerfile.md, made from the tables that builds are judged by. */
export function dockerfileReference(): string {
  const features = Object.values<(typeof FEATURES)[keyof typeof FEATURES]>(FEATURES);
  return [
    '# Dockerfiles and build commands',
    '',
    'This page is made from the tables by which `bk-doctor lint` judges a build before it runs.',
    '',
    '## Which frontend reads a Dockerfile',
    '',
    `A buildkitd of release 0.N has the Dockerfile frontend 1.(N-6) built in, always of the stable channel: v0.11 has 1.5, v0.32 has 1.${NEWEST_FRONTEND.minor}. A line \`# syntax=docker/dockerfile:1\`, which has to be the very first, makes the daemon pull the newest frontend of that name and use it in its place; one that names an old release is read by that old release, also on a newer daemon. \`BUILDKIT_SYNTAX\` as a build argument does the same for one command.`,
    '',
    'Docker Engine has these releases of BuildKit inside:',
    '',
    ...table(
      ['Docker Engine', 'BuildKit'],
      ENGINES.map(([engine, buildkit]) => [engine.join('.'), releaseText(buildkit)]),
    ),
    '',
    '## Flags of instructions',
    '',
    'An older frontend ends the build with "unknown flag".',
    '',
    ...table(
      ['instruction', 'flag', 'from frontend', 'earlier in'],
      FLAGS.map((row) => [row.instruction, `\`--${row.flag}\``, sinceText(row), labsOf(row)]),
    ),
    '',
    `A mount has the type ${MOUNT_TYPES.join(', ')}. Of its keys, ${Object.entries(MOUNT_KEYS)
      .map(([key, since]) => `\`${key}=\` is read from ${sinceText(since)} on`)
      .join(' and ')}.`,
    '',
    '## What else depends on a release',
    '',
    ...table(
      ['what', 'from frontend', 'earlier in', 'daemon', 'what older ones do'],
      features.map((row) => [
        row.what,
        sinceText(row),
        row.stable === null ? '' : labsOf(row),
        'daemon' in row ? releaseText(row.daemon) : '',
        row.older,
      ]),
    ),
    '',
    '## Entitlements',
    '',
    'A step that wants more than its sandbox needs all three: the step says so, the command asks with `--allow`, and the configuration of the daemon allows it. There are no others: `network.dns`, `docker.socket`, `capabilities.setuid`, `mount.bind` and the like do not exist, and the client ends with "unknown entitlement" before it asks the daemon.',
    '',
    ...table(
      ['entitlement', 'since', 'what asks for it'],
      ENTITLEMENTS.map(({ name, since, client }) => [`\`${name}\``, since, client]),
    ),
    '',
    '## Options of the frontend',
    '',
    `\`--opt\` of buildctl takes ${[...OPTIONS]
      .toSorted()
      .map((name) => `\`${name}\``)
      .join(
        ', ',
      )}, and whatever begins with ${PREFIXES.map((name) => `\`${name}\``).join(', ')}. Any other is silently ignored.`,
    '',
    ...clientFlags(),
    '## Outputs and caches',
    '',
    `\`--output\` of buildctl takes the types ${EXPORTERS.map((name) => `\`${name}\``).join(', ')}. Caches:`,
    '',
    ...table(
      ['type', 'to export it', 'to import it'],
      Object.entries(CACHE_NEEDS).map(([type, needs]) => [
        `\`${type}\``,
        needs.export.map((key) => `\`${key}=\``).join(', '),
        needs.import.map((key) => `\`${key}=\``).join(', '),
      ]),
    ),
    '',
  ].join('\n');
}

/** Flags of the clients with the releases that have them. */
const clientFlags = (): readonly string[] => [
  '## Flags of the clients',
  '',
  'A release is that of the client: of BuildKit for buildctl, of buildx for `docker buildx`. A flag without one is taken for a flag of every release in use. Any other flag ends the command before it asks the daemon.',
  '',
  ...table(
    ['command', 'flags', 'since', 'gone from'],
    CLIENTS.flatMap(([command, flags]) =>
      sameReleases(flags).map((same) => [
        `\`${command}\``,
        same
          .map(({ flag }) => `\`${flag.length === 1 ? '-' : '--'}${flag}\``)
          .toSorted()
          .join(', '),
        same[0]?.since === undefined ? '' : releaseText(same[0].since),
        same[0]?.until === undefined ? '' : releaseText(same[0].until),
      ]),
    ),
  ),
  '',
];

const CLIENTS: readonly (readonly [command: string, flags: readonly ClientFlag[]])[] = [
  ['buildctl', BUILDCTL_GLOBAL],
  ['buildctl build', BUILDCTL_BUILD],
  ['docker buildx build', BUILDX_BUILD],
  ['docker buildx bake', BUILDX_BAKE],
  ['docker build of Docker 18.09 to 20.10 with DOCKER_BUILDKIT=1', DOCKER_OWN_BUILDKIT],
  ['docker build without BuildKit', DOCKER_CLASSIC],
  ['docker compose build', COMPOSE_BUILD_FLAGS],
  ['nerdctl build', NERDCTL_BUILD],
];

function sameReleases(flags: readonly ClientFlag[]): readonly (readonly ClientFlag[])[] {
  const groups = new Map<string, ClientFlag[]>();
  for (const flag of flags) {
    const key = JSON.stringify([flag.since, flag.until]);
    groups.set(key, [...(groups.get(key) ?? []), flag]);
  }
  return [...groups.values()];
}
