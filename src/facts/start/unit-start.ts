import { parseListenAddress } from '../../buildkit/address.ts';
import { flagWithoutValue, type RefusedFlag, refusedFlags } from '../../buildkit/config/flag-values.ts';
import { NEWEST, type Release } from '../../buildkit/version.ts';
import type { Position } from '../../model/decide.ts';
import type { Fact, Look, UnseenReason } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { unitWords } from '../../text/unit-words.ts';
import { buildkitdFlags } from '../config/buildkitd-flags.ts';
import { settings } from '../config/settings.ts';
import { unknownFlags } from '../programs/buildkitd-flags.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { isOn, lastOf, listOf } from '../target/directives.ts';
import { identity } from '../target/identity.ts';
import { tellingDaemon } from '../target/own-daemon.ts';
import { startDirectory } from '../target/start-directory.ts';
import { commandsOf } from '../target/start-line.ts';
import { type Unit, unit } from '../target/unit.ts';
import { listDirectories, templateOf } from '../target/unit-files.ts';
import { SYSTEM_DIRECTORIES, userDirectories, userPlaces } from '../target/unit-paths.ts';
import { commandsAround } from './unit-commands.ts';
import { conditionsOf } from './unit-conditions.ts';
import { notLoaded } from './unit-loaded.ts';

/** What keeps a unit from starting buildkitd, by name. */
export interface StartObstacle {
  readonly kind:
    | 'masked'
    | 'no-start'
    | 'several-starts'
    | 'condition'
    | 'requirement'
    | 'command-fails'
    | 'command-missing'
    | 'program-missing'
    | 'environment-file'
    | 'working-directory'
    | 'group'
    | 'type'
    | 'not-notified'
    | 'watchdog'
    | 'socket-not-passed'
    | 'socket-missing'
    | 'unknown-flag'
    | 'flag-value'
    | 'without-rootlesskit'
    | 'entered-stopped'
    | 'as-root';
  /** The value that stands there, or the name of what is missing. */
  readonly what: string;
  readonly at: Position;
  /** A path or a word that the sentence needs besides. */
  readonly other: string | null;
}
/** Whether the unit comes as far as starting buildkitd, as far as that is told by its words. */
export interface UnitStart {
  readonly unit: Unit;
  readonly obstacles: readonly StartObstacle[];
  readonly unseen: readonly UnseenReason[];
}

export const unitStart: Fact<UnitStart | null> = {
  id: 'unit-start',
  async read(look) {
    const service = await look.get(unit);
    if (service === null) return null;
    // What runs in the unit's own group has come through all this.
    const daemon = await look.get(tellingDaemon);
    if (daemon?.cgroups.includes(service.name) === true) return { unit: service, obstacles: [], unseen: [] };
    const parts = await Promise.all([
      refused(look, service),
      fromConditions(look, service),
      fromCommands(look, service),
      fromPlaces(look, service),
      fromFlags(look, service),
      notification(look, service),
      activation(look, service),
      account(look, service),
    ]);
    const stale = service.masked === null ? await notLoaded(look, service) : null;
    return {
      unit: service,
      obstacles: parts.flatMap(({ obstacles }) => obstacles),
      unseen: [...parts.flatMap(({ unseen }) => unseen ?? []), ...(stale === null ? [] : [stale])],
    };
  },
};

/** What one part of the examination found. */
interface Part {
  readonly obstacles: readonly StartObstacle[];
  readonly unseen?: readonly UnseenReason[];
}
const NOTHING: Part = { obstacles: [] };

type Kind = StartObstacle['kind'];
const one = (kind: Kind, what: string, at: Position, other: string | null = null): StartObstacle => ({
  kind,
  what,
  at,
  other,
});

/** Of which the flags are known. */
const OLDEST: Release = [0, 11, 0];

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** What systemd does not load, or not start. */
async function refused(_look: Look, { directives, masked, command, name }: Unit): Promise<Part> {
  if (masked !== null) return { obstacles: [one('masked', name, masked)] };
  const lines = listOf(directives, 'ExecStart');
  const type = lastOf(directives, 'Type')?.value;
  const taken = lines.filter((line) => typeof commandsOf(line, (text) => text) !== 'string');
  const second = taken[1];
  if (second !== undefined && type !== 'oneshot') return { obstacles: [one('several-starts', name, second.at)] };
  return taken.length > 0 ? NOTHING : { obstacles: [one('no-start', name, command.at)] };
}

async function fromConditions(look: Look, service: Unit): Promise<Part> {
  const { failed, unknown } = await conditionsOf(look, service);
  return {
    obstacles: [
      ...failed.map(({ key, value, at }) => one('condition', `${key}=${value}`, at)),
      ...(await requirements(look, service)),
    ],
    unseen: unknown.map(({ key, value }) => ({
      why: `whether ${key}=${value} of ${service.name} holds was not looked at`,
      command: `systemctl ${service.scope === 'user' ? '--user ' : ''}status ${service.name}`,
    })),
  };
}

/** Units without which systemd refuses to start it, and that no directory has. */
async function requirements(look: Look, { directives, scope, name }: Unit): Promise<readonly StartObstacle[]> {
  const wanted = ['Requires', 'Requisite', 'BindsTo'].flatMap((key) =>
    listOf(directives, key, 'Unit').flatMap(({ value, at }) =>
      unitWords(value).words.map((required) => ({ required, at })),
    ),
  );
  const files = wanted.filter(
    ({ required }) => /\.(?:service|socket|target|timer|path)$/.test(required) && required !== name,
  );
  if (files.length === 0) return [];
  const listed = await listDirectories(look, scope === 'user' ? userDirectories(userPlaces(look)) : SYSTEM_DIRECTORIES);
  const has = (file: string): boolean => listed.some(({ names }) => names.has(file));
  return files
    .filter(({ required }) => !has(required) && !has(templateOf(required)))
    .map(({ required, at }) => one('requirement', required, at));
}

async function fromCommands(look: Look, service: Unit): Promise<Part> {
  const obstacles: StartObstacle[] = [];
  const unseen: UnseenReason[] = [];
  for (const { key, command, outcome } of await commandsAround(look, service)) {
    const line = `${key}=${command.argv.join(' ')}`;
    if (outcome === 'ok' || (command.mayFail && key !== 'ExecCondition')) continue;
    if (outcome === null)
      unseen.push({ why: `what becomes of ${line} of ${service.name} is not told without running it` });
    else
      obstacles.push(one(outcome === 'missing' ? 'command-missing' : 'command-fails', line, command.at, command.path));
  }
  return { obstacles, unseen };
}

async function fromPlaces(look: Look, service: Unit): Promise<Part> {
  const { host } = look;
  const { command, missingEnvironment, directives, directories } = service;
  const obstacles: StartObstacle[] = [];
  const program = base(command.path);
  if (command.path.startsWith('/') && program !== 'rootlesskit' && program !== 'buildkitd') {
    const found = await host.stat(command.path, 'target').catch(asAbsent);
    if (found?.kind !== 'file') obstacles.push(one('program-missing', command.path, command.at));
  }
  const unseen: UnseenReason[] = [];
  if (missingEnvironment?.refused === true)
    unseen.push({
      why: `${missingEnvironment.value}, from which ${service.name} takes variables, may not be read`,
      command: `sudo cat ${missingEnvironment.value}`,
    });
  else if (missingEnvironment !== null)
    obstacles.push(one('environment-file', missingEnvironment.value, missingEnvironment.at));
  const written = lastOf(directives, 'WorkingDirectory');
  const directory = await look.get(startDirectory);
  const changed = written === null && service.workingDirectory !== null;
  if ((changed || written?.value.startsWith('-') === false) && directory?.startsWith('/') === true) {
    const made = directories.some(({ path }) => path === directory || path.startsWith(`${directory}/`));
    const entered =
      (await host.stat(directory, 'target').catch(asAbsent))?.kind === 'directory' &&
      (await host.access(directory, 'x', 'target'));
    if (!entered && !made && written !== null) obstacles.push(one('working-directory', directory, written.at));
    else if (!entered && !made)
      unseen.push({
        why: `${service.name} changes to ${directory}, which cannot be entered, before it starts buildkitd`,
        command: `ls -ld ${directory}`,
      });
  }
  return { obstacles, unseen };
}

async function fromFlags(look: Look, { buildkitd, command }: Unit): Promise<Part> {
  const [unknown, refused] = await Promise.all([
    unknownFlags(look, Object.keys(buildkitd.flags)),
    refusedValues(look, buildkitd),
  ]);
  const values = refused.map(({ flag, value, why }) =>
    one('flag-value', value === null ? `--${flag}` : `--${flag}=${value}`, command.at, why),
  );
  return { obstacles: [...unknown.map((flag) => one('unknown-flag', flag, command.at, buildkitd.path)), ...values] };
}

/** What every release refuses that this buildkitd may be. */
async function refusedValues(
  look: Look,
  { args }: Unit['buildkitd'],
): Promise<readonly (Omit<RefusedFlag, 'value'> & { readonly value: string | null })[]> {
  const flags = await look.get(buildkitdFlags);
  const bare = flagWithoutValue(args);
  if (bare !== null) return [{ flag: bare, value: null, why: 'it wants a value' }];
  if (Object.keys(flags).length === 0) return [];
  const [{ min, max }, { oci, containerd }] = await Promise.all([look.get(buildkitdVersion), look.get(settings)]);
  const off = { oci: oci.enabled.value === false, containerd: containerd.enabled.value !== true };
  const newest = refusedFlags(flags, max ?? NEWEST, off);
  const oldest = refusedFlags(flags, min ?? OLDEST, off);
  return newest.filter(({ flag, value }) => oldest.some((one) => one.flag === flag && one.value === value));
}

/** buildkitd tells systemd when it is ready, as its own process; rootlesskit is the main one. */
async function notification(_look: Look, { directives, rootlesskit, command, notifies }: Unit): Promise<Part> {
  const type = lastOf(directives, 'Type');
  switch (type?.value) {
    case 'forking':
    case 'dbus':
    case 'oneshot':
      return { obstacles: [one('type', type.value, type.at)] };
    case 'notify':
    case 'notify-reload': {
      if (!notifies) return { obstacles: [one('type', type.value, type.at)] };
      const access = lastOf(directives, 'NotifyAccess');
      if (rootlesskit !== null && access?.value !== 'all')
        return { obstacles: [one('not-notified', access?.value ?? 'main', access?.at ?? type.at, type.value)] };
      break;
    }
  }
  const watchdog = lastOf(directives, 'WatchdogSec');
  if (watchdog === null || /^(?:0|infinity)\w*$/.test(watchdog.value)) return NOTHING;
  return { obstacles: [one('watchdog', watchdog.value, watchdog.at, command.path)] };
}

/** fd:// wants a socket that systemd passes to the very process that asks for it. */
async function activation(look: Look, service: Unit): Promise<Part> {
  const { addresses } = await look.get(settings);
  if (!addresses.value.some((text) => parseListenAddress(text).scheme === 'fd')) return NOTHING;
  const { command, rootlesskit, directives, scope, name } = service;
  const at = addresses.at ?? command.at;
  if (rootlesskit !== null) return { obstacles: [one('socket-not-passed', rootlesskit.path, at)] };
  const listed = await listDirectories(look, scope === 'user' ? userDirectories(userPlaces(look)) : SYSTEM_DIRECTORIES);
  const beside = name.replace(/\.service$/, '.socket');
  const wanted = [...listOf(directives, 'Sockets').flatMap(({ value }) => unitWords(value).words), beside];
  const has = (file: string): boolean => listed.some(({ names }) => names.has(file));
  return wanted.some((file) => has(file) || has(templateOf(file)))
    ? NOTHING
    : { obstacles: [one('socket-missing', beside, at)] };
}

async function account(look: Look, service: Unit): Promise<Part> {
  const { target, mode } = await look.get(identity);
  const { rootlesskit, command, directives, scope, enters } = service;
  const obstacles: StartObstacle[] = [];
  if (scope === 'system' && command.privileged && target.uid !== 0)
    obstacles.push(one('as-root', command.path, command.at));
  if (mode === 'rootless' && target.uid !== 0 && rootlesskit === null) {
    if (enters === null) obstacles.push(one('without-rootlesskit', command.argv.join(' '), command.at));
    else {
      const child = `${service.environment.XDG_RUNTIME_DIR ?? ''}/containerd-rootless/child_pid`;
      if (child.startsWith('/') && (await look.host.stat(child, 'target').catch(asAbsent)) === null)
        obstacles.push(one('entered-stopped', enters, command.at, child));
    }
  }
  const dynamic = isOn(directives, 'DynamicUser');
  if (mode === 'rootful' && dynamic !== null && lastOf(directives, 'User') === null)
    obstacles.push(one('without-rootlesskit', command.argv.join(' '), dynamic.at, 'dynamic'));
  const groups = ['Group', 'SupplementaryGroups'].flatMap((key) =>
    listOf(directives, key).flatMap(({ value, at }) => unitWords(value).words.map((group) => ({ group, at }))),
  );
  for (const { group, at } of groups) {
    if (/^\d+$/.test(group)) continue;
    const told = await look.host.run('getent', ['group', group], 'self');
    if (told !== null && told.code === 2) obstacles.push(one('group', group, at));
  }
  const extra = scope === 'user' ? lastOf(directives, 'SupplementaryGroups') : null;
  if (extra !== null) obstacles.push(one('group', extra.value, extra.at, 'user'));
  return { obstacles };
}
