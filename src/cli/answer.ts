import { hostname } from 'node:os';
import type { Opened } from '../host/open.ts';
import { UsageError } from '../host/usage-error.ts';
import type { HostReader } from '../model/look.ts';
import type { Report } from '../model/say.ts';
import type { Documents, ExaminedFile, Kind } from '../report/format.ts';
import { formatsFor } from '../report/formats.ts';
import type { Appearance } from '../report/pen.ts';
import type { Chosen } from '../report/plan.ts';
import { type Private, redact, redacted, redactor, withoutSecrets } from '../report/redact.ts';
import type { Commands } from '../report/summary.ts';
import type { ShownVerification } from '../report/verification.ts';
import { maskText } from '../secrets/text.ts';
import type { Explanation, Quoted } from '../symptoms/diagnose.ts';
import { appearanceOf } from './appearance.ts';
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

/** Throws UsageError where the format cannot show what the command answers, before anything is done. */
export function destinationOf(session: Session, globals: Globals, kind: Kind, command: string): Destination {
  const { streams } = session;
  if (globals.format.shows[kind] === undefined)
    throw new UsageError(
      `${command} has no form in ${globals.format.name}: choose --format ${formatsFor(kind).join(' or ')}`,
    );
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
  words: (appearance: Appearance, shown: T) => string | Promise<string>,
  opened: Opened | null = null,
): Promise<void> {
  const told = await tellable(destination, globals, value, opened);
  const answer = { value: told.value, words: (appearance: Appearance) => words(appearance, told.value) };
  const text = await render('answer', answer, globals, destination);
  await destination.send(globals.format.name === 'json' ? text : told.hide(text));
}

/** How a trial of BuildKit went. */
export async function sendVerification(
  destination: Destination,
  globals: Globals,
  shown: ShownVerification,
  opened: Opened,
): Promise<void> {
  const { value } = await tellable(destination, globals, shown, opened);
  await destination.send(await render('verification', value, globals, destination));
}

/** What a log says. Its own words are hidden like those of a host; the rest is bk-doctor's. */
export async function sendExplanation(
  destination: Destination,
  globals: Globals,
  explanation: Explanation,
  opened: Opened | null,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const names = async (): Promise<Private> =>
    opened === null
      ? { users: [env.USER ?? ''].filter(Boolean), homes: [env.HOME ?? ''].filter(Boolean), hosts: [hostname()] }
      : privateNames(opened.host);
  const hide = isHidden(globals, destination) ? redactor(await names()) : (text: string) => text;
  const told = (text: string): string => hide(maskText(opened === null ? text : opened.hide(text)));
  const quoted = <T extends Quoted>(one: T): T => ({
    ...one,
    excerpt: told(one.excerpt),
    file: one.file === null ? null : told(one.file),
  });
  const shown: Explanation = {
    ...explanation,
    diagnoses: explanation.diagnoses.map((one) => ({ ...quoted(one), also: one.also.map(quoted) })),
    failure: explanation.failure === null ? null : quoted(explanation.failure),
  };
  await destination.send(await render('explanation', shown, globals, destination));
}

/** What the examination of files says, which are the person's own: names in them stay. */
export async function sendFindings(
  destination: Destination,
  globals: Globals,
  files: readonly ExaminedFile[],
): Promise<void> {
  await destination.send(await render('findings', files, globals, destination));
}

/** What may be told of an answer here: no secret, and no names where they are hidden. `hide` does so to a text. */
async function tellable<T>(
  destination: Destination,
  globals: Globals,
  value: T,
  opened: Opened | null,
): Promise<{ readonly value: T; readonly hide: (text: string) => string }> {
  if (opened === null) return { value, hide: (text) => text };
  const told = withoutSecrets(value, opened.hide);
  if (!isHidden(globals, destination)) return { value: told, hide: (text) => text };
  const hide = redactor(await privateNames(opened.host));
  return { value: redacted(told, hide), hide };
}

function isHidden(globals: Globals, destination: Destination): boolean {
  return globals.redact ?? (globals.format.hidesNames || destination.file !== null);
}

/** Writes the report in the format asked for; `plan`: with the diffs of its fixes. */
export async function sendReport(
  session: Session,
  destination: Destination,
  globals: Globals,
  report: Report,
  how: { readonly commands: Commands; readonly kind: 'report' | 'plan'; readonly opened: Opened } & Asides,
): Promise<void> {
  const hide = isHidden(globals, destination);
  const told = withoutSecrets(report, how.opened.hide);
  const hidden = hide ? redact(told, await privateNames(how.opened.host)) : null;
  const commands = hidden === null ? how.commands : hiddenCommands(how.commands, hidden.hide);
  const { order = [], lead = null } = how;
  const shown = { report: hidden?.report ?? told, commands, order, lead };
  await destination.send(await render(how.kind, shown, globals, destination));
  if (destination.file !== null) {
    const names = hide
      ? 'names and addresses replaced; --no-redact keeps them'
      : 'it holds names and paths of this host';
    session.notice(`report written to ${destination.file.path} (${names})`);
  }
}

/** What is said of a report besides: a sentence before it, the order of a plan. Neither holds a name. */
interface Asides {
  readonly lead?: string | null;
  readonly order?: readonly Chosen[];
}

/** A document in the format asked for, which `destinationOf` has made sure of. */
async function render<K extends Kind>(
  kind: K,
  document: Documents[K],
  { format, quiet, verbose }: Globals,
  { appearance }: Destination,
): Promise<string> {
  const show = format.shows[kind];
  if (show === undefined) throw new Error(`${format.name} shows no ${kind}`);
  return show(document, { ...appearance, quiet, verbose });
}

function hiddenCommands(commands: Commands, hide: (text: string) => string): Commands {
  const { check, fix, checkAsRoot, fixAsRoot, script, undo, show, verify } = commands;
  return {
    ...commands,
    check: hide(check),
    fix: hide(fix),
    checkAsRoot: hide(checkAsRoot),
    fixAsRoot: hide(fixAsRoot),
    script: hide(script),
    undo: hide(undo),
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
