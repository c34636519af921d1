import { compareReleases, parseRelease, type Release } from '../../buildkit/version.ts';
import type { Fact, HostReader, IdRange, Look, Stat } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { settings } from '../config/settings.ts';
import { binaries } from '../programs/binaries.ts';
import { environment } from '../target/environment.ts';
import { identityByUid } from '../target/identity-by-uid.ts';
import { parseSubids, type SubidText } from '../target/subid-file.ts';
import { software } from './software.ts';

export type SubidKind = 'uid' | 'gid';

/** /etc/subuid or /etc/subgid. */
export interface SubidFile {
  readonly path: string;
  /** `link`: shadow opens it with O_NOFOLLOW, so a symbolic link is no file for newuidmap. */
  readonly state: 'file' | 'missing' | 'link' | 'other';
  /** The target may read it: rootlesskit and getsubids run as the target. */
  readonly readable: boolean;
  readonly stat: Stat | null;
  readonly digest: string | null;
  /** False when there is no file, or nobody here may read it. */
  readonly known: boolean;
  readonly content: SubidText;
}
/** What rootlesskit asks getsubids for, by name and by uid; null: it failed, or had none. */
export interface DynamicRanges {
  readonly byName: readonly IdRange[] | null;
  readonly byUid: readonly IdRange[] | null;
}
/** Subordinate ids of the target, as the start-up chain reads them. */
export interface Subids {
  readonly uid: SubidFile;
  readonly gid: SubidFile;
  /** The source that nsswitch.conf names for subid: "files", or a module such as "sss". */
  readonly source: string;
  /** getsubids, where rootlesskit would find and use it; null: rootlesskit reads the files itself. */
  readonly dynamic: { readonly uid: DynamicRanges; readonly gid: DynamicRanges } | null;
  /** Does this rootlesskit drop identical ranges of getsubids (1.1.1)? Null: its version is unknown. */
  readonly dropsDuplicates: boolean | null;
  /** --subid-source=dynamic: the files are no fallback. */
  readonly dynamicOnly: boolean;
  /** Can rootlesskit find the user's own entry (passwd(5) or a directory service)? */
  readonly userKnown: boolean;
}

const LIMIT = 32 * 1024 * 1024;
const EMPTY: SubidText = { shadow: [], ignored: [], fatal: null, rootlesskit: [], ownLines: [] };
const SINCE_DYNAMIC: Release = [1, 1, 0];
const SINCE_DEDUPLICATION: Release = [1, 1, 1];

/** "0: alice 100000 65536" a line; null when nothing of the kind was printed. */
export function parseGetsubids(text: string): readonly IdRange[] | null {
  const ranges: IdRange[] = [];
  for (const line of text.split('\n')) {
    const found = /^\s*\d+:\s+\S+\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (found?.[1] !== undefined) ranges.push({ start: Number(found[1]), count: Number(found[2]) });
  }
  return ranges.length === 0 ? null : ranges;
}

/** The subid line of nsswitch.conf(5): its first word, as shadow takes it. */
export function parseSubidSource(text: string): string {
  for (const line of text.split('\n')) {
    const found = /^subid:\s*(\S+)/i.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  return 'files';
}

export const subids: Fact<Subids> = {
  id: 'subids',
  async read(look) {
    const { host } = look;
    const [{ target }, { values }, options, found, versions, nsswitch] = await Promise.all([
      look.get(identityByUid),
      look.get(environment),
      look.get(settings),
      look.get(binaries),
      look.get(software).catch(asAbsent),
      host.read('/etc/nsswitch.conf', 'self').catch(asAbsent),
    ]);
    const owners = [...(target.name === null ? [] : [target.name]), String(target.uid)];
    const [uid, gid] = await Promise.all([
      readFile(host, '/etc/subuid', owners),
      readFile(host, '/etc/subgid', owners),
    ]);
    const source = parseSubidSource(nsswitch?.text ?? '');
    const release = versions?.rootlesskit?.release ?? (await releaseWhereItMatters(look, { uid, gid }));
    const asked = options.rootlesskitFlags['subid-source']?.at(-1) ?? 'auto';
    const knowsDynamic = release === null || compareReleases(release, SINCE_DYNAMIC) >= 0;
    // GETSUBIDS names another program; only whether it is the usual one can be told from here.
    const named = values.GETSUBIDS ?? '';
    const usual = named === '' || named === 'getsubids' || named === found.getsubids?.path;
    const usable = knowsDynamic && asked !== 'static' && usual && found.getsubids?.executable === true;
    const dynamic = usable
      ? await askGetsubids(look, found.getsubids?.path ?? '', target.name, target.uid, { uid, gid }, source)
      : null;
    return {
      uid,
      gid,
      source,
      dynamic,
      dropsDuplicates: release === null ? null : compareReleases(release, SINCE_DEDUPLICATION) >= 0,
      dynamicOnly: asked === 'dynamic' && knowsDynamic,
      userKnown: target.name !== null,
    };
  },
};

/** Without a probe nobody is asked for a version, but where a range could be taken twice it decides. */
async function releaseWhereItMatters(
  look: Look,
  files: { readonly [K in SubidKind]: SubidFile },
): Promise<Release | null> {
  const { rootlesskit } = await look.get(binaries);
  const matters = [files.uid, files.gid].some(
    ({ content: { ownLines } }) => ownLines.length > 1 || /^\s*\d/.test(ownLines[0]?.text ?? ''),
  );
  if (!matters || rootlesskit?.executable !== true) return null;
  const directory = rootlesskit.path.slice(0, rootlesskit.path.lastIndexOf('/'));
  const ran = await look.host.run('rootlesskit', ['--version'], 'target', directory).catch(asAbsent);
  return ran?.code === 0 ? parseRelease(ran.stdout) : null;
}

async function readFile(host: HostReader, path: string, owners: readonly string[]): Promise<SubidFile> {
  const { value: stat, unseen } = await unlessRefused(host.lstat(path, 'self'));
  if (unseen !== undefined)
    return { path, state: 'file', stat: null, digest: null, content: EMPTY, readable: false, known: false };
  const state = stat === null ? 'missing' : stat.kind === 'file' ? 'file' : stat.kind === 'symlink' ? 'link' : 'other';
  const blank = { path, state, stat, digest: null, content: EMPTY } as const;
  if (state === 'missing' || state === 'other') return { ...blank, readable: false, known: state === 'missing' };
  for (const as of ['target', 'self'] as const) {
    const { value: reading, unseen: refused } = await unlessRefused(host.read(path, as, LIMIT));
    if (refused !== undefined) continue;
    if (reading === null) return { ...blank, readable: false, known: true };
    return {
      ...blank,
      readable: as === 'target',
      known: true,
      // Counted only where it is asked for.
      get digest() {
        return reading.digest;
      },
      content: parseSubids(reading.text, owners),
    };
  }
  return { ...blank, readable: false, known: false };
}

async function askGetsubids(
  { host }: Look,
  path: string,
  name: string | null,
  uid: number,
  files: { readonly uid: SubidFile; readonly gid: SubidFile },
  source: string,
): Promise<Subids['dynamic']> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  const ask = async (kind: SubidKind, owner: string): Promise<readonly IdRange[] | null> => {
    // Where only the files count, they have been read already, by the same rules.
    const file = files[kind];
    if (source === 'files' && file.known && (file.state === 'missing' || (file.state === 'file' && file.readable)))
      return fromFile(file, owner, name, uid);
    const ran = await host
      .run('getsubids', [...(kind === 'gid' ? ['-g'] : []), owner], 'target', directory)
      .catch(asAbsent);
    if (ran !== null) return ran.code === 0 ? parseGetsubids(ran.stdout) : null;
    return source === 'files' ? fromFile(files[kind], owner, name, uid) : null;
  };
  const both = async (kind: SubidKind): Promise<DynamicRanges> => {
    const [byName, byUid] = await Promise.all([name === null ? null : ask(kind, name), ask(kind, String(uid))]);
    return { byName, byUid };
  };
  const [ofUid, ofGid] = await Promise.all([both('uid'), both('gid')]);
  return { uid: ofUid, gid: ofGid };
}

/** What getsubids would print, where it could not be run: a name also finds the lines of its uid. */
function fromFile(file: SubidFile, owner: string, name: string | null, uid: number): readonly IdRange[] | null {
  if (file.state !== 'file' || !file.readable) return null;
  const wanted = owner === name ? [owner, String(uid)] : [owner];
  const ranges = file.content.shadow.filter((entry) => wanted.includes(entry.owner));
  return ranges.length === 0 ? null : ranges.map(({ start, count }) => ({ start, count }));
}
