import * as fs from 'node:fs';
import type { Probes } from '../../model/look.ts';
import { Unanswered } from '../../model/unseen.ts';
import { seconds } from '../../text/seconds.ts';
import { errnoOf } from '../looks/errno.ts';
import { findTool, runProgram, SYSTEM_PATH } from '../looks/run-tool.ts';
import { makeScratch, removeScratch, scratchName, sweepScratch } from './scratch.ts';

const BLOCK = 4096;
const MOST_WRITTEN = 8 * 1024 * 1024;

/** Writes one block, or more, to a temporary file, so that a full file system shows, and removes it. */
export function probeWrite({ directory, bytes = BLOCK }: Probes['write']['input']): Probes['write']['answer'] {
  sweepScratch(directory);
  const path = scratchName(directory);
  try {
    const file = fs.openSync(
      path,
      fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW,
      0o600,
    );
    try {
      const chunk = Buffer.alloc(Math.min(bytes, MOST_WRITTEN), 'x');
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(file, chunk, at);
    } finally {
      fs.closeSync(file);
      removeScratch(path);
    }
    return { error: null };
  } catch (error) {
    return { error: errnoOf(error) };
  }
}

const LOCK_MS = 2000;

/** Who holds an exclusive flock: from /proc/locks by inode, else by asking for the lock without waiting. */
export async function probeLock(path: string, limitMs = LOCK_MS): Promise<{ held: boolean; pid: number | null }> {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(path);
  } catch {
    return { held: false, pid: null };
  }
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  const major = Math.floor(stat.dev / 256) & 0xfff;
  const minor = (stat.dev & 0xff) | (Math.floor(stat.dev / 1048576) << 8);
  const file = `${hex(major)}:${hex(minor)}:${stat.ino}`;
  try {
    for (const line of fs.readFileSync('/proc/locks', 'latin1').split('\n')) {
      // buildkitd wants the lock for itself alone: a shared one of flock(2) is in its way as well.
      const found = /^\d+: (?:FLOCK\s+\S+\s+(?:READ|WRITE)|(?:OFDLCK|POSIX)\s+\S+\s+WRITE)\s+(-?\d+)\s+(\S+)/.exec(
        line,
      );
      if (found?.[2] === file) return { held: true, pid: Number(found[1]) > 0 ? Number(found[1]) : null };
    }
  } catch {
    // Without /proc/locks the lock itself answers.
  }
  const flock = findTool('flock', SYSTEM_PATH);
  if (flock === null || stat.isDirectory()) return { held: false, pid: null };
  const ran = await runProgram(flock, ['--shared', '--nonblock', '--conflict-exit-code', '99', path, 'true'], {
    env: { PATH: SYSTEM_PATH },
    timeoutMs: limitMs,
  });
  if (ran.timedOut) throw new Unanswered(`whether ${path} is locked was not answered within ${seconds(limitMs)}`);
  return { held: ran.code === 99, pid: null };
}

/**
 * Lists a directory that may be read and not searched: without d_type the kind of its entry would need a look at the
 * entry itself, which fails. Root passes such a directory, so that it lets ls do it without capabilities.
 */
export async function probeDtype(directory: string, limitMs: number): Promise<{ told: boolean | null }> {
  let work: string;
  try {
    work = makeScratch(directory);
  } catch {
    return { told: null };
  }
  try {
    fs.mkdirSync(`${work}/entry`);
    fs.chmodSync(work, 0o400);
    if (process.geteuid?.() === 0) return { told: await isTypeTold(work, limitMs) };
    const [entry] = fs.readdirSync(work, { withFileTypes: true });
    return { told: entry?.isDirectory() ?? null };
  } catch (error) {
    return { told: errnoOf(error) === 'EACCES' ? false : null };
  } finally {
    removeScratch(work);
  }
}

/** GNU ls marks directories by d_type and looks at an entry only where that is missing; another ls always looks. */
async function isTypeTold(directory: string, limitMs: number): Promise<boolean | null> {
  const setpriv = findTool('setpriv', SYSTEM_PATH);
  const ls = findTool('ls', SYSTEM_PATH);
  if (setpriv === null || ls === null) return null;
  const options = { env: { PATH: SYSTEM_PATH, LC_ALL: 'C' }, timeoutMs: limitMs };
  const ran = await runProgram(setpriv, ['--bounding-set=-all', '--inh-caps=-all', ls, '-p', directory], options);
  if (ran.code === 0 && ran.stdout.trim() === 'entry/') return true;
  if (!ran.stderr.includes('Permission denied')) return null;
  const { stdout } = await runProgram(ls, ['--version'], options);
  return stdout.includes('GNU coreutils') ? false : null;
}
