/** The vocabulary: every type that crosses a room. Types only; this file imports nothing. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Who looks or acts: `self` is the account running bk-doctor, `target` the one who will run buildkitd. */
export type As = 'self' | 'target';
export type Mode = 'rootless' | 'rootful';

// ---------------------------------------------------------------- LOOK

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
  | 'matchpathcon'
  | 'xfs_info'
  | 'quota'
  | 'ls'
  | 'docker';

/** Which probes there are, what they take and what they answer. A probe may use temporary things that it removes itself. */
export interface Probes {
  /** One launch of the real start-up chain (rootlesskit when rootless) that makes every namespace probe inside. */
  readonly namespace: { readonly input: NamespaceProbe; readonly answer: NamespaceAnswer };
  /** Binds each TCP address with SO_REUSEADDR (as Go does) and closes it at once: null, or the errno's name. */
  readonly bind: {
    readonly input: { readonly addresses: readonly TcpAddress[] };
    readonly answer: { readonly errors: readonly (string | null)[] };
  };
  /** Connects to a Unix socket and closes: null, or the errno's name. */
  readonly connect: { readonly input: { readonly path: string }; readonly answer: { readonly error: string | null } };
  /** Creates and removes a file in a directory: null, or the errno's name. */
  readonly write: {
    readonly input: { readonly directory: string };
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
  /** Whether a database of bbolt would open; null: it may not be read. */
  readonly bolt: { readonly input: { readonly path: string }; readonly answer: BoltAnswer };
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
}
export interface PemAnswer {
  readonly certificates: readonly {
    readonly subject: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly isCa: boolean;
  }[];
  readonly privateKeys: number;
  readonly error: string | null;
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
  /** Runs a read-only tool found in `path` (the target's PATH; a fixed system path for `self`). Null: not found. */
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
}

/** A named piece of knowledge: reads through the host and parses. Decides nothing. */
export interface Fact<T> {
  readonly id: string;
  read(look: Look): Promise<T>;
}
export interface Look {
  readonly host: HostReader;
  readonly request: Request;
  /** Memoised by the fact's id for the life of one examination; a cycle throws. */
  get<T>(fact: Fact<T>): Promise<T>;
}

// -------------------------------------------------------------- DECIDE

export type Severity = 'error' | 'warning' | 'info';
/** One thing that can be wrong, a stable slug such as `idmap.subid-missing`. */
export type Condition = string;

export interface Problem<E = Json> {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly evidence: E;
}
export type Seen<T> =
  | { readonly value: T; readonly unseen?: undefined }
  | { readonly value?: undefined; readonly unseen: UnseenReason };
export interface Optional<T> {
  readonly optional: Fact<T>;
}
// biome-ignore lint/suspicious/noExplicitAny: the element type is recovered by FactsOf
export type Needs = { readonly [name: string]: Fact<any> | Optional<any> };
export type FactsOf<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Optional<infer T> ? Seen<T> : N[K] extends Fact<infer T> ? T : never;
};
export interface NotApplicable {
  readonly notApplicable: string;
}
export interface Examined<E = Json> {
  readonly problems: readonly Problem<E>[];
  readonly unseen: readonly UnseenReason[];
}
/** A pure, synchronous judgement of facts. `decides`: the verdict depends on it. */
export interface Check<N extends Needs = Needs, E = Json> {
  readonly id: string;
  /** Titled for the healthy state. */
  readonly title: string;
  readonly why: string;
  readonly decides: boolean;
  /** Every condition this check can report. */
  readonly conditions: readonly Condition[];
  readonly needs: N;
  examine(facts: FactsOf<N>): NotApplicable | Examined<E>;
}

// ---------------------------------------------------------------- PLAN

export type Risk = 'safe' | 'risky' | 'manual';
export type Until = 'login' | 'restart' | 'reboot';

/** One change of a TOML document; `path` are unquoted key parts, array-of-table indexes as decimal strings. */
export type TomlEdit =
  | { readonly change: 'set'; readonly path: readonly string[]; readonly value: Json }
  | { readonly change: 'remove'; readonly path: readonly string[] }
  | { readonly change: 'rename'; readonly path: readonly string[]; readonly to: readonly string[] };

/** How a file's text changes. Lines are without their line end; a missing final newline is supplied before an append. */
export type Edit =
  | { readonly edit: 'whole'; readonly text: string }
  | { readonly edit: 'append'; readonly line: string }
  | { readonly edit: 'replace-line'; readonly line: string; readonly by: string | null }
  | { readonly edit: 'toml'; readonly changes: readonly TomlEdit[] };

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
/** The whole language of change: data, carried out by the apply room alone. */
export type Step = { readonly as: As | 'root' } & (
  | {
      readonly do: 'edit';
      readonly path: string;
      /** SHA-256 of the text the plan saw; null: the file must not exist. */
      readonly expects: string | null;
      readonly edit: Edit;
      /** For a new file; an existing one keeps its own. */
      readonly mode: number;
      readonly owner: Owner;
    }
  | { readonly do: 'directory'; readonly path: string; readonly mode: number; readonly owner: Owner }
  | { readonly do: 'remove'; readonly path: string; readonly expects: string }
  | { readonly do: 'owner'; readonly path: string; readonly from: Owner; readonly to: Owner }
  | { readonly do: 'mode'; readonly path: string; readonly from: number; readonly to: number }
  | {
      /** Gives what is foreign below a tree to `to`; `only` limits it to these present owners (null: any foreign one). */
      readonly do: 'adopt';
      readonly tree: string;
      readonly allowed: Allowed;
      readonly only: readonly number[] | null;
      readonly to: Owner;
    }
  | { readonly do: 'sysctl'; readonly key: string; readonly from: string; readonly to: string }
  | {
      readonly do: 'run';
      readonly argv: readonly string[];
      readonly undo: readonly string[] | null;
      readonly why: string;
    }
  | { readonly do: 'tell'; readonly text: string }
);

export interface Treatment {
  /** Indexes into the check's problems. */
  readonly for: readonly number[];
  readonly risk: Risk;
  /** When it takes effect, if not at once. */
  readonly until?: Until;
  /** One sentence on what is lost or weakened; required for risky ones. */
  readonly consequence?: string;
  readonly steps: readonly Step[];
}
/** Evidence in, steps out. Never searches again. */
export interface Fix<E = Json> {
  readonly title: string;
  /** Its advice is for what no other failing check explains (`explainedBy` of the catalog). */
  readonly unexplained?: true;
  plan(problems: readonly Problem<E>[]): readonly Treatment[];
}

// ----------------------------------------------------------------- SAY

export type Status = 'pass' | 'warn' | 'fail' | 'skip' | 'unknown';

export interface PlannedFix extends Treatment {
  readonly needs: 'root' | 'user';
  readonly diff: string | null;
}
export interface CheckReport {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly decides: boolean;
  readonly status: Status;
  /** For skip and unknown; also beside problems when something else could not be seen. */
  readonly reason: string | null;
  /** The command that would tell what is unknown. */
  readonly tell: string | null;
  readonly problems: readonly Problem[];
  readonly fixes: readonly PlannedFix[];
  readonly docs: string;
  readonly durationMs: number;
  /** A fault of bk-doctor itself in this check or its fix, in words; `reason` says it too. */
  readonly fault?: string;
}
export type TreatmentResult =
  | 'cured'
  | 'already'
  | 'pending'
  | 'still-failing'
  | 'taken-back'
  | 'declined'
  | 'needs-root'
  | 'manual'
  | 'failed';
export interface TreatmentReport {
  readonly check: string;
  readonly result: TreatmentResult;
  readonly transaction: string | null;
  readonly message: string | null;
  readonly until: Until | null;
  readonly steps: readonly Step[];
}
/** Where a setting came from, most decisive first. */
export type Source = 'option' | 'unit' | 'file' | 'default';
export type EnvironmentSource = 'option' | 'unit' | 'process' | 'login.defs' | 'passwd' | 'default';
export type Level = 'ready' | 'degraded' | 'not-ready' | 'unknown';

export interface TargetReport {
  readonly mode: Mode;
  readonly launcher: 'rootlesskit' | 'none';
  readonly user: string | null;
  readonly uid: number;
  readonly config: string;
  readonly root: string;
  readonly addresses: readonly string[];
  readonly sources: { readonly [setting: string]: Source };
  readonly unit: string | null;
  readonly running: boolean;
  readonly environment: { readonly [name: string]: { readonly value: string; readonly source: EnvironmentSource } };
}
export interface HostReport {
  readonly os: { readonly id: string; readonly version: string | null; readonly name: string };
  readonly kernel: string;
  readonly arch: string;
  readonly container: string | null;
  readonly virtualization: string | null;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly software: { readonly [name: string]: string | null };
  /** Only in reports that ask for an inventory. */
  readonly hardware?: Hardware;
}
export interface Verdict {
  readonly ready: boolean | null;
  readonly level: Level;
  readonly proved: boolean;
  readonly partial: boolean;
  readonly snapshotter: string | null;
  readonly processSandbox: boolean | null;
  readonly reasons: readonly string[];
}
/** The one model of an examination: JSON *is* this, and every reporter is a pure function of it. */
export interface Report {
  readonly schema: 1;
  readonly tool: { readonly name: 'bk-doctor'; readonly version: string };
  readonly startedAt: string;
  readonly durationMs: number;
  readonly target: TargetReport;
  readonly host: HostReport;
  readonly verdict: Verdict;
  readonly checks: readonly CheckReport[];
  readonly treatments: readonly TreatmentReport[];
}
