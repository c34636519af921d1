import type { Problem } from './decide.ts';
import type { Hardware, Mode } from './look.ts';
import type { Step, Treatment, Until } from './plan.ts';

export type Status = 'pass' | 'warn' | 'fail' | 'skip' | 'unknown';

export interface PlannedFix extends Treatment {
  readonly needs: 'root' | 'user';
  readonly diff: string | null;
}

export interface CheckReport {
  /**
   * Area and name of a check.
   * @pattern ^[a-z]+/[a-z0-9-]+$
   */
  readonly id: string;
  /** Says what holds when all is well. */
  readonly title: string;
  readonly why: string;
  /** Whether the verdict depends on it. */
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
  /** Failing checks that can explain why this one fails, or could not be made. Absent where there are none. */
  readonly explainedBy?: readonly string[];
  /** Problems that do not count for the exit code, and why. The status and the verdict stay what they are. */
  readonly excused?: readonly Excuse[];
  /** The earlier report that was named could not tell either. */
  readonly knownUnknown?: true;
}

/** Why a problem does not count for the exit code. */
export interface Excuse {
  /**
   * Index into the check's problems.
   * @asType integer
   */
  readonly problem: number;
  /** `baseline`: an earlier report had it already. */
  readonly by: 'waiver' | 'baseline';
  readonly reason: string | null;
  /** The last day on which a waiver holds. */
  readonly until: string | null;
}

export type TreatmentResult =
  | 'cured'
  | 'already'
  | 'pending'
  | 'still-failing'
  | 'partly-cured'
  | 'taken-back'
  | 'declined'
  | 'needs-root'
  | 'manual'
  | 'failed';

export interface TreatmentReport {
  readonly check: string;
  readonly result: TreatmentResult;
  /** For bk-doctor undo; null where nothing was changed. */
  readonly transaction: string | null;
  readonly message: string | null;
  readonly until: Until | null;
  readonly steps: readonly Step[];
  /**
   * Of the files that it edited, or would have; null where it edits none.
   * @later
   */
  readonly diff: string | null;
}

/** Where a setting came from, most decisive first: `process` is the buildkitd that runs, `environment` the flags of buildctl-daemonless.sh. */
export type Source = 'option' | 'process' | 'unit' | 'environment' | 'file' | 'default';

export type EnvironmentSource = 'option' | 'daemon' | 'unit' | 'process' | 'login.defs' | 'passwd' | 'default';

export type Level = 'ready' | 'degraded' | 'not-ready' | 'unknown';

/** What was examined: the account, and the settings that its buildkitd would have. */
export interface TargetReport {
  readonly mode: Mode;
  readonly launcher: 'rootlesskit' | 'none';
  /** Null: no passwd entry. */
  readonly user: string | null;
  /** @asType integer */
  readonly uid: number;
  readonly config: string;
  readonly root: string;
  readonly addresses: readonly string[];
  /** Where each setting came from. */
  readonly sources: { readonly [setting: string]: Source };
  /** The systemd unit that starts buildkitd. */
  readonly unit: string | null;
  /** Whether this target's buildkitd runs now. */
  readonly running: boolean;
  readonly environment: { readonly [name: string]: { readonly value: string; readonly source: EnvironmentSource } };
}

export interface HostReport {
  /** What the machine calls itself; null where that was not seen. */
  readonly name?: string | null;
  readonly os: { readonly id: string; readonly version: string | null; readonly name: string };
  readonly kernel: string;
  /** In the words of Node.js: x64, arm64 … */
  readonly arch: string;
  readonly container: string | null;
  readonly virtualization: string | null;
  /** @asType integer */
  readonly cpus: number;
  /** @asType integer */
  readonly memoryBytes: number;
  /** Versions; null: not found. */
  readonly software: { readonly [name: string]: string | null };
  /** Only in reports that ask for an inventory. */
  readonly hardware?: Hardware;
}

/** Would buildkitd, started as this user with this configuration, start and run an ordinary build? */
export interface Verdict {
  readonly ready: boolean | null;
  readonly level: Level;
  /** False: judged from files alone. */
  readonly proved: boolean;
  /** True: some checks were not selected. */
  readonly partial: boolean;
  /** The one that buildkitd would really use. */
  readonly snapshotter: string | null;
  readonly processSandbox: boolean | null;
  /** The checks that decided, cause first. */
  readonly reasons: readonly string[];
  /**
   * The verdict in one sentence, with its first reason; without a full stop.
   * @later
   */
  readonly summary: string;
}

/** What the examination of any subject says. */
export interface Checked {
  readonly checks: readonly CheckReport[];
}

/** The one model of an examination of a host: JSON *is* this, and every reporter is a pure function of it. */
export interface Report extends Checked {
  readonly schema: 1;
  readonly tool: { readonly name: 'bk-doctor'; readonly version: string };
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly target: TargetReport;
  readonly host: HostReport;
  readonly verdict: Verdict;
  /**
   * How many checks have each status.
   * @later
   */
  readonly counts: { readonly [S in Status]: number };
  /**
   * Did this run change anything that it did not take back?
   * @later
   */
  readonly changed: boolean;
  /** The earlier report that this one was held against. */
  readonly baseline?: { readonly startedAt: string; readonly version: string; readonly level: Level };
  readonly treatments: readonly TreatmentReport[];
  /** What was replaced in it before it was written. */
  readonly redaction?: {
    /** How many names of each kind have stand-ins; null where names were kept. */
    readonly names: { readonly [kind: string]: number } | null;
    /**
     * At how many places a secret was masked.
     * @asType integer
     */
    readonly secrets: number;
  };
  /** What the host answered, for `--replay`; only where it was asked for. */
  readonly recording?: object;
}
