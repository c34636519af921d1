import type { Condition } from '../conditions.ts';

/** What stands around the failing program, as a log shows it. */
export type Surrounding =
  | 'kubernetes'
  | 'openshift'
  | 'docker'
  | 'podman'
  | 'container'
  | 'lxc'
  | 'wsl'
  | 'sandbox'
  | 'nested'
  | 'rootless'
  | 'ubuntu-restriction'
  | 'no-new-privs'
  | 'old-enterprise'
  | 'selinux'
  | 'nfs'
  | 'inodes'
  | 'proxy'
  | 'small-mtu'
  | 'mirror'
  | 'qemu'
  | 'snap'
  | 'foreign-platform'
  | 'overlay-root';

/** What kind of failure a log shows that is none of the host's. */
export type FailureKind =
  | 'dockerfile'
  | 'build-context'
  | 'registry-auth'
  | 'rate-limit'
  | 'registry'
  | 'image-missing'
  | 'test-failed'
  | 'compile-error'
  | 'package-missing'
  | 'buildkit-bug'
  | 'command-line'
  | 'cancelled'
  | 'step-failed';

/** Programs whose words a probe hears as well. */
export type Speaker = 'rootlesskit' | 'idmap-helper' | 'runtime';

/** A condition, or one that is meant only in one of these surroundings and then comes first. */
export type Meaning = Condition | readonly [Condition, Surrounding, ...Surrounding[]];

/**
 * A text by which a failure is met. A signature is lower case with plain quotes ('): `*` stands for anything within a
 * message, `#` for one word, `~` for one name without a slash, `{a|b}` for either. Of one emitter the most specific rows stand first.
 */
export interface Symptom {
  /** Whose words they are. */
  readonly by: string;
  /** Of one that a probe hears. */
  readonly speaker?: Speaker;
  readonly says: readonly string[];
  /** Words beside which the text means something else. */
  readonly unless?: readonly string[];
  /** The likeliest first; more than one where the words alone cannot tell. */
  readonly means: readonly Meaning[];
  /** 3 (the default): a cause by itself; 2: a cause unless something says more; 1: mostly follows from something else. */
  readonly weight?: 1 | 2 | 3;
  /** Only in a line of more characters. */
  readonly longerThan?: number;
  /** Only in the output of a build step, or only outside one. */
  readonly where?: 'step' | 'outside';
}

/** A text that shows a failure of another kind. */
export interface OtherFailure extends Omit<Symptom, 'means'> {
  readonly kind: FailureKind;
}

/** Words that tell of the surroundings. */
export interface Sign {
  readonly shows: Surrounding;
  readonly says: readonly string[];
}
