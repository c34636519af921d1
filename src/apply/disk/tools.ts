import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { STEP_MARK } from '../../host/looks/processes.ts';
import { onlyRootWrites } from '../../rights/trust.ts';
import { findChild, type Handle, permissionsOf, statOf } from './handle.ts';
import { Refused } from './refused.ts';
import { walkToParent } from './walk.ts';

/** Where the tools that we run for our own sake come from: never from PATH. The last one is NixOS's. */
const DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export { STEP_MARK as MARK } from '../../host/looks/processes.ts';

/** Can nobody but root change this program, or what its path leads to? */
export function isRootsOwn(path: string): boolean {
  try {
    const { directory, name, exclusive } = walkToParent(fs.realpathSync.native(path), 0);
    const file = exclusive ? findChild(directory, name) : null;
    directory.close();
    if (file === null) return false;
    const stat = statOf(file);
    file.close();
    return stat.isFile() && onlyRootWrites({ uid: Number(stat.uid), mode: permissionsOf(stat) });
  } catch {
    return false;
  }
}

/** A tool of the system that root alone can have put there; null when there is none. */
export function systemTool(name: string): string | null {
  return (
    DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => fs.existsSync(path) && isRootsOwn(path)) ??
    null
  );
}

export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
interface ToolOptions {
  readonly descriptors?: readonly number[];
  /** Where it runs; / when not given. */
  readonly directory?: Handle;
  readonly transaction?: string;
  readonly timeoutMs?: number;
}
/** Runs a system tool with the given descriptors as 3, 4, …; null when there is no such tool. */
export function runTool(
  name: string,
  args: readonly string[],
  { descriptors = [], directory, transaction = '', timeoutMs = 30_000 }: ToolOptions = {},
): ToolRun | null {
  const path = systemTool(name);
  if (path === null) return null;
  const ran = spawnSync(path, [...args], {
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C', ...(transaction === '' ? {} : { [STEP_MARK]: transaction }) },
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    cwd: directory?.path ?? '/',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 4 * 1024 * 1024,
  });
  if (ran.error !== undefined && ran.status === null && ran.signal === null)
    throw new Refused(`${path} could not be run: ${ran.error.message}`, [path]);
  return { code: ran.status, stdout: String(ran.stdout ?? ''), stderr: String(ran.stderr ?? '') };
}
