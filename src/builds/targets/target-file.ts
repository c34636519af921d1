import type { Lines } from '../../documents/lines.ts';
import { type Cursor, exists, fields, isMap, items, textOf } from '../../documents/tree.ts';
import type { Finding } from '../model/finding.ts';
import type { Asked, BuildRequest, Place } from '../model/request.ts';

/** A file that describes builds: bake's own, or one of Compose. */
export interface TargetFile {
  readonly path: string;
  readonly form: 'bake' | 'compose';
  readonly root: Cursor;
  readonly lines: Lines;
  /** The first thing in it that cannot be read; nothing of it counts then. */
  readonly error: (Place & { readonly message: string }) | null;
}

/** A file by its path, where it is at hand. */
export type FindFile = (path: string) => TargetFile | null;

/** One place where a target is described. */
export interface Definition {
  readonly file: TargetFile;
  readonly at: Cursor;
}

/** A target of bake or a service of Compose: all that describes it, what counts most first. */
export interface Target {
  readonly name: string;
  readonly definitions: readonly Definition[];
}

export interface TargetBuild {
  readonly request: BuildRequest;
  readonly findings: readonly Finding[];
}

/** What the files of a command come to. */
export interface TargetBuilds {
  readonly builds: readonly TargetBuild[];
  /** What is wrong with the command or the files as a whole. */
  readonly findings: readonly Finding[];
  /** The files that were read. */
  readonly files: readonly TargetFile[];
}

const isOpen = (value: string): boolean => value.includes('${');

export const placeAt = ({ file, at }: Definition): Place => {
  const { line, column } = file.lines.position(file.path, at.span);
  return { file: file.path, line, column };
};

export const askedAt = (definition: Definition, value = textOf(definition.at) ?? ''): Asked => ({
  value,
  known: !isOpen(value),
  ...placeAt(definition),
});

/** The elements of a list; one that is not known where the list has to be computed. */
export function listAt({ file, at }: Definition): readonly Asked[] {
  const { node } = at;
  if (node?.kind === 'scalar' && isOpen(node.text)) return [askedAt({ file, at })];
  return items(at).map((item) => askedAt({ file, at: item }, isMap(item) ? mapText(item) : undefined));
}

/** `name=value` of each entry of a map, or of a list of such texts; of an entry without a value its name, where `bare`. */
export function pairsAt({ file, at }: Definition, bare = false): readonly Asked[] {
  if (!isMap(at)) return listAt({ file, at });
  return fields(at).flatMap((entry) => {
    const value = textOf(entry);
    if (value !== null) return [askedAt({ file, at: entry }, `${entry.key}=${value}`)];
    return bare ? [askedAt({ file, at: entry }, entry.key)] : [];
  });
}

const mapText = (at: Cursor): string =>
  fields(at)
    .map((entry) => `${entry.key}=${textOf(entry) ?? ''}`)
    .join(',');

/** Those of several places of one key that have it. */
export const having = (definitions: readonly Definition[]): readonly Definition[] =>
  definitions.filter(({ at }) => exists(at));
