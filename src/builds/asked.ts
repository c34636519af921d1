import type { As, Fact, HostReader, UnseenReason } from '../model/look.ts';
import { seen, unlessRefused, unseenOf } from '../model/unseen.ts';
import { withoutTrailing } from '../text/trailing.ts';
import type { Files, Refused } from './model/context.ts';
import { PLAIN_DAEMON } from './model/daemon.ts';
import { rooted } from './model/paths.ts';
import { type BuildText, buildTextKind, GIVEN, judgeTexts } from './project.ts';

/** A path that a build names: what it is, and its text where it is a small file. */
export interface NamedPath {
  /** Undefined where it cannot be told. */
  readonly kind: 'file' | 'directory' | null | undefined;
  readonly text: string | null;
  /** What the account that builds may not do with it. */
  readonly refused?: Refused;
}

/** A build that somebody asks about, with all the files that it names. */
export interface AskedBuild {
  readonly texts: readonly BuildText[];
  /** By the path as it is named. */
  readonly paths: ReadonlyMap<string, NamedPath>;
  /** A Dockerfile that the account that builds may not read. */
  readonly closed: { readonly path: string; readonly refused: Refused } | null;
  /** Of a Dockerfile alone. */
  readonly context: string | null;
}

/** The build that is asked about; null where none is. */
export const askedBuild: Fact<AskedBuild | null> = {
  id: 'asked-build',
  async read({ host, request }) {
    if (request.build === undefined) return null;
    const { given, directory } = request.build;
    const look = (path: string): Promise<NamedPath> => pathAt(host, rooted(directory, path), builder(host));
    const first: NamedPath = given.includes('\n') ? { kind: null, text: null } : await look(given);
    const start = await startOf(given, first, look);
    const paths = new Map<string, NamedPath>();
    // What a file says may name other files: what is asked for is looked at, until nothing new is.
    for (let round = 0; round < 20; round++) {
      const wanted = new Set<string>();
      const known = filesOf(paths, (path) => wanted.add(path));
      judgeTexts(start.texts, { daemon: PLAIN_DAEMON, files: known, context: start.context, open: opener(known) });
      if (wanted.size === 0) break;
      for (const path of wanted) paths.set(path, await look(path));
    }
    return { ...start, paths };
  },
};

/** The files that were looked at; another one is told to `missing`. */
export function filesOf(paths: ReadonlyMap<string, NamedPath>, missing: (path: string) => void = () => {}): Files {
  const at = (path: string): NamedPath | undefined => {
    const known = paths.get(path);
    if (known === undefined) missing(path);
    return known;
  };
  return {
    kind: (path) => at(path)?.kind,
    read: (path) => at(path)?.text ?? null,
    refused: (path) => at(path)?.refused ?? null,
  };
}

/** The text of a file that a command names. */
export function opener(files: Files): (path: string) => BuildText | null {
  return (path) => {
    const text = files.kind(path) === 'file' ? files.read(path) : null;
    return text === null ? null : { path, text };
  };
}

/** Who runs the client: whoever asks, and for root asking about another account's buildkitd, that account. */
const builder = ({ identity }: HostReader): As =>
  identity.self.uid === 0 && identity.mode === 'rootless' ? 'target' : 'self';

async function pathAt(host: HostReader, path: string, as: As): Promise<NamedPath> {
  const stat = await unlessRefused(host.stat(path, as));
  if (stat.unseen !== undefined) return { kind: undefined, text: null, ...refusal('look', stat.unseen) };
  if (stat.value === null) return { kind: null, text: null };
  if (stat.value.kind === 'directory') {
    const names = await seen(host.list(path, as));
    return { kind: 'directory', text: null, ...refusal('read', names.unseen) };
  }
  if (stat.value.kind !== 'file') return { kind: 'file', text: null };
  const file = await seen(host.read(path, as, LONGEST, 'text'));
  if (file.unseen?.unanswered === true) throw unseenOf(file.unseen);
  return { kind: 'file', text: file.value?.text ?? null, ...refusal('read', file.unseen) };
}

/** Only a missing right is the account's; whatever else hinders the look says nothing about the build. */
const refusal = (what: Refused, why: UnseenReason | undefined): Pick<NamedPath, 'refused'> =>
  why !== undefined && / permission denied$/.test(why.why) ? { refused: what } : {};

const LONGEST = 1024 * 1024;

async function startOf(
  given: string,
  { kind, text, refused }: NamedPath,
  look: (path: string) => Promise<NamedPath>,
): Promise<Omit<AskedBuild, 'paths'>> {
  const clean = withoutTrailing(given, '/') || given.slice(0, 1);
  if (kind === 'directory') {
    for (const name of ['Dockerfile', 'dockerfile', 'Containerfile']) {
      const path = clean === '.' ? name : `${clean}/${name}`;
      const found = await look(path);
      if (found.text !== null) return { texts: [{ path, text: found.text }], context: clean, closed: null };
      if (found.refused !== undefined) return { texts: [], context: clean, closed: { path, refused: found.refused } };
    }
    return { texts: [], context: clean, closed: null };
  }
  if (refused !== undefined) return { texts: [], context: null, closed: { path: clean, refused } };
  if (kind === 'file') {
    if (text === null) return { texts: [], context: null, closed: null };
    const path = buildTextKind({ path: clean, text }) === null ? `${clean}.dockerfile` : clean;
    const folder = clean.includes('/') ? clean.replace(/\/[^/]*$/, '') || '/' : '.';
    return { texts: [{ path, text }], context: folder, closed: null };
  }
  return { texts: [{ path: GIVEN, text: given }], context: null, closed: null };
}
