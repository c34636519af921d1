import type { Opened } from '../host/open.ts';
import type { HostReader } from '../model/look.ts';
import type { Report } from '../model/say.ts';
import { json, jsonText } from '../report/json.ts';
import { markdown } from '../report/markdown.ts';
import { type Private, redact, redacted, redactor, withoutSecrets } from '../report/redact.ts';
import type { Commands } from '../report/summary.ts';
import { terminal } from '../report/terminal.ts';
import { type Appearance, appearanceOf } from './appearance.ts';
import type { Globals } from './globals.ts';
import { deliver } from './outlet.ts';
import { type PrivateFile, preparePrivateFile } from './private-file.ts';
import type { Session } from './session.ts';

/** Where the answer goes, checked before anything is done. */
export interface Destination {
  readonly file: PrivateFile | null;
  readonly appearance: Appearance;
  send(text: string): Promise<void>;
}

export function destinationOf(session: Session, globals: Globals): Destination {
  const { streams } = session;
  const file = globals.output === null ? null : preparePrivateFile('--output', globals.output, streams.env);
  return {
    file,
    appearance: appearanceOf(file === null ? streams.stdout : null, streams.env, globals.color),
    async send(text) {
      if (session.isEnding()) await new Promise(() => {});
      if (file === null) return deliver(streams.stdout, text);
      file.write(text);
    },
  };
}

/** An answer that is no report: JSON, or text made for this destination. `opened` is the host that it tells of, if any. */
export async function sendAnswer<T>(
  destination: Destination,
  globals: Globals,
  value: T,
  text: (appearance: Appearance, shown: T) => string | Promise<string>,
  opened: Opened | null = null,
): Promise<void> {
  const hide = opened !== null && isHidden(globals, destination) ? redactor(await privateNames(opened.host)) : null;
  const told = opened === null ? value : withoutSecrets(value, opened.hide);
  const shown = hide === null ? told : redacted(told, hide);
  const answer = globals.format === 'json' ? jsonText(shown) : await text(destination.appearance, shown);
  await destination.send(hide === null || globals.format === 'json' ? answer : hide(answer));
}

function isHidden(globals: Globals, destination: Destination): boolean {
  return globals.redact ?? (globals.format === 'markdown' || destination.file !== null);
}

/** Writes the report in the format asked for. */
export async function sendReport(
  session: Session,
  destination: Destination,
  globals: Globals,
  report: Report,
  how: { readonly commands: Commands; readonly diffs: boolean; readonly opened: Opened },
): Promise<void> {
  const hide = isHidden(globals, destination);
  const told = withoutSecrets(report, how.opened.hide);
  const hidden = hide ? redact(told, await privateNames(how.opened.host)) : null;
  const shown = hidden?.report ?? told;
  const commands = hidden === null ? how.commands : hiddenCommands(how.commands, hidden.hide);
  await destination.send(textOf(shown, globals, destination.appearance, { ...how, commands }));
  if (destination.file !== null) {
    const names = hide
      ? 'names and addresses replaced; --no-redact keeps them'
      : 'it holds names and paths of this host';
    session.notice(`report written to ${destination.file.path} (${names})`);
  }
}

function textOf(
  report: Report,
  { format, quiet, verbose }: Globals,
  appearance: Appearance,
  { commands, diffs }: { readonly commands: Commands; readonly diffs: boolean },
): string {
  switch (format) {
    case 'json':
      return json(report);
    case 'markdown':
      return markdown(report);
    case 'terminal':
      return terminal(report, { ...appearance, quiet, verbose, diffs, commands });
  }
}

function hiddenCommands(commands: Commands, hide: (text: string) => string): Commands {
  const { check, fix, checkAsRoot, fixAsRoot, show, verify } = commands;
  return {
    ...commands,
    check: hide(check),
    fix: hide(fix),
    checkAsRoot: hide(checkAsRoot),
    fixAsRoot: hide(fixAsRoot),
    show: hide(show),
    verify: verify === null ? null : hide(verify),
  };
}

/** The names that a host has: of its people, their homes and itself. What cannot be read is not known. */
async function privateNames(host: HostReader): Promise<Private> {
  const text = async (path: string): Promise<string> => (await host.read(path, 'self').catch(() => null))?.text ?? '';
  const [passwd, subuid, name] = await Promise.all([
    text('/etc/passwd'),
    text('/etc/subuid'),
    text('/proc/sys/kernel/hostname'),
  ]);
  const people = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , uid]) => Number(uid) >= 1000 && Number(uid) < 65_534);
  const users = [
    ...people.map(([user = '']) => user),
    ...subuid.split('\n').map((line) => line.split(':')[0]?.trim() ?? ''),
    host.identity.self.uid === 0 ? (host.identity.sudoUser ?? '') : (host.identity.self.name ?? ''),
    host.identity.target.name ?? '',
  ];
  const own = [host.identity.self.home, host.identity.target.home].filter((home) => home !== null);
  return {
    users: users.filter((user) => /^[^\s#\d][^\s#]*$/.test(user)),
    homes: [...people.map(([, , , , , home = '']) => home), ...own].filter((home) => home.split('/').length > 2),
    hosts: [name.trim()],
  };
}
