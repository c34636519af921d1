import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/** A part of this program that is a process of its own. */
export type Role = 'helper' | 'as-target' | 'as-user';

/** The word before the name of a role, where one executable holds them all; bin/single.js reads it. */
const ROLE = '__role';

/** What a person starts, past any links, and the words that do so; null where nothing of ours was started (a test). */
export interface OwnStart {
  readonly file: string;
  readonly words: readonly string[];
}

/** Three forms: a script that Node runs, an executable that holds Node and everything, and that one in a folder with its own loader. */
export function ownStart(): OwnStart | null {
  if (isSea()) {
    const words = executableWords();
    const launcher = resolve(dirname(words.at(-1) ?? ''), '../bk-doctor');
    const file = words.length > 1 && existsSync(launcher) ? launcher : words.at(-1);
    return file === undefined ? null : { file, words: file === launcher ? [file] : words };
  }
  const [, script] = process.argv;
  try {
    const file = realpathSync(script ?? '');
    return { file, words: [process.execPath, file] };
  } catch {
    return null;
  }
}

/** The words that start a process with that role. Throws where it was not built. */
export function roleStart(role: Role): readonly string[] {
  // Where no memory may become executable, we ourselves were started so.
  const flags = process.execArgv.filter((flag) => flag === '--jitless');
  if (isSea()) return [...executableWords(), ...flags.map((flag) => `--node-options=${flag}`), ROLE, role];
  return [process.execPath, ...flags, builtProgram(role)];
}

/** A page of the documentation, by its path in this package; null when it is not there. */
export function page(path: string): string | null {
  try {
    return (isSea() ? getAsset(path, 'utf8') : readFileSync(resolve(packageDirectory(), path), 'utf8')).trimEnd();
  } catch {
    return null;
  }
}

/** A role as a script of the bundle. Throws where it was not built. */
export function builtProgram(role: Role): string {
  const path = resolve(packageDirectory(), 'dist', `${role}.cjs`);
  if (!existsSync(path)) throw new Error(`bk-doctor is not built: ${path} is missing (npm run build)`);
  return path;
}

/** Where another loader than the system's was told to start us, Node takes that for the executable, and its words count. */
function executableWords(): readonly string[] {
  const { execPath, argv } = process;
  if (!/^ld[-.]/.test(basename(execPath))) return [execPath];
  const words = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(1, -1);
  const program = argv[1] ?? '';
  return [execPath, ...words.slice(0, words.indexOf(program)), realpathSync(program)];
}

/** Where this package stands, whether it runs from its bundle or from its sources. */
function packageDirectory(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (at !== '/' && !existsSync(resolve(at, 'package.json'))) at = dirname(at);
  return at;
}
