import type { Span } from '../../documents/tree.ts';

/** A word of a shell command, with what is known of its variables put in. */
export interface Word {
  readonly text: string;
  /** False where a part of it is only known when the script runs. */
  readonly known: boolean;
  /** An unquoted variable alone: it may become any number of words. */
  readonly open: boolean;
  /** Both starting at 1. */
  readonly line: number;
  readonly column: number;
  readonly span: Span;
}

export type Client = 'buildctl' | 'buildx' | 'docker' | 'classic' | 'bake' | 'compose' | 'nerdctl';

/** Where something is asked for. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A value that a command gives, with its place. */
export interface Asked extends Place {
  readonly value: string;
  /** False where a part of it is only known when the script runs. */
  readonly known: boolean;
  /** A name alone, where `name=value` is due. */
  readonly bare?: boolean;
}

/** One build, as whatever client asks for it: flags of other clients are told in the words of buildctl's options. */
export interface BuildRequest {
  readonly client: Client;
  /** Of the command, or of the target in a file. */
  readonly at: Place;
  readonly frontend: Asked | null;
  /** `target`, `filename`, `platform`, `build-arg:NAME`, `context:NAME` … by the option's name. */
  readonly options: ReadonlyMap<string, Asked>;
  /** Directories that the client shares, by name: `context`, `dockerfile` and others. */
  readonly locals: ReadonlyMap<string, Asked>;
  readonly secrets: readonly Asked[];
  readonly ssh: readonly Asked[];
  readonly allow: readonly Asked[];
  readonly outputs: readonly Asked[];
  /** What asks to push the image to its registry, besides outputs. */
  readonly pushes: Asked | null;
  /** Names of the image; null where they are told otherwise, or not known. */
  readonly tags: readonly Asked[] | null;
  readonly exportCaches: readonly Asked[];
  readonly importCaches: readonly Asked[];
  /** The directory of the context, relative to where the command runs; null where it is none of ours (a repository, standard input). */
  readonly context: string | null;
  /** The Dockerfile, relative in the same way; null where it is not known. */
  readonly dockerfile: string | null;
  /** True where flags may be given that are not seen: what is missing is then not known to be missing. */
  readonly open: boolean;
  readonly environment: ReadonlyMap<string, Word>;
  /** The builder of buildx that the command names. */
  readonly builder: Asked | null;
}

/** A flag that its client does not take, drops, or takes with another meaning. */
export interface FlagTrouble extends Place {
  readonly condition:
    | 'build.flag-unknown'
    | 'build.flag-ignored'
    | 'build.opt-invalid'
    | 'entitlement.unknown'
    | 'build.frontend-missing';
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly remedy: readonly string[];
}

export interface ReadRequest {
  readonly request: BuildRequest;
  readonly troubles: readonly FlagTrouble[];
}

/** The place alone of what has more to it. */
export const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column });
