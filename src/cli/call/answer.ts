import type { Opened } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { CheckReport, Report } from '../../model/say.ts';
import type { Names } from '../../names/names.ts';
import { survivorIn } from '../../names/proof.ts';
import type { Documents, ExaminedFile, Kind } from '../../report/format.ts';
import { formatsFor } from '../../report/formats/table.ts';
import type { Appearance } from '../../report/pen.ts';
import type { Chosen } from '../../report/plan.ts';
import { maskedPlaces, onceEach, redact, redacted, vocabularyOf, withoutSecrets } from '../../report/redact.ts';
import type { Commands } from '../../report/summary.ts';
import type { ShownVerification } from '../../report/verification.ts';
import { type KnownSecrets, knownSecrets, NO_SECRETS } from '../../secrets/known.ts';
import { maskText } from '../../secrets/text.ts';
import type { Explanation, Quoted } from '../../symptoms/diagnose.ts';
import type { Answers } from './answers.ts';
import { appearanceOf } from './appearance.ts';
import type { Globals } from './globals.ts';
import { deliver, Undelivered } from './outlet.ts';
import { type PrivateFile, preparePrivateFile } from './private-file.ts';
import { type Redaction, redactionOf } from './redaction.ts';
import type { Session } from './session.ts';

/** What an answer must be free of; `kept`: names of files, which must be found. */
export interface Forbidden {
  readonly secrets: Pick<KnownSecrets, 'isIn'>;
  readonly names: Names | null;
  readonly kept?: readonly string[];
}
const NOTHING: Forbidden = { secrets: NO_SECRETS, names: null };

/** Where the answer goes, checked before anything is done. */
export interface Destination {
  readonly file: PrivateFile | null;
  readonly appearance: Appearance;
  readonly redaction: Redaction;
  /** Throws Undelivered where something is in the text that must not be. */
  send(text: string, forbidden: Forbidden): Promise<void>;
}

/** Throws UsageError where the format cannot show what the command answers, before anything is done. */
export function destinationOf(session: Session, globals: Globals, kind: Kind, command: string): Destination {
  const { streams } = session;
  if (globals.format.shows[kind] === undefined)
    throw new UsageError(
      `${command} has no form in ${globals.format.name}: choose --format ${formatsFor(kind).join(' or ')}`,
    );
  const file =
    globals.output === null ? null : preparePrivateFile('--output', globals.output, streams.env, globals.format.mode);
  const redaction = redactionOf(session, globals, globals.format.hidesNames || file !== null);
  return {
    file,
    appearance: appearanceOf(file === null ? streams.stdout : null, streams.env, globals.color),
    redaction,
    async send(text, { secrets, names, kept }) {
      if (session.isEnding()) await new Promise(() => {});
      refuseSurvivor('the answer', survivorIn(text, secrets, names, kept));
      if (names !== null) await redaction.keep();
      if (file === null) return deliver(streams.stdout, text);
      file.write(text);
    },
  };
}

/** Nothing is written rather than what was to stay in the house. Throws Undelivered. */
export function refuseSurvivor(what: string, survivor: string | null): void {
  if (survivor !== null)
    throw new Undelivered(
      `${what} was not written: ${survivor} that was to be replaced is in it still, which is a fault of bk-doctor`,
    );
}

/** An answer that is no report: JSON, or text made for this destination. `opened` is the host that it tells of, if any. */
export async function sendAnswer<T extends Answers[keyof Answers]>(
  destination: Destination,
  globals: Globals,
  value: T,
  words: (appearance: Appearance, shown: T) => string | Promise<string>,
  opened: Opened | null = null,
): Promise<void> {
  const told = await tellable(destination, value, opened);
  const answer = { value: told.value, words: (appearance: Appearance) => words(appearance, told.value) };
  const text = await render('answer', answer, globals, destination);
  const { names } = told.forbidden;
  await destination.send(globals.format.name === 'json' || names === null ? text : names.hide(text), told.forbidden);
}

/** What is made of reports. `names` were learnt from them; null: names stay. */
export async function sendComparison<T>(
  destination: Destination,
  globals: Globals,
  value: T,
  words: (appearance: Appearance, shown: T) => string,
  names: Names | null,
): Promise<void> {
  const told = withoutSecrets(value);
  const shown = names === null ? told : redacted(told, names);
  const answer = { value: shown, words: (appearance: Appearance) => words(appearance, shown) };
  const text = await render('answer', answer, globals, destination);
  await destination.send(text, { secrets: NO_SECRETS, names, kept: vocabularyOf(shown) });
}

/** How a trial of BuildKit went. */
export async function sendVerification(
  destination: Destination,
  globals: Globals,
  shown: ShownVerification,
  opened: Opened,
): Promise<void> {
  const { value, forbidden } = await tellable(destination, shown, opened);
  await destination.send(await render('verification', value, globals, destination), forbidden);
}

/** What a log says. Its own words are hidden like those of a host; the rest is bk-doctor's. */
export async function sendExplanation(
  destination: Destination,
  globals: Globals,
  explanation: Explanation,
  opened: Opened | null,
): Promise<void> {
  const names = destination.redaction.ofAnswer ? await destination.redaction.names(opened) : null;
  const secrets = opened?.secrets ?? knownSecrets();
  const all = (change: (text: string) => string): Explanation => {
    const quoted = <T extends Quoted>(one: T): T => ({
      ...one,
      excerpt: change(one.excerpt),
      file: one.file === null ? null : change(one.file),
    });
    return {
      ...explanation,
      diagnoses: explanation.diagnoses.map((one) => ({ ...quoted(one), also: one.also.map(quoted) })),
      failure: explanation.failure === null ? null : quoted(explanation.failure),
    };
  };
  // A secret or a name of one line is looked for in the others.
  all((text) => {
    maskText(text, secrets.add);
    names?.learn(text);
    return text;
  });
  const told = all((text) => secrets.hide(maskText(text)));
  const shown = names === null ? told : redacted(told, names);
  const kept = vocabularyOf(shown);
  await destination.send(await render('explanation', shown, globals, destination), { secrets, names, kept });
}

/** What the examination of files says; their own names stay, so that they can be found. */
export async function sendFindings(
  destination: Destination,
  globals: Globals,
  files: readonly ExaminedFile[],
): Promise<void> {
  const { learnSecrets, maskLines } = await import('../../secrets/documents.ts');
  const secrets = knownSecrets();
  for (const { file, text, ...rest } of files)
    if (text !== undefined && isTold(rest)) learnSecrets(file, text, secrets.add);
  const names = destination.redaction.ofAnswer ? await destination.redaction.names(null) : null;
  if (names !== null) for (const { text } of files) if (text !== undefined) names.learn(text);
  const hiding = { hide: onceEach(secrets.hide), hideCertain: onceEach(secrets.hideCertain) };
  const mask = onceEach((said) => maskText(said));
  const shown = files.map(({ text, ...rest }): ExaminedFile => {
    const told = toldOf(rest, (value) => withoutSecrets(value, hiding, mask));
    const masked: ExaminedFile = {
      ...told,
      // Few formats show lines, and to mask them takes longer than all else.
      get text() {
        return text === undefined || !isTold(rest) ? '' : maskLines(text, secrets.hideCertain);
      },
    };
    if (names === null) return masked;
    const { file } = rest;
    return { ...redacted(masked, names), file: file.startsWith('/') ? names.hide(file) : file };
  });
  const own = files.map(({ file }) => file).filter((file) => !file.startsWith('/'));
  const kept = names === null ? [] : [...own, ...vocabularyOf(shown)];
  await destination.send(await render('findings', shown, globals, destination), { secrets, names, kept });
}

/** What is said of a file, without secrets. A check that found nothing says nothing of the file; an edit is told in words. */
function toldOf(file: Omit<ExaminedFile, 'text'>, mask: <T>(value: T) => T): Omit<ExaminedFile, 'text'> {
  const { checks, mended, ...rest } = file;
  const told = checks.map((check): CheckReport => {
    const { problems, fixes, reason, tell } = check;
    if (problems.length === 0 && reason === null && tell === null) return check;
    const worded = fixes.map((fix) => {
      const words = fix.steps.filter((step) => step.do === 'tell');
      return words.length === 0 ? fix : { ...fix, steps: words };
    });
    return { ...check, ...mask({ problems, fixes: worded, reason, tell }) };
  });
  return { ...rest, checks: told, ...(mended === undefined ? {} : { mended: mask(mended) }) };
}

/** Whether anything of a file is told: of a Dockerfile in which nothing was found, nothing is. */
const isTold = ({ kind, checks, mended }: Omit<ExaminedFile, 'file' | 'text'>): boolean =>
  kind !== 'dockerfile' || mended !== undefined || checks.some(({ problems }) => problems.length > 0);

/** What may be told of an answer here: no secret, and no names where they are hidden; and what must not be in it. */
async function tellable<T>(
  { redaction }: Destination,
  value: T,
  opened: Opened | null,
): Promise<{ readonly value: T; readonly forbidden: Forbidden }> {
  if (opened === null) return { value, forbidden: NOTHING };
  const { secrets } = opened;
  const told = withoutSecrets(value, secrets);
  if (!redaction.ofAnswer) return { value: told, forbidden: { secrets, names: null } };
  const names = await redaction.names(opened);
  const shown = redacted(told, names);
  return { value: shown, forbidden: { secrets, names, kept: vocabularyOf(shown) } };
}

/** Writes the report in the format asked for; `plan`: with the diffs of its fixes. */
export async function sendReport(
  session: Session,
  destination: Destination,
  globals: Globals,
  report: Report,
  how: { readonly commands: Commands; readonly kind: 'report' | 'plan'; readonly opened: Opened } & Asides,
): Promise<void> {
  const { secrets } = how.opened;
  const told = withoutSecrets(report, secrets);
  const names = destination.redaction.ofAnswer ? await destination.redaction.names(how.opened) : null;
  const hidden = how.recorded === true ? await recordedIn(told, how.opened, names) : hiddenIn(told, names);
  const tell = (text: string): string => {
    const masked = secrets.hideCertain(maskText(text));
    return names === null ? masked : names.hide(masked);
  };
  const { order = [], lead = null } = how;
  const redaction = { names: names?.counts() ?? null, secrets: maskedPlaces(hidden) };
  const shown = {
    report: { ...hidden, redaction },
    commands: changed(how.commands, tell),
    order,
    lead: lead === null ? null : tell(lead),
  };
  const kept = vocabularyOf({ ...hidden, recording: null });
  await destination.send(await render(how.kind, shown, globals, destination), { secrets, names, kept });
  if (destination.file !== null) {
    const holds =
      names === null ? 'it holds names and paths of this host' : 'names and addresses replaced; --no-redact keeps them';
    session.notice(`report written to ${destination.file.path} (${holds})`);
  }
}

const hiddenIn = (report: Report, names: Names | null): Report => (names === null ? report : redact(report, names));

async function recordedIn(report: Report, opened: Opened, names: Names | null): Promise<Report> {
  const { withRecording } = await import('../../report/with-recording.ts');
  return withRecording(report, JSON.parse(opened.recording()), names);
}

/** What is said of a report besides: a sentence before it, the order of a plan. Neither holds a name. */
interface Asides {
  /** With what the host answered inside. */
  readonly recorded?: boolean;
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

function changed(commands: Commands, change: (text: string) => string): Commands {
  const { check, fix, checkAsRoot, fixAsRoot, script, undo, show, verify, setup } = commands;
  return {
    ...commands,
    check: change(check),
    fix: change(fix),
    checkAsRoot: change(checkAsRoot),
    fixAsRoot: change(fixAsRoot),
    script: change(script),
    undo: change(undo),
    show: change(show),
    verify: verify === null ? null : change(verify),
    setup: setup === null ? null : change(setup),
  };
}
