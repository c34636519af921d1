import * as fs from 'node:fs';
import { posix } from 'node:path';
import { kindOf } from '../host/looks/looker.ts';
import { UsageError } from '../host/usage-error.ts';
import type { FileKind } from '../model/look.ts';
import { readTar, type TarEntry } from './tar.ts';
import { unpacked } from './unpack.ts';

/** One thing of the host as its archive holds it. */
export interface Node {
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly link?: string;
  /** Null: it is there, and was not kept. */
  readonly content: () => Buffer | null;
}

/** The files of an archive by their paths on the host. */
export interface Tree {
  readonly nodes: ReadonlyMap<string, Node>;
  /** An unpacked folder belongs to whoever unpacked it. */
  readonly knowsOwners: boolean;
  /** When it was made. */
  readonly madeMs: number;
}

/** The longest file that is ever read of a host, and of all of them together. */
const MOST_FILE = 8 * 1024 * 1024;
const MOST_KEPT = 512 * 1024 * 1024;
const MOST_FOLDER = 1_000_000;

/** What of a host is looked at; logs and lists, which are most of an archive, are passed over. */
const READ =
  /^(?:etc|proc|sys|run|boot|root|home|usr|lib|lib64|opt|srv)\/|^var\/(?:lib|run)\/|^sos_commands\/|^(?:uname|hostname|date|mount|df|version\.txt)$/;

/** Throws UsageError for what is neither, or is damaged. */
export async function treeOf(path: string): Promise<Tree> {
  const stat = fs.statSync(path);
  const { nodes, madeMs } = stat.isDirectory() ? folder(path) : await packed(path);
  const root = topOf(nodes);
  const below = new Map<string, Node>();
  for (const [name, node] of nodes)
    if (root === '') below.set(`/${name}`, node);
    else if (name.startsWith(`${root}/`)) below.set(name.slice(root.length), node);
  for (const name of [...below.keys()])
    for (let above = posix.dirname(name); above !== '/' && !below.has(above); above = posix.dirname(above))
      below.set(above, DIRECTORY);
  below.set('/', DIRECTORY);
  if (!HOSTS.some((one) => below.get(one)?.kind === 'directory' || below.get(one)?.kind === 'symlink'))
    throw new UsageError('nothing of a host is in it: a sosreport has etc, proc or sys at its top');
  return { nodes: below, knowsOwners: !stat.isDirectory(), madeMs: madeMs || stat.mtimeMs };
}

const HOSTS = ['/etc', '/proc', '/sys', '/sos_commands'];
/** One that is there because something is in it. */
export const DIRECTORY: Node = {
  kind: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeMs: 0,
  content: () => null,
};

interface Found {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly madeMs: number;
}

/** Everything may lie in one directory that has the host's name. */
function topOf(nodes: ReadonlyMap<string, Node>): string {
  const tops = new Set<string>();
  for (const name of nodes.keys()) tops.add(name.split('/', 1)[0] ?? '');
  const [only = ''] = tops;
  return tops.size === 1 && !HOSTS.includes(`/${only}`) ? only : '';
}

/** A name in the archive; null for one that leads out of it, which no honest archive has. */
function nameOf(written: string): string | null {
  const parts = written.split('/').filter((part) => part !== '' && part !== '.');
  return written.startsWith('/') || parts.length === 0 || parts.includes('..') || written.includes('\0')
    ? null
    : parts.join('/');
}

async function packed(path: string): Promise<Found> {
  const nodes = new Map<string, Node>();
  let kept = 0;
  let madeMs = 0;
  const wanted = (written: string, size: number): boolean => {
    const name = nameOf(written);
    if (name === null || size > MOST_FILE || kept + size > MOST_KEPT) return false;
    if (!READ.test(name) && !READ.test(name.slice(name.indexOf('/') + 1))) return false;
    kept += size;
    return true;
  };
  await readTar(unpacked(path), wanted, (entry) => {
    const name = nameOf(entry.path);
    if (name === null) return;
    const node = nodeOf(entry, nodes);
    if (node === null) return;
    nodes.set(name, node);
    if (!name.includes('/')) madeMs = Math.max(madeMs, entry.mtimeMs);
  });
  return { nodes, madeMs };
}

function nodeOf(entry: TarEntry, nodes: ReadonlyMap<string, Node>): Node | null {
  const { kind, link, content, ...stat } = entry;
  if (![stat.mode, stat.uid, stat.gid, stat.mtimeMs].every(Number.isFinite)) throw new UsageError('it is damaged');
  switch (kind) {
    case 'hard-link':
      return nodes.get(nameOf(link) ?? '') ?? null;
    case 'symlink':
      return { ...stat, kind, link, content: () => null };
    case 'file':
    case 'directory':
      return { ...stat, kind, content: () => content };
    case 'other':
      return { ...stat, kind: 'fifo', content: () => null };
  }
}

/** Nothing is opened until it is asked for, and no link is followed: what is below one lies elsewhere. */
function folder(top: string): Found {
  const nodes = new Map<string, Node>();
  const waiting = [''];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const entry of listed(`${top}/${name}`)) {
      const below = name === '' ? entry : `${name}/${entry}`;
      if (nodes.size >= MOST_FOLDER)
        throw new UsageError(`it has more than ${MOST_FOLDER.toLocaleString('en')} entries`);
      const stat = fs.lstatSync(`${top}/${below}`, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) waiting.push(below);
      const kind = kindOf(stat);
      nodes.set(below, {
        kind,
        mode: stat.mode & 0o7777,
        uid: 0,
        gid: 0,
        size: stat.size,
        mtimeMs: stat.mtimeMs,
        ...(kind === 'symlink' ? { link: fs.readlinkSync(`${top}/${below}`) } : {}),
        content: () => (kind === 'file' && stat.size <= MOST_FILE ? contentOf(`${top}/${below}`) : null),
      });
    }
  }
  return { nodes, madeMs: 0 };
}

/** What may not be read is not in it, as far as we can tell. */
function listed(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function contentOf(path: string): Buffer | null {
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      // A directory above it may have become a link since.
      const same = fs.readlinkSync(`/proc/self/fd/${file}`) === path;
      return same && fs.fstatSync(file).isFile() ? fs.readFileSync(file) : null;
    } finally {
      fs.closeSync(file);
    }
  } catch {
    return null;
  }
}
