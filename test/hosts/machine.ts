import type { NamespaceAnswer, Outcome, Request } from '../../src/model/look.ts';
import type { Level } from '../../src/model/say.ts';

/** What a real machine's answers are, and what is to be found on it. */
export interface Machine {
  readonly id: string;
  readonly title: string;
  /** Why the expectation is right, in one line. */
  readonly because: string;
  /** Another machine that this one equals but for its own lines. */
  readonly like?: string;
  readonly listing: string;
  readonly probe: Probe;
  readonly request?: Partial<Request>;
  readonly mode?: 'rootless' | 'rootful';
  readonly expected: Expected;
}
/** What the real start-up chain answered there, as far as it is known. */
export type Probe =
  | {
      /** Nobody ran this probe there: it is written out from what is known of that machine. */
      readonly synthesized: true;
      readonly because: string;
      readonly answer: NamespaceAnswer;
    }
  | { readonly notRecorded: string };

export interface Expected {
  readonly level: Level;
  /** The verdict's reasons, cause first. */
  readonly reasons: readonly string[];
  /** Every condition found as an error, and every one found as a warning, in any order. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What buildkitd chooses there, or would choose once it starts; null where that is not known. Mostly overlayfs. */
  readonly snapshotter?: 'native' | 'fuse-overlayfs' | null;
  /** Conditions that would be a false alarm here, as an error or a warning. */
  readonly never?: readonly string[];
  /** What the planned treatments of a check must say, and must not. */
  readonly remedies?: readonly {
    readonly check: string;
    readonly says: readonly string[];
    readonly not?: readonly string[];
  }[];
}

export const OK: Outcome = { ok: true };
export const fails = (errno: string | null, message: string): Outcome => ({ ok: false, errno, message });

type Map = NamespaceAnswer['uidMap'];
/** Maps that rootlesskit makes for an account and its subordinate ids. */
export const mapOf = (uid: number, start: number, count = 65536): Map => [
  [0, uid, 1],
  [1, start, count],
];

/** The namespaces were made; `differs` says what did not work inside. */
export function launched(because: string, differs: Partial<NamespaceAnswer> = {}): Probe {
  const map = mapOf(1000, 100000);
  return {
    synthesized: true,
    because,
    answer: {
      launch: OK,
      log: '',
      uidMap: map,
      gidMap: map,
      proc: OK,
      isolate: OK,
      overlay: OK,
      fuseOverlay: null,
      fuseWrite: null,
      bindReadOnly: OK,
      chown: OK,
      survey: null,
      ...differs,
    },
  };
}

/** rootlesskit ended with an error before anything could be tried inside; its first line is what the probe keeps of its words. */
export function refused(
  because: string,
  stage: 'spawn' | 'clone' | 'map' | 'network' | 'setup',
  errno: string | null,
  words: string,
): Probe {
  const [message = ''] = words.split('\n');
  return {
    synthesized: true,
    because,
    answer: {
      launch: { ok: false, errno, message, stage },
      log: `[rootlesskit:parent] error: ${words}\n`,
      uidMap: [],
      gidMap: [],
      proc: null,
      isolate: null,
      overlay: null,
      fuseOverlay: null,
      fuseWrite: null,
      bindReadOnly: null,
      chown: null,
      survey: null,
    },
  };
}

/** mount(8)'s words for what the kernel does not allow inside a user namespace. */
export const MOUNT_DENIED = fails('EACCES', 'mount: overlay: permission denied.');

export const NEWUIDMAP_EPERM = (map: string): string =>
  `failed to setup UID/GID map: newuidmap 4242 [${map}] failed: newuidmap: write to uid_map failed: Operation not permitted\n: exit status 1`;
