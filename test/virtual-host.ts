import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type {
  Account,
  Allowed,
  As,
  FileKind,
  FsStat,
  HostReader,
  Identity,
  Mode,
  Mount,
  Probes,
  Ran,
  Reading,
  Request,
  Stat,
  Survey,
} from '../src/model/look.ts';
import { tooMuch, Unanswered, Unseen } from '../src/model/unseen.ts';
import { parseMountInfo } from '../src/text/mountinfo.ts';

/** An entry of a virtual host's file tree. A plain string is a root-owned 0644 file with that text. */
export interface VirtualFile {
  text?: string;
  kind?: FileKind;
  /** Target of a symbolic link. */
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  nlink?: number;
  ino?: number;
  mtimeMs?: number;
  /** The target may not read it (reading throws Unseen). */
  unreadable?: boolean;
}
export interface VirtualHostOptions {
  files?: { [path: string]: string | VirtualFile | null };
  mode?: Mode;
  self?: Partial<Account>;
  target?: Partial<Account>;
  sudoUser?: string | null;
  env?: { [name: string]: string };
  /** The process behind a listening socket, by inode. */
  holders?: { readonly [inode: number]: { pid: number; command: string; uid: number } };
  /** Answers of read-only tools by command line, e.g. { 'runc --version': { stdout: '…' } }; a missing tool is null. A function sees the arguments. */
  tools?: { [commandLine: string]: Partial<Ran> | ((args: readonly string[]) => Partial<Ran>) };
  statfs?: { [path: string]: Partial<FsStat> };
  surveys?: { [tree: string]: Survey };
  probes?: { [N in keyof Probes]?: (input: Probes[N]['input']) => Probes[N]['answer'] };
  now?: number;
  /** What only the running account, or only the target, sees otherwise. */
  seenBy?: { readonly [K in As]?: Seen };
}
/** The part of a host that two accounts can see differently. */
type Seen = Pick<VirtualHostOptions, 'files' | 'tools' | 'statfs' | 'surveys' | 'probes'>;

const ALICE: Account = { uid: 1000, gid: 1000, groups: [1000], name: 'alice', home: '/home/alice', shell: '/bin/bash' };
const ROOT: Account = { uid: 0, gid: 0, groups: [0], name: 'root', home: '/root', shell: '/bin/bash' };

export const STATUS_USER = [
  'Name:\tcat',
  'Uid:\t1000\t1000\t1000\t1000',
  'CapEff:\t0000000000000000',
  'CapBnd:\t000001ffffffffff',
  'NoNewPrivs:\t0',
  'Seccomp:\t0',
  'Seccomp_filters:\t0',
  '',
].join('\n');
export const MAP_INIT = '         0          0 4294967295\n';

/** What every machine has. */
const DEVICES = Object.fromEntries(
  ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map(
    (name) => [`/dev/${name}`, { kind: 'character', mode: 0o666 }] as const,
  ),
);

/** A machine in memory as one account sees it. */
class View {
  readonly files: { [path: string]: string | VirtualFile | null };
  readonly seen: Seen;
  readonly who: Account;
  constructor(options: VirtualHostOptions, as: As, who: Account) {
    const own = options.seenBy?.[as] ?? {};
    this.files = { ...DEVICES, ...options.files, ...own.files };
    this.seen = {
      tools: { ...options.tools, ...own.tools },
      statfs: { ...options.statfs, ...own.statfs },
      surveys: { ...options.surveys, ...own.surveys },
      probes: { ...options.probes, ...own.probes },
    };
    this.who = who;
  }
  private entry(path: string): VirtualFile | null {
    const found = this.files[path];
    if (found === undefined || found === null) {
      const isDirectory =
        path === '/' || Object.entries(this.files).some(([name, file]) => file !== null && name.startsWith(`${path}/`));
      return isDirectory ? { kind: 'directory', mode: 0o755 } : null;
    }
    return typeof found === 'string' ? { text: found } : found;
  }
  private follow(path: string, depth = 0): string | null {
    if (depth > 40) return null;
    const parts = path.split('/').filter(Boolean);
    let at = '';
    for (const [index, part] of parts.entries()) {
      at = `${at}/${part}`;
      const entry = this.entry(at);
      if (entry?.link !== undefined)
        return this.follow(resolve(dirname(at), entry.link, ...parts.slice(index + 1)), depth + 1);
    }
    return at === '' ? '/' : at;
  }
  async read(path: string, limit = 1024 * 1024): Promise<Reading | null> {
    const real = this.follow(path);
    const entry = real === null ? null : this.entry(real);
    if (entry === null) return null;
    if (entry.unreadable) throw new Unseen(`${path} cannot be read: permission denied`, `sudo cat ${path}`);
    if ((entry.kind ?? 'file') !== 'file') throw new Unseen(`${path} is a ${entry.kind}, not a regular file`);
    const text = entry.text ?? '';
    if (text.length > limit) throw tooMuch(`${path} is longer than ${limit} bytes`);
    return { text, digest: createHash('sha256').update(text).digest('hex'), utf8: true };
  }
  private statOf(entry: VirtualFile | null, link: boolean): Stat | null {
    if (entry === null) return null;
    const kind = link && entry.link !== undefined ? 'symlink' : (entry.kind ?? 'file');
    return {
      kind,
      mode: entry.mode ?? (kind === 'directory' ? 0o755 : 0o644),
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      size: entry.text?.length ?? 0,
      nlink: entry.nlink ?? 1,
      ino: entry.ino ?? 1,
      dev: 1,
      mtimeMs: entry.mtimeMs ?? 0,
    };
  }
  async stat(path: string): Promise<Stat | null> {
    const real = this.follow(path);
    return real === null ? null : this.statOf(this.entry(real), false);
  }
  async lstat(path: string): Promise<Stat | null> {
    const parent = this.follow(dirname(path));
    return parent === null
      ? null
      : this.statOf(this.entry(path === '/' ? '/' : resolve(parent, path.slice(path.lastIndexOf('/') + 1))), true);
  }
  async readlink(path: string): Promise<string | null> {
    return this.entry(path)?.link ?? null;
  }
  async realpath(path: string): Promise<string | null> {
    const real = this.follow(path);
    return real !== null && this.entry(real) !== null ? real : null;
  }
  async list(directory: string): Promise<readonly string[] | null> {
    const real = this.follow(directory);
    if (real === null || this.entry(real)?.kind !== 'directory') return null;
    const prefix = real === '/' ? '/' : `${real}/`;
    const names = Object.keys(this.files)
      .filter((path) => this.files[path] !== null && path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)].filter(Boolean).sort();
  }
  async statfs(path: string): Promise<FsStat | null> {
    const known = Object.entries(this.seen.statfs ?? {})
      .filter(([point]) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`))
      .sort(([a], [b]) => b.length - a.length)[0]?.[1];
    const gib = 1024 ** 3;
    return {
      type: 0xef53,
      totalBytes: 100 * gib,
      freeBytes: 50 * gib,
      availableBytes: 45 * gib,
      files: 6_000_000,
      filesFree: 5_000_000,
      ...known,
    };
  }
  async mountOf(path: string): Promise<Mount | null> {
    const text = this.entry('/proc/self/mountinfo')?.text ?? '27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n';
    return (
      [...parseMountInfo(text)]
        .filter(({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`))
        .sort((a, b) => b.point.length - a.point.length || b.id - a.id)[0] ?? null
    );
  }
  async access(path: string, mode: 'r' | 'w' | 'x' | 'wx'): Promise<boolean> {
    const real = this.follow(path);
    if (real === null) return false;
    const { who } = this;
    const allowed = (entry: VirtualFile, bits: number): boolean => {
      if (who.uid === 0)
        return bits !== 1 || ((entry.mode ?? (entry.kind === 'directory' ? 0o755 : 0o644)) & 0o111) !== 0;
      const permissions = entry.mode ?? (entry.kind === 'directory' ? 0o755 : 0o644);
      const shift =
        (entry.uid ?? 0) === who.uid ? 6 : who.groups.includes(entry.gid ?? 0) || who.gid === (entry.gid ?? 0) ? 3 : 0;
      return ((permissions >> shift) & bits) === bits;
    };
    for (let at = dirname(real); ; at = dirname(at)) {
      const entry = this.entry(at);
      if (entry === null || !allowed(entry, 1)) return false;
      if (at === '/') break;
    }
    const entry = this.entry(real);
    if (entry === null) return false;
    if (mode.startsWith('w') && (await this.mountOf(real))?.options.includes('ro')) return false;
    return allowed(entry, mode === 'r' ? 4 : mode === 'w' ? 2 : mode === 'x' ? 1 : 3);
  }
  async run(tool: string, args: readonly string[]): Promise<Ran | null> {
    const answer = this.seen.tools?.[[tool, ...args].join(' ')] ?? this.seen.tools?.[tool];
    if (answer === undefined) return null;
    const told = typeof answer === 'function' ? answer(args) : answer;
    if (told.timedOut) throw new Unanswered(`${[tool, ...args].join(' ')} did not answer in time`);
    return { code: 0, stdout: '', stderr: '', timedOut: false, ...told };
  }
  async survey(tree: string): Promise<Survey> {
    return this.seen.surveys?.[tree] ?? { entries: 0, foreign: 0, owners: {}, first: [], unentered: [] };
  }
  async probe<N extends keyof Probes>(name: N, input: Probes[N]['input']): Promise<Probes[N]['answer']> {
    const answer = this.seen.probes?.[name] as ((input: Probes[N]['input']) => Probes[N]['answer']) | undefined;
    if (answer === undefined) throw new Unseen(`the ${name} probe was not made`);
    return answer(input);
  }
}

/** A machine in memory: healthy Debian 12 for user alice unless told otherwise. */
export class VirtualHost implements HostReader {
  readonly identity: Identity;
  private readonly options: VirtualHostOptions;
  private readonly views: { readonly [K in As]: View };
  constructor(options: VirtualHostOptions = {}) {
    this.options = options;
    const mode = options.mode ?? 'rootless';
    const target = { ...(mode === 'rootful' ? ROOT : ALICE), ...options.target };
    const self = { ...(options.self === undefined ? target : ROOT), ...options.self };
    this.identity = { self, target, mode, sudoUser: options.sudoUser ?? null };
    this.views = { self: new View(options, 'self', self), target: new View(options, 'target', target) };
  }
  read(path: string, as: As, limit?: number): Promise<Reading | null> {
    return this.views[as].read(path, limit);
  }
  stat(path: string, as: As): Promise<Stat | null> {
    return this.views[as].stat(path);
  }
  lstat(path: string, as: As): Promise<Stat | null> {
    return this.views[as].lstat(path);
  }
  readlink(path: string, as: As): Promise<string | null> {
    return this.views[as].readlink(path);
  }
  realpath(path: string, as: As): Promise<string | null> {
    return this.views[as].realpath(path);
  }
  list(directory: string, as: As): Promise<readonly string[] | null> {
    return this.views[as].list(directory);
  }
  statfs(path: string, as: As): Promise<FsStat | null> {
    return this.views[as].statfs(path);
  }
  mountOf(path: string, as: As): Promise<Mount | null> {
    return this.views[as].mountOf(path);
  }
  access(path: string, mode: 'r' | 'w' | 'x' | 'wx', as: As): Promise<boolean> {
    return this.views[as].access(path, mode);
  }
  async env() {
    return (
      this.options.env ?? {
        PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
        USER: 'alice',
        HOME: '/home/alice',
        XDG_RUNTIME_DIR: '/run/user/1000',
      }
    );
  }
  now(): number {
    return this.options.now ?? Date.UTC(2026, 0, 1);
  }
  run(tool: string, args: readonly string[], as: As): Promise<Ran | null> {
    return this.views[as].run(tool, args);
  }
  survey(tree: string, _allowed: Allowed, as: As): Promise<Survey> {
    return this.views[as].survey(tree);
  }
  async socketHolder(inode: number) {
    return this.options.holders?.[inode] ?? null;
  }
  probe<N extends keyof Probes>(name: N, input: Probes[N]['input'], as: As): Promise<Probes[N]['answer']> {
    return this.views[as].probe(name, input);
  }
}

export const ASK: Request = { mode: null, user: null, env: {}, config: null, root: null, addresses: null, probe: true };
