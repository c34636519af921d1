import type { ImageName } from '../buildkit/image.ts';
import type { At, Cursor, Place } from './tree.ts';

/** Who makes the container. `ci`: a job whose runner decides how it is confined. */
export type Engine = 'kubernetes' | 'docker' | 'podman' | 'ci';

/** A security profile: none, the engine's own, or one of somebody's. */
export type Profile = 'unconfined' | 'default' | 'custom';

/** What is mounted, by what decides whether BuildKit can use it. */
export interface Volume extends Place {
  readonly kind:
    | 'emptyDir'
    | 'hostPath'
    | 'claim'
    | 'own-claim'
    | 'config'
    | 'secret'
    | 'tmpfs'
    | 'bind'
    | 'named'
    | 'other';
  readonly name: string;
  /** A directory of the host, the name of a claim, of a ConfigMap. */
  readonly source: string | null;
  /** The field that says so. */
  readonly fieldAt: Cursor | null;
  /** The file itself gives it to the account of the container. */
  readonly owned?: boolean;
}

export interface Mount extends Place {
  readonly target: string;
  readonly volume: Volume | null;
  readonly readOnly: boolean;
  /** Options of Docker and Podman: uid=1000, U, Z. */
  readonly options: readonly string[];
}

export interface Variable extends Place {
  readonly name: string;
  /** Null: its value comes from elsewhere. */
  readonly value: string | null;
}

export interface Probe extends Place {
  readonly kind: 'readiness' | 'liveness' | 'startup' | 'health';
  readonly by: 'exec' | 'tcp' | 'http' | 'grpc';
  readonly words: readonly string[];
  readonly port: string | null;
}

/** How a container is confined; null is what the file does not say. */
export interface Security {
  /** Where it is written, to point at what is missing there. */
  readonly at: Place | null;
  readonly privileged: At<boolean> | null;
  /** False is no_new_privs. */
  readonly escalation: At<boolean> | null;
  readonly add: readonly At<string>[];
  readonly drop: readonly At<string>[];
  readonly seccomp: At<Profile> | null;
  readonly apparmor: At<Profile> | null;
  /** True: /proc is not masked. */
  readonly unmasked: At<boolean> | null;
  readonly user: At<string> | null;
  readonly group: At<string> | null;
  readonly nonRoot: At<boolean> | null;
  readonly readOnly: At<boolean> | null;
  /** Of Docker and Podman: host, keep-id … */
  readonly userns: At<string> | null;
}

/** One container, whatever file describes it: the one model that is judged. */
export interface Container extends Place {
  readonly engine: Engine;
  readonly name: string | null;
  readonly image: At<ImageName> | null;
  /** What takes the place of the image's entrypoint; null where that runs. */
  readonly entrypoint: readonly At<string>[] | null;
  readonly args: readonly At<string>[] | null;
  /** Shell text that runs in it. */
  readonly script: At<string> | null;
  readonly env: readonly Variable[];
  /** Variables come from a place that is not read. */
  readonly openEnv: boolean;
  readonly security: Security;
  readonly mounts: readonly Mount[];
  readonly devices: readonly At<string>[];
  readonly probes: readonly Probe[];
  readonly ports: readonly At<string>[];
  readonly runsBefore: boolean;
  readonly pod: Pod;
  /** The map of YAML that describes it; null where that is none of Kubernetes' or of compose. */
  readonly yaml: Cursor | null;
  /** Where else its options are written: a service of Actions, the table of a runner, a job of GitLab. */
  readonly optionsAt?: Cursor;
}

/** What the containers of a pod, or of one compose file, share. */
export interface Pod extends Place {
  readonly engine: Engine;
  /** A patch or the values of a chart: what is not written may stand elsewhere. */
  readonly partial: boolean;
  /** What a patch is for, as far as it says so. */
  readonly patches: string | null;
  readonly object: KubeObject | null;
  readonly spec: Cursor;
  readonly metadata: Cursor | null;
  /** The securityContext that all containers have unless they say otherwise. */
  readonly shared: Cursor | null;
  readonly hostUsers: At<boolean> | null;
  readonly fsGroup: At<string> | null;
  readonly runtimeClass: At<string> | null;
  readonly replicas: At<number> | null;
  readonly volumes: readonly Volume[];
  /** Filled while the pod is read. */
  readonly containers: Container[];
  /** Another place of the file starts a build in its containers. */
  readonly usedForBuilds: boolean;
}

/** One object of Kubernetes' API. */
export interface KubeObject extends Place {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string | null;
  readonly namespace: string | null;
  readonly cursor: Cursor;
}

/** `docker buildx create`, or what a CI action makes of its inputs. */
export interface Builder extends Place {
  readonly driver: At<string> | null;
  readonly options: readonly (At<string> & { readonly name: string })[];
  readonly flags: readonly At<string>[];
  readonly config: At<string> | null;
}

/** A buildkitd.toml inside another file. */
export interface ConfigFragment extends Place {
  readonly text: string;
  readonly name: string;
}

/** A piece of shell whose meaning depends on its line ends. */
export interface StrayLine extends Place {
  readonly words: string;
  readonly command: string;
}

/** What a file describes. */
export interface Content {
  readonly kind: string;
  /** Why it is not examined; null where it is. */
  readonly skipped: string | null;
  /** What no reader takes; `limit`: what is more than is read. */
  readonly error: { readonly message: string; readonly at: number; readonly limit?: true } | null;
  readonly pods: readonly Pod[];
  readonly objects: readonly KubeObject[];
  readonly builders: readonly Builder[];
  readonly configs: readonly ConfigFragment[];
  readonly strays: readonly StrayLine[];
}
