import { readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { reasonOf, Unseen } from '../model/unseen.ts';
import { withoutSlashes } from '../text/slashes.ts';
import { type Ignoring, ignoring } from './ignored.ts';
import { looker } from './looks/looker.ts';
import { UsageError } from './usage-error.ts';

/** A file that somebody wrote, or why it cannot be read. */
export interface FoundDocument {
  /** As the person named it, or found below what they named. */
  readonly name: string;
  readonly path: string;
  readonly text: string | null;
  readonly refused: string | null;
  /** It was found in a folder, not named. */
  readonly found: boolean;
  readonly file: {
    readonly path: string;
    readonly digest: string;
    readonly mode: number;
    readonly owner: { readonly uid: number; readonly gid: number };
  } | null;
}

/** Nobody writes longer ones. */
const LONGEST = 2 * 1024 * 1024;
const MOST = 200_000;

/** Every file that the names stand for, folders with all that is below them. Throws UsageError for what is not there. */
export function* documentsAt(names: readonly string[]): Generator<FoundDocument> {
  for (const name of names) {
    const path = resolve(name);
    const stat = look(name, () => looker.stat(path));
    if (stat === null) throw new UsageError(`${name}: there is no such file`);
    if (stat.kind === 'directory') yield* below(name, path);
    else yield documentAt(name, path, false);
  }
}

function look<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unseen) throw new UsageError(`${name}: ${error.why}`);
    throw error;
  }
}

const DOCKERFILE = /(?:^|\/)(?:dockerfile|containerfile)(?:[.-][^/]*)?$|[.-](?:dockerfile|containerfile)$/i;

function documentAt(name: string, path: string, found: boolean): FoundDocument {
  try {
    const [reading, stat] = [looker.read(path, LONGEST), looker.stat(path)];
    if (reading === null || stat === null) return { name, path, text: null, refused: 'it is gone', found, file: null };
    // BuildKit reads a Dockerfile byte by byte, whatever it is written in; nothing is written back into such a file.
    if (!reading.utf8 && DOCKERFILE.test(name))
      return { name, path, text: reading.text, refused: null, found, file: null };
    if (!reading.utf8) return { name, path, text: null, refused: 'it is no text in UTF-8', found, file: null };
    const { uid, gid, mode } = stat;
    let digest: string | null = null;
    // The digest costs time: only who changes the file asks for it.
    const file = {
      path,
      mode,
      owner: { uid, gid },
      get digest() {
        digest ??= reading.digest;
        return digest;
      },
    };
    return { name, path, text: reading.text, refused: null, found, file };
  } catch (error) {
    return { name, path, text: null, refused: reasonOf(error).why, found, file: null };
  }
}

interface Folder {
  readonly path: string;
  /** From the outermost folder to this one. */
  readonly rules: readonly { readonly base: string; readonly ignores: Ignoring }[];
}

/** Files below a folder, links not followed, what .gitignore names left out. */
function* below(name: string, top: string): Generator<FoundDocument> {
  const waiting: Folder[] = [{ path: top, rules: [] }];
  let number = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = listed(folder.path);
    const own = entries.some((entry) => entry.name === '.gitignore') ? readIgnore(`${folder.path}/.gitignore`) : null;
    const rules = own === null ? folder.rules : [...folder.rules, { base: folder.path, ignores: own }];
    const inner: Folder[] = [];
    for (const entry of entries) {
      const path = `${folder.path}/${entry.name}`;
      const isDirectory = entry.isDirectory();
      if (entry.name === '.git' || (!isDirectory && !entry.isFile())) continue;
      const said = rules
        .map(({ base, ignores }) => ignores(relative(base, path), isDirectory))
        .findLast((one) => one !== null);
      if (said === true) continue;
      if (isDirectory) inner.push({ path, rules });
      else {
        if (++number > MOST) throw new UsageError(`${name}: there are more than ${MOST} files below it`);
        yield documentAt(
          name === '.' ? relative(top, path) : `${withoutSlashes(name)}/${relative(top, path)}`,
          path,
          true,
        );
      }
    }
    waiting.push(...inner.reverse());
  }
}

function listed(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function readIgnore(path: string): Ignoring | null {
  try {
    return ignoring(looker.read(path, 64 * 1024)?.text ?? '');
  } catch {
    return null;
  }
}
