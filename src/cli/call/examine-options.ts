import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isSelected } from '../../examine/assess.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { Catalog } from '../../model/catalog.ts';
import type { Mode, Request } from '../../model/look.ts';
import type { FailOn } from '../../report/exit-code.ts';
import { maskVariable } from '../../secrets/variables.ts';
import { maskAddress } from '../../text/secret-words.ts';
import { visible } from '../../text/visible.ts';
import { existingFile } from './private-file.ts';
import { didYouMean, oneOf } from './wording.ts';

/** What check and fix are asked, free of contradictions. */
export interface Question {
  readonly request: Request;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly failOn: FailOn;
  /** By how many times the person wants every limit longer than bk-doctor would have it. */
  readonly patience: number;
  /** Paths; null when not asked for. */
  readonly record: string | null;
  readonly replay: string | null;
  /** A sosreport, or the folder of one. */
  readonly from: string | null;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Whose set-up is examined, and how. */
export function addTargetOptions(command: Command): Command {
  const target = 'What is examined:';
  return command
    .addOption(
      new Option(
        '--mode <mode>',
        'rootless or rootful (default: rootful for root without a target user, else rootless)',
      )
        .argParser((given) => oneOf('--mode', given, ['rootless', 'rootful']))
        .helpGroup(target),
    )
    .addOption(
      new Option(
        '--user <name|uid>',
        "another user's set-up (root only; under sudo the caller's by default)",
      ).helpGroup(target),
    )
    .addOption(
      new Option('--env <name=value>', 'a variable that buildkitd would have (repeatable)')
        .argParser(collect)
        .helpGroup(target),
    )
    .addOption(new Option('--config <file>', 'the buildkitd.toml that buildkitd would read').helpGroup(target))
    .addOption(new Option('--root <dir>', "buildkitd's state directory").helpGroup(target))
    .addOption(
      new Option(
        '--addr, --address <addr>',
        'an address that buildkitd would listen on (repeatable, replaces the configured ones)',
      )
        .argParser(collect)
        .helpGroup(target),
    )
    .addOption(
      new Option(
        '--daemonless',
        'buildctl-daemonless.sh would start buildkitd, with the flags in BUILDKITD_FLAGS',
      ).helpGroup(target),
    )
    .addOption(new Option('--replay <file>', 'examine a recording instead of this host').helpGroup(target))
    .addOption(new Option('--no-probe', 'try nothing: judge from files alone').helpGroup('Which checks:'));
}

/** `90`, `90s`, `5m`, `1h` in milliseconds. Throws UsageError. */
export function durationOf(given: string): number {
  const found = /^(\d{1,6})(s|m|h)?$/.exec(given);
  if (found === null) throw new UsageError(`--wait: "${visible(given)}" is no time; write 90s, 5m or 1h`);
  return Number(found[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[(found[2] ?? 's') as 's' | 'm' | 'h'];
}

/** Of check alone: a build is judged, not repaired. */
export function addBuildOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--build <what>',
      'also whether this build works here: a Dockerfile, a directory with one, or the command as one argument',
    ).helpGroup('What is examined:'),
  );
}

export function addExamineOptions(command: Command): Command {
  const target = 'What is examined:';
  const checks = 'Which checks:';
  return addTargetOptions(command)
    .addOption(new Option('--record <file>', 'also write what the host answered (mode 0600)').helpGroup(target))
    .addOption(new Option('--only <id|area,...>', 'only these checks').argParser(collect).helpGroup(checks))
    .addOption(new Option('--skip <id|area,...>', 'not these checks').argParser(collect).helpGroup(checks))
    .addOption(
      new Option('--patience <factor>', 'wait so many times longer for what does not answer (default: 1; 0.1 to 100)')
        .argParser(patienceOf)
        .helpGroup(checks),
    )
    .addOption(
      new Option('--fail-on <severity>', 'error or warning: what makes the exit code 1 (default: error)')
        .argParser((given) => oneOf('--fail-on', given, ['error', 'warning']))
        .helpGroup(checks),
    );
}

function patienceOf(given: string): number {
  const factor = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  if (!(factor >= 0.1 && factor <= 100))
    throw new UsageError(`--patience: "${visible(given)}" is not a number from 0.1 to 100`);
  return factor;
}

/** Throws UsageError. */
export function questionOf(command: Command, catalog: Catalog): Question {
  const given = command.optsWithGlobals<{
    mode?: Mode;
    user?: string;
    env?: readonly string[];
    config?: string;
    root?: string;
    address?: readonly string[];
    daemonless?: boolean;
    build?: string;
    only?: readonly string[];
    skip?: readonly string[];
    probe: boolean;
    patience?: number;
    failOn?: FailOn;
    record?: string;
    replay?: string;
    from?: string;
    wait?: number;
  }>();
  for (const [option, value] of [
    ['--user', given.user],
    ['--root', given.root],
    ['--record', given.record],
    ['--replay', given.replay],
    ['--from', given.from],
  ] as const)
    if (value === '') throw new UsageError(`${option} needs a value`);
  if (given.address?.includes('')) throw new UsageError('--address needs a value');
  if (given.from !== undefined) refuseBesideArchive(given);
  if (given.replay !== undefined) refuseBesideReplay(given);
  const ids = catalog.map(({ check }) => check.id);
  const only = selectionOf('--only', given.only, ids);
  const skip = selectionOf('--skip', given.skip, ids);
  if (!ids.some((id) => isSelected({ only, skip }, id)))
    throw new UsageError('--only and --skip together leave no check to make');
  return {
    request: {
      mode: given.mode ?? null,
      user: given.user ?? null,
      env: environmentOf(given.env ?? []),
      config: given.config === undefined ? null : existingFile('--config', given.config),
      root: given.root === undefined ? null : resolve(given.root),
      addresses: given.address?.map((address) => maskAddress(address, () => {})) ?? null,
      probe: given.probe,
      ...(given.daemonless === true ? { daemonless: true } : {}),
      ...(given.build === undefined ? {} : { build: askedBuild(given.build) }),
    },
    only,
    skip,
    failOn: given.failOn ?? 'error',
    patience: given.patience ?? 1,
    record: given.record ?? null,
    replay: given.replay === undefined ? null : existingFile('--replay', given.replay),
    from: given.from ?? null,
  };
}

/** A recording answers the question that it was made with, and no other. */
function refuseBesideReplay(given: { readonly [option: string]: unknown }): void {
  const why: { readonly [option: string]: string } = {
    user: 'it says itself whose set-up was examined',
    config: 'it says itself which file was read',
    record: 'it is a recording already',
    withRecording: 'it is a recording already',
    root: 'it says itself which directory was examined',
    address: 'it says itself which addresses were examined',
    daemonless: 'it says itself how buildkitd was to be started',
    build: 'it says itself which build was asked about',
    env: 'it says itself which environment was examined',
  };
  for (const [option, reason] of Object.entries(why))
    if (given[option] !== undefined) throw new UsageError(`--replay cannot be used with ${flagOf(option)}: ${reason}`);
}

/** An archive shows one host as it was; nothing can be tried in it, or be added. */
function refuseBesideArchive(given: { readonly [option: string]: unknown }): void {
  const why: { readonly [option: string]: string } = {
    replay: 'both are another host',
    record: 'an archive answers no more than it holds: keep the archive itself',
    withRecording: 'an archive answers no more than it holds: keep the archive itself',
    build: 'what a build needs is not in an archive',
    config: 'the file that buildkitd would read is looked for in the archive',
    daemonless: 'how buildkitd is started is looked for in the archive',
    env: 'the environment is that of the archive',
    wait: 'an archive does not change',
  };
  for (const [option, reason] of Object.entries(why))
    if (given[option] !== undefined) throw new UsageError(`--from cannot be used with ${flagOf(option)}: ${reason}`);
}

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function askedBuild(given: string): NonNullable<Request['build']> {
  const directory = process.cwd();
  if (!/\s/.test(given.trim()) && !existsSync(resolve(directory, given)))
    throw new UsageError(`--build: ${visible(given)} is neither a file nor a directory, nor a command`);
  return { given, directory };
}

function environmentOf(given: readonly string[]): Request['env'] {
  const env: { [name: string]: string } = {};
  for (const pair of given) {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new UsageError(`--env: "${visible(name)}" is not the name of a variable; write NAME=VALUE`);
    if (at < 0) throw new UsageError(`--env ${name}: write NAME=VALUE`);
    env[name] = maskVariable(name, pair.slice(at + 1), () => {});
  }
  return env;
}

const areaOf = (id: string): string => id.slice(0, id.indexOf('/'));

function selectionOf(option: string, given: readonly string[] | undefined, ids: readonly string[]): readonly string[] {
  if (given === undefined) return [];
  const words = given.flatMap((list) => list.split(',')).map((word) => word.trim());
  const areas = [...new Set(ids.map(areaOf))];
  for (const word of words) {
    if (word === '') throw new UsageError(`${option} needs ids or areas, with commas between them`);
    if (ids.includes(word) || areas.includes(word)) continue;
    throw new UsageError(
      `${option}: there is no check or area "${visible(word)}"${didYouMean(word, [...ids, ...areas])}`,
    );
  }
  return [...new Set(words)];
}
