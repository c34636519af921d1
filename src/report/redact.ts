import type { Report } from '../model/say.ts';
import type { Names } from '../names/names.ts';
import { type KnownSecrets, NO_SECRETS } from '../secrets/known.ts';
import { maskText } from '../secrets/text.ts';

/** Fields whose text is bk-doctor's own vocabulary. */
const VOCABULARY = new Set(
  (
    'schema id check condition status severity decides docs risk needs until result level mode launcher source do as ' +
    'edit change expects digest kernel arch name version startedAt transaction snapshotter title definition confidence'
  ).split(' '),
);
/** Evidence fields that hold the name of an account, and of a machine. */
const USER_FIELDS = new Set('user users owner owners account accounts login'.split(' '));
const HOST_FIELDS = new Set('host hostname registry mirror server domain proxy'.split(' '));

/** Fields that hold what programs said, or what was made of it. */
const SAID = new Set('message reason tell why log subject excerpt'.split(' '));

/** Changes a text; where it stands tells what it may be. */
type Change = (text: string, key: string, inEvidence: boolean) => string;

/** Changes each text once: of many files the same is said. */
export function onceEach(change: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const now = change(text);
    known.set(text, now);
    return now;
  };
}

/** Any answer with credentials masked and all else as it is; `secrets` are those of this host. */
export function withoutSecrets<T>(
  answer: T,
  secrets: Pick<KnownSecrets, 'hide' | 'hideCertain'> = NO_SECRETS,
  mask: (text: string) => string = (text) => maskText(text),
): T {
  return mapText(answer, (text, key, inEvidence) => {
    const masked = mask(text);
    if (inEvidence || SAID.has(key)) return secrets.hide(masked);
    return VOCABULARY.has(key) ? masked : secrets.hideCertain(masked);
  });
}

/** What stands where a text could not be redacted. */
export const LEFT_OUT = '(left out: could not be redacted)';

/**
 * The report as strangers may see it: every name of a person, a home, a machine or an address has its stand-in. Numeric
 * ids, versions and everything below neutral paths stay, because a diagnosis needs them.
 */
export function redact(report: Report, names: Names): Report {
  learnReport(report, names);
  const hidden = redacted(report, names);
  const { name } = report.host;
  // Elsewhere this field is a word that everybody knows.
  return typeof name === 'string' ? { ...hidden, host: { ...hidden.host, name: names.hide(name) } } : hidden;
}

/** Any answer with its names replaced, but in those texts that are bk-doctor's own vocabulary. */
export function redacted<T>(answer: T, names: Names): T {
  mapText(answer, (text, key, inEvidence) => {
    if (inEvidence || !VOCABULARY.has(key)) names.learn(text);
    return text;
  });
  return mapText(answer, (text, key, inEvidence) =>
    inEvidence || !VOCABULARY.has(key)
      ? names.hide(text)
      : /[/\\]/.test(text) && names.isIn(text) !== null
        ? LEFT_OUT
        : text,
  );
}

/** Learns the names that a report tells by where they stand. It may be of another release, so that nothing of its shape is sure. */
export function learnReport(report: unknown, names: Names): void {
  const { target, host, checks } = fieldsOf(report);
  const { environment, user } = fieldsOf(target);
  const { name } = fieldsOf(host);
  const variables = fieldsOf(environment);
  const told = (variable: string): string => textOf(fieldsOf(variables[variable]).value);
  if (typeof name === 'string') names.learnFiles({ hostnames: [name] });
  for (const one of [textOf(user), told('USER'), told('LOGNAME')]) if (one !== '') names.learn(`USER=${one}`);
  if (variables.HOME !== undefined) names.learnHome(told('HOME'), textOf(user));
  for (const variable of Object.keys(variables)) if (/^no_proxy$/i.test(variable)) names.learnNoProxy(told(variable));
  for (const one of evidenceIn(checks, USER_FIELDS))
    if (/^[\p{L}_][\p{L}\p{N}_.@-]*\$?$/u.test(one)) names.learn(`USER=${one}`);
  for (const one of evidenceIn(checks, HOST_FIELDS)) {
    const machine = hostOf(one);
    if (machine !== '') names.learn(`tcp://${machine}`);
  }
}

/** Were its names replaced when it was made? */
export function isRedacted(report: unknown): boolean {
  const { redaction } = fieldsOf(report);
  return typeof fieldsOf(redaction).names === 'object' && fieldsOf(redaction).names !== null;
}

const fieldsOf = (value: unknown): { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null ? (value as { readonly [field: string]: unknown }) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What of an answer is bk-doctor's own vocabulary: a name that is also one of these words stays there. */
export function vocabularyOf(answer: unknown): readonly string[] {
  const words = new Set<string>();
  mapText(answer, (text, key, inEvidence) => {
    if (!inEvidence && VOCABULARY.has(key)) words.add(text);
    return text;
  });
  return [...words];
}

/** How many places a secret stood at, for whoever wonders what is missing. */
export function maskedPlaces(answer: unknown): number {
  return JSON.stringify(answer).match(/\*{3}(?::\*{3})?/g)?.length ?? 0;
}

/** The texts in these fields of the evidence. */
function evidenceIn(checks: unknown, fields: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown, key: string, inEvidence: boolean): void => {
    if (typeof value === 'string') {
      if (inEvidence && fields.has(key)) found.push(value);
    } else if (Array.isArray(value)) for (const each of value) visit(each, key, inEvidence);
    else
      for (const [name, each] of Object.entries(fieldsOf(value))) visit(each, name, inEvidence || name === 'evidence');
  };
  visit(checks, '', false);
  return found;
}

/** The machine's name in an address or a URL; empty for numbers and for what is no name. */
function hostOf(address: string): string {
  const host = address.replace(/^[a-z-]+:\/\//i, '').replace(/[/:][\s\S]*$/, '');
  return /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(host) && !/^[\d.]+$/.test(host) ? host : '';
}

/** The same value with every text changed. Names of evidence fields are text, too. */
function mapText<T>(value: T, change: Change): T {
  const visit = (inner: unknown, key: string, inEvidence: boolean): unknown => {
    if (typeof inner === 'string') return change(inner, key, inEvidence);
    if (Array.isArray(inner)) return inner.map((each) => visit(each, key, inEvidence));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, each]) => [
        inEvidence ? change(name, name, true) : name,
        visit(each, name, inEvidence || name === 'evidence'),
      ]),
    );
  };
  return visit(value, '', false) as T;
}
