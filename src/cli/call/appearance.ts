import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Appearance } from '../../report/pen.ts';
import type { Streams } from './session.ts';

/** `color` false: `--no-color`. A file gets neither colour nor the terminal's width. */
export function appearanceOf(stream: Streams['stdout'] | null, env: NodeJS.ProcessEnv, color: boolean): Appearance {
  const terminal = stream?.isTTY === true;
  return {
    columns: terminal ? Math.min(100, Math.max(40, stream.columns || 80)) : 80,
    colour: stream !== null && color && wantsColour(terminal, env),
    unicode: readsUnicode(env),
  };
}

function wantsColour(terminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  const { FORCE_COLOR: force } = env;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return terminal && env.TERM !== 'dumb';
}

/** By the locale, as setlocale(3) picks it; the kernel's own console lacks the signs. */
function readsUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) && env.TERM !== 'linux';
}

/** The absolute path of a program in PATH; null when there is none. Directories that cannot be looked into have none. */
export function findProgram(name: string, path: string): string | null {
  return (
    path
      .split(':')
      .filter((part) => part.startsWith('/'))
      .map((directory) => resolve(directory, name))
      .find(isProgram) ?? null
  );
}

function isProgram(path: string): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
