/** Who a file belongs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The vocabulary: every type that crosses a room. Types only; this file imports nothing. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Who looks or acts: `self` is the account running bk-doctor, `target` the one who will run buildkitd. */
export type As = 'self' | 'target';

export type Mode = 'rootless' | 'rootful';

/** Text of a file. `digest` is the SHA-256 (hex) of the bytes read; `utf8` is false when they are not valid UTF-8 (then `text` has replacement characters). A byte order mark is kept. Always the whole file. */
export interface Reading {
  readonly text: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  readonly utf8: boolean;
  /** Secrets in it were masked: `text` is not what the file holds, and must not be written back. */
  readonly masked?: true;
}

/** What a file is: how its secrets are told apart from the rest. */
export type ReadingKind =
  | 'toml'
  | 'unit'
  | 'environment-file'
  | 'json'
  | 'environ'
  | 'command-line'
  | 'text'
  | 'accounts'
  | 'machine'
  | 'other';

export type FileKind = 'file' | 'directory' | 'symlink' | 'socket' | 'fifo' | 'character' | 'block';

/** Inode data. `mode` is the 12 permission bits (setuid 0o4000 … 0o7777). Times are milliseconds since 1970. */
export interface Stat {
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly ino: number;
  readonly dev: number;
  readonly mtimeMs: number;
}

/** `type` is the file system's magic number (statfs(2)); sizes in bytes; `files` 0 means inodes are made on demand. */
export interface FsStat {
  readonly type: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What an unprivileged process may still use (f_bavail). */
  readonly availableBytes: number;
  readonly files: number;
  readonly filesFree: number;
}

/** One line of /proc/self/mountinfo. */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
  readonly fstype: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** What a tool printed. `code` is null when a signal or the time limit ended it. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** The signal that ended it; absent where none did. */
  readonly signal?: string;
}

/** Half-open id ranges [start, start + count). */
export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** Which owners are expected in a tree: any other uid or gid is foreign. */
export interface Allowed {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

export interface ForeignEntry {
  readonly path: string;
  readonly kind: FileKind;
  /** Null: an id that could not be told apart from here (an ordinary user sees foreign owners as one overflow id). */
  readonly uid: number | null;
  readonly gid: number | null;
  readonly nlink: number;
}

/** Ownership of a whole tree, without following links or entering other mounts. */
export interface Survey {
  readonly entries: number | null;
  readonly foreign: number;
  /** Foreign entries counted by "uid:gid" ("?" where hidden by the user namespace). */
  readonly owners: { readonly [owner: string]: number };
  readonly first: readonly ForeignEntry[];
  /** Directories that could not be entered; their content is unknown. */
  readonly unentered: readonly string[];
}

/** Programs that may be run to look: all of them only print. */
export type ReadOnlyTool =
  | 'buildkitd'
  | 'buildctl'
  | 'rootlesskit'
  | 'runc'
  | 'buildkit-runc'
  | 'crun'
  | 'git'
  | 'slirp4netns'
  | 'pasta'
  | 'fuse-overlayfs'
  | 'getsubids'
  | 'getent'
  | 'getcap'
  | 'loginctl'
  | 'systemctl'
  | 'journalctl'
  | 'systemd-analyze'
  | 'matchpathcon'
  | 'xfs_info'
  | 'quota'
  | 'ls'
  | 'docker';

/** Which probes there are, what they take and what they answer. A probe may use temporary things that it removes itself. */
export interface Probes {
  /** One launch of the real start-up chain (rootlesskit when rootless) that makes every namespace probe inside. */
  readonly namespace: { readonly input: NamespaceProbe; readonly answer: NamespaceAnswer };
  /** Binds each TCP address with SO_REUSEADDR (as Go does) and closes it at once: null, or the errno's name; ENETDOWN where it can be bound, and the interface is down. */
  readonly bind: {
    readonly input: { readonly addresses: readonly TcpAddress[] };
    readonly answer: { readonly errors: readonly (string | null)[] };
  };
  /** Connects to a Unix socket and closes: null, or the errno's name. */
  readonly connect: { readonly input: { readonly path: string }; readonly answer: { readonly error: string | null } };
  /** Asks containerd about itself, by its socket. `error`: it could not be asked. */
  readonly containerd: {
    readonly input: { readonly path: string; readonly namespace: string };
    readonly answer: {
      readonly error: string | null;
      /** With the reason why it is not to be used, and the directory where it says that it keeps them. */
      readonly snapshotters: readonly {
        readonly name: string;
        readonly message: string | null;
        readonly root: string | null;
      }[];
      /** Why it does not take the name of the namespace. */
      readonly refusal: string | null;
    };
  };
  /** Creates, fills and removes a file in a directory: null, or the errno's name. Without `bytes` it is one block. */
  readonly write: {
    readonly input: { readonly directory: string; readonly bytes?: number };
    readonly answer: { readonly error: string | null };
  };
  /** Does the file system say in a directory listing what kind each entry is (d_type)? Null: could not be told from here. */
  readonly dtype: {
    readonly input: { readonly directory: string };
    readonly answer: { readonly told: boolean | null };
  };
  /** Takes and releases a shared lock without waiting: is an exclusive lock held by somebody? */
  readonly lock: {
    readonly input: { readonly path: string };
    readonly answer: { readonly held: boolean; readonly pid: number | null };
  };
  /** Whether execve(2) would take a file as a program here. */
  readonly program: { readonly input: { readonly path: string }; readonly answer: ProgramAnswer };
  /** Whether bbolt could use a database; null: it may not be read, or is being written. */
  readonly bolt: { readonly input: { readonly path: string }; readonly answer: BoltAnswer };
  /** Whether the directories of a snapshotter's snapshots are those that its database knows. */
  readonly snapshots: {
    /** `below`: where in a snapshot's directory its files are, "/fs" or nothing. */
    readonly input: { readonly directory: string; readonly below: string };
    readonly answer: SnapshotsAnswer;
  };
  /** Derived facts of a PEM file; never the key itself. */
  readonly pem: { readonly input: { readonly path: string }; readonly answer: PemAnswer };
  /** Whether a certificate and a private key belong together. */
  readonly keypair: {
    readonly input: { readonly cert: string; readonly key: string };
    readonly answer: { readonly matches: boolean | null; readonly error: string | null };
  };
}

export type ProbeName = keyof Probes;

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

export interface ProgramAnswer {
  /** False: it may be executed perhaps, but not be read, so that nothing else is known. */
  readonly readable: boolean;
  /** `what` is the missing interpreter, or the number of the foreign machine (elf(5)). */
  readonly obstacle: {
    readonly kind: 'empty' | 'no-program' | 'foreign' | 'truncated' | 'interpreter';
    readonly what: string;
  } | null;
}

export interface BoltAnswer {
  readonly sound: boolean | null;
  /** What is damaged; only where it is not sound. */
  readonly damage?: BoltDamage;
}

/**
 * Where a database of bbolt is damaged: both meta pages, or the list of free pages, which are read as it opens; a page that
 * records lie on; or the file ends before one of them.
 */
export type BoltDamage = 'header' | 'freelist' | 'page' | 'cut';

export interface SnapshotsAnswer {
  /** How many the database knows; null: it may not be read, or is being written. */
  readonly known: number | null;
  /** How many of these have no directory, and how many of those are written to by builds. */
  readonly missing: number;
  readonly active: number;
  /** The path that the first of them should have. */
  readonly first: string | null;
  /** A directory where one of the next snapshots is to be made. */
  readonly inTheWay: string | null;
}

export interface PemAnswer {
  /** Those that could be parsed. */
  readonly certificates: readonly CertificateFacts[];
  readonly privateKeys: number;
  /** Why nothing could be read. */
  readonly error: string | null;
  /** Which of the blocks of certificates, counted from 0, hold none. */
  readonly broken?: readonly number[];
  /** The kind of the first private key, as `CertificateFacts.key`, or "encrypted" or "unreadable". */
  readonly key?: string | null;
  /** The file begins with a byte order mark, which hides what stands in its first line. */
  readonly marked?: true;
}

/** What a certificate says of itself. What a recording of an older version lacks is undefined. */
export interface CertificateFacts {
  readonly subject: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isCa: boolean;
  /** Of its public key: "RSA", "P-256", "Ed25519", or another algorithm or curve by OpenSSL's name. */
  readonly key?: string;
  /** Of an RSA key. */
  readonly bits?: number | null;
  /** The digest of its signature, where that counts for none any more. */
  readonly weakDigest?: string | null;
  readonly negativeSerial?: boolean;
  /** It has names (subjectAltName), without which no client trusts it. */
  readonly named?: boolean;
  /** Its extended key usages by object identifier; null where it does not restrict itself. */
  readonly uses?: readonly string[] | null;
  /** It is signed by its own key. */
  readonly ownIssuer?: boolean;
  /** Lines of "Name: value" stand in its PEM block: Go passes it over in a file of authorities. */
  readonly headers?: boolean;
}

export interface NamespaceProbe {
  /** Path of rootlesskit with its options; null: look from this namespace directly (root, or already inside one). */
  readonly launcher: { readonly path: string; readonly args: readonly string[] } | null;
  /** Where overlay mounts are tried: an existing directory on the cache's file system. */
  readonly directory: string | null;
  /** Also try fuse-overlayfs through its mount helper. */
  readonly fuse: boolean;
  /** The OCI runtime that makes a RUN step, to start one without a program in it; null: not to be tried. */
  readonly runtime?: {
    readonly path: string;
    readonly processSandbox: boolean;
    /** It is runc as real root, and must not make control groups of the host's. */
    readonly withoutGroups?: boolean;
  } | null;
  /** Also look for foreign owners below this tree, from a namespace shifted away from the overflow id. */
  readonly survey: string | null;
}

/** The outcome of one step inside: `ok`, or the words of the tool that failed and, where they tell it, the errno's name. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly errno: string | null; readonly message: string };

export interface NamespaceAnswer {
  /** Were the namespaces created and the ids mapped? On failure `stage` is where the chain broke. */
  readonly launch: Outcome & { readonly stage?: 'spawn' | 'clone' | 'map' | 'network' | 'setup' | 'timeout' };
  /** The launcher's own output, at most 4 KiB. */
  readonly log: string;
  readonly uidMap: readonly (readonly [inside: number, outside: number, count: number])[];
  readonly gidMap: readonly (readonly [inside: number, outside: number, count: number])[];
  /** Null: not tried (the launch failed, no tool, or not asked for). */
  readonly proc: Outcome | null;
  /** The mount, ipc and uts namespaces of a RUN step, without a process namespace. */
  readonly isolate?: Outcome | null;
  readonly overlay: Outcome | null;
  readonly fuseOverlay: Outcome | null;
  /** A writable fuse-overlayfs, as RUN steps need it; tried only where the read-only one was mounted. */
  readonly fuseWrite?: Outcome | null;
  /** The runtime came as far as starting the program of a RUN step. */
  readonly step?: Outcome | null;
  readonly bindReadOnly: Outcome | null;
  readonly chown: Outcome | null;
  /** What buildkitd does with its files; tried only where system calls are filtered. */
  readonly files?: Outcome | null;
  /** The same of a Unix socket: listened on, connected to, accepted. */
  readonly sockets?: Outcome | null;
  readonly survey: Survey | null;
}

/** What the person asked about, from the command line alone. */
export interface Request {
  readonly mode: Mode | null;
  /** The account that will run buildkitd; null: decided by who we are and SUDO_USER. */
  readonly user: string | null;
  readonly env: { readonly [name: string]: string };
  readonly config: string | null;
  readonly root: string | null;
  readonly addresses: readonly string[] | null;
  readonly probe: boolean;
  /** buildctl-daemonless.sh is to start buildkitd, with BUILDKITD_FLAGS. */
  readonly daemonless?: boolean;
  /** A Dockerfile, a directory with one, or a command that builds, and the directory in which that is said. */
  readonly build?: { readonly given: string; readonly directory: string };
  /** A service is to be made of it, or taken away. */
  readonly setup?: SetupWish;
}

/** The service that a person wants. */
export interface SetupWish {
  /** Without ".service". */
  readonly name: string;
  /** A unit of the system's manager also for an ordinary account. */
  readonly system: boolean;
  /** Started by the first client. */
  readonly socket: boolean;
  /** The network of rootlesskit, "host" for none of its own; null: what works here. */
  readonly net: string | null;
  /** Clients are set up as well. */
  readonly clients: boolean;
  readonly remove: boolean;
}

/** Who is looking, decided once before any look. Ids are those of this process and of the target in our own user namespace. */
export interface Identity {
  readonly self: Account;
  readonly target: Account;
  readonly mode: Mode;
  /** Under sudo, the account that called it. */
  readonly sudoUser: string | null;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Null: no passwd entry anywhere. */
  readonly name: string | null;
  readonly home: string | null;
  readonly shell: string | null;
}

/**
 * Everything we may learn of a machine; the only reader of it. Each verb has limits of time and size.
 * Absence is null; what cannot be seen throws `Unseen`. All paths are absolute.
 */
export interface HostReader {
  readonly identity: Identity;
  /** Regular files only; at most `limit` bytes (default 1 MiB). Null when absent. Throws Unseen for directories, FIFOs, what may not be read, what is longer, and what does not belong to the owner that is given. Secrets are masked; `kind` is by its name where not given. */
  read(path: string, as: As, limit?: number, kind?: ReadingKind, owner?: Owner): Promise<Reading | null>;
  /** Follows links: null for a dangling one. */
  stat(path: string, as: As): Promise<Stat | null>;
  lstat(path: string, as: As): Promise<Stat | null>;
  /** Null when absent or not a link. */
  readlink(path: string, as: As): Promise<string | null>;
  realpath(path: string, as: As): Promise<string | null>;
  /** Names, sorted by bytes; null when absent or not a directory. Throws Unseen for more than 100,000. */
  list(directory: string, as: As): Promise<readonly string[] | null>;
  statfs(path: string, as: As): Promise<FsStat | null>;
  /** The mount that holds the path (by mount id, not by device). */
  mountOf(path: string, as: As): Promise<Mount | null>;
  /** access(2) as that account, ACLs and supplementary groups included. False when absent. */
  access(path: string, mode: 'r' | 'w' | 'x' | 'wx', as: As): Promise<boolean>;
  /** The variables of the allow-list that this process itself has. */
  env(): Promise<{ readonly [name: string]: string }>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs a read-only tool found in `path` (the target's PATH; a fixed system path for `self`). Null: not found. Throws Unseen where it did not end in time. */
  run(tool: ReadOnlyTool, args: readonly string[], as: As, path?: string): Promise<Ran | null>;
  survey(tree: string, allowed: Allowed, as: As): Promise<Survey>;
  /** Costs up to a second: only for a report that asks for it. Null where nothing can be told. */
  hardware?(): Promise<Hardware | null>;
  /** Who holds a socket inode, from /proc/PID/fd; null when no visible process does. */
  socketHolder(inode: number): Promise<{ readonly pid: number; readonly command: string; readonly uid: number } | null>;
  /** The environment a probe or a tool of the target runs in. Set once, when the target's environment is known. */
  probe<N extends ProbeName>(
    name: N,
    input: Probes[N]['input'],
    as: As,
    environment: { readonly [name: string]: string },
  ): Promise<Probes[N]['answer']>;
}

/** Hardware, for the person who reads a report; nothing is judged by it. */
export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  /** The hypervisor as the firmware names it; null on bare metal or when it is not told. */
  readonly hypervisor: string | null;
  readonly memoryBytes: number;
  readonly swapBytes: number;
}

/** Why something could not be learnt, and the command that would tell. */
export interface UnseenReason {
  readonly why: string;
  readonly command?: string;
  /** It is there, and is more than is looked at: nobody may take it for absent. */
  readonly tooMuch?: true;
  /** Nobody answered in time, or at all: nothing follows from it. */
  readonly unanswered?: true;
}

/** What is looked at when a machine is examined, and what the person asked about it. */
export interface HostSubject {
  readonly host: HostReader;
  readonly request: Request;
}

/** A look at one subject: what it consists of, and the facts that can be read from it. */
export type LookAt<S> = S & {
  /** Memoised by the fact's id for the life of one examination; a cycle throws. */
  get<T>(fact: Fact<T, S>): Promise<T>;
};

export type Look = LookAt<HostSubject>;

/** A named piece of knowledge of a subject: reads and parses. Decides nothing. */
export interface Fact<T, S = HostSubject> {
  readonly id: string;
  read(look: LookAt<S>): Promise<T>;
}
