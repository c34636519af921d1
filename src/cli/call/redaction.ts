import { readFileSync } from 'node:fs';
import { type Opened, openHost } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import { whoIsWho } from '../../host/who.ts';
import type { Account, As, HostReader } from '../../model/look.ts';
import type { Entry } from '../../names/book.ts';
import type { Names } from '../../names/names.ts';
import { visible } from '../../text/visible.ts';
import type { Globals } from './globals.ts';
import { OURSELVES } from './ourselves.ts';
import { existingFile } from './private-file.ts';
import type { Session } from './session.ts';

/** Which names are replaced in what a call writes, and how they are called there. */
export interface Redaction {
  /** In its answer. */
  readonly ofAnswer: boolean;
  /** In its recording. */
  readonly ofRecording: boolean;
  /** The names of a host; null: of the one that bk-doctor runs on. */
  names(opened: Opened | null): Promise<Names>;
  /** Keeps what stands for what, so that an answer can be translated back. Before anything is written. */
  keep(): Promise<void>;
}

export function redactionOf(session: Session, globals: Globals, sharing: boolean): Redaction {
  const words = globals.redactWords === null ? [] : wordsIn(globals.redactWords);
  let made: Promise<{ names: Names; self: Account }> | null = null;
  return {
    ofAnswer: globals.format.carriesNoNames === true || (globals.redact ?? sharing),
    // It goes where the answer goes.
    ofRecording: globals.redact ?? sharing,
    async names(opened) {
      made ??= namesHere(session, opened, words);
      return (await made).names;
    },
    async keep() {
      // Nobody answers what a monitor shows.
      if (made === null || globals.format.carriesNoNames === true) return;
      const { names, self } = await made;
      if (names.entries().length > 0) await keepNames(session, self, names.entries());
    },
  };
}

async function namesHere(
  session: Session,
  opened: Opened | null,
  words: readonly string[],
): Promise<{ names: Names; self: Account }> {
  const own = opened ?? (await openHost(OURSELVES, { record: false, replay: null, env: session.streams.env }));
  try {
    const { host } = own;
    const { namesOf } = await import('../../names/names.ts');
    const self = own.replayed ? await ourselves(session) : host.identity.self;
    const names = namesOf(await keptNames(session, self));
    for (const word of words) names.add('word', word);
    if (own.redacted !== true) await learnHost(host, names);
    return { names: own.redacted === true ? only(names) : names, self };
  } finally {
    if (opened === null) await own.close();
  }
}

async function ourselves({ streams }: Session): Promise<Account> {
  return (await whoIsWho(OURSELVES, streams.env)).self;
}

/** Stand-ins of another redaction are no names: nothing more is learnt. */
export const only = (names: Names): Names => ({
  ...names,
  learn: () => {},
  learnFiles: () => {},
  learnHome: () => {},
  learnNoProxy: () => {},
});

/** The names that a host has: of its people, their homes, itself and its neighbours. What cannot be read is not known. */
async function learnHost(host: HostReader, names: Names): Promise<void> {
  const read = async (path: string, as: As): Promise<string | undefined> =>
    (await host.read(path, as).catch(() => null))?.text;
  const text = async (path: string): Promise<string> =>
    (await read(path, 'self')) ?? (await read(path, 'target')) ?? '';
  const [passwd, group, subuid, subgid, hosts, resolv] = await Promise.all([
    text('/etc/passwd'),
    text('/etc/group'),
    text('/etc/subuid'),
    text('/etc/subgid'),
    text('/etc/hosts'),
    text('/etc/resolv.conf'),
  ]);
  const [name, domain, own, machine, boot] = await Promise.all([
    text('/proc/sys/kernel/hostname'),
    text('/proc/sys/kernel/domainname'),
    text('/etc/hostname'),
    text('/etc/machine-id'),
    text('/proc/sys/kernel/random/boot_id'),
  ]);
  names.learnFiles({
    passwd,
    group,
    hosts,
    resolv,
    subids: `${subuid}\n${subgid}`,
    hostnames: [name, domain, own],
    ids: [machine, boot],
  });
  const { self, target, sudoUser } = host.identity;
  for (const account of [sudoUser, self.name, target.name]) if (account) names.learn(`USER=${account}`);
  for (const { home, name: account } of [self, target]) if (home !== null) names.learnHome(home, account ?? '');
}

/** One a line; an empty line and one that begins with # are none. */
function wordsIn(file: string): readonly string[] {
  const path = existingFile('--redact-words', file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no reason';
    throw new UsageError(`--redact-words: ${visible(path)} cannot be read: ${code}`);
  }
  const words = text.split('\n').map((line) => line.trim());
  return words.filter((word) => word !== '' && !word.startsWith('#'));
}

interface Kept {
  readonly schema: 1;
  readonly names: readonly Entry[];
}

/** What is kept of earlier redactions; what cannot be read is as if there were none. */
async function keptNames(session: Session, self: Account): Promise<readonly Entry[]> {
  const { stateDirectory } = await import('../../apply/journal/state-directory.ts');
  const { readNameMap } = await import('../../apply/journal/name-map.ts');
  const state = stateDirectory(self, session.streams.env);
  try {
    return state === null ? [] : entriesOf(readNameMap(state, self.uid));
  } catch {
    return [];
  }
}

export function entriesOf(kept: unknown): readonly Entry[] {
  const { names } = (kept ?? {}) as Partial<Kept>;
  if (!Array.isArray(names)) return [];
  return names.filter(
    (entry): entry is Entry =>
      typeof entry === 'object' &&
      entry !== null &&
      [entry.kind, entry.name, entry.standIn].every((text) => typeof text === 'string' && text !== ''),
  );
}

/** Where it cannot be kept the report is as good; only nobody can translate an answer back. */
async function keepNames(session: Session, self: Account, entries: readonly Entry[]): Promise<void> {
  const [{ stateDirectory }, { changeNameMap }] = await Promise.all([
    import('../../apply/journal/state-directory.ts'),
    import('../../apply/journal/name-map.ts'),
  ]);
  const state = stateDirectory(self, session.streams.env);
  try {
    if (state === null) throw new Error('this account has no home directory');
    await changeNameMap(state, self.uid, (before) => {
      const given = new Set(entries.map(({ standIn }) => standIn));
      const others = entriesOf(before).filter(({ standIn }) => !given.has(standIn));
      return { kept: { schema: 1, names: [...others, ...entries] }, answer: null };
    });
  } catch (error) {
    session.notice(
      `which name stands for which was not kept, so bk-doctor unredact will not know: ${(error as Error).message}`,
    );
  }
}
