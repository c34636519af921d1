import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../host/looks/boot.ts';
import type { Identity } from '../model/look.ts';
import { Refused } from './disk/refused.ts';
import { MARK, SYSTEM_PATH, systemTool } from './disk/tools.ts';

const PATIENCE_MS = { end: 3000, term: 2000, kill: 2000 };
/** What looking into the environments of another account's processes may take: what has not answered by then is not ours. */
const LOOK_MS = 3000;

/** A process, and nothing that gets its number later. */
interface Carrier {
  readonly pid: number;
  readonly start: string;
  readonly uid: number;
}

/**
 * Waits for what a killed run left running for a transaction, and ends it when it does not end by itself. Only processes
 * that belong wholly to an account that worked for it, and that are there already, can be such: others carry the mark
 * because somebody gave it to them. Throws Refused when one cannot be ended.
 */
export async function endLeftovers(mark: string, { self, target }: Pick<Identity, 'self' | 'target'>): Promise<void> {
  const found = await carriersOf(mark, self.uid, target.uid);
  if (await areGone(found, PATIENCE_MS.end)) return;
  for (const [signal, patience] of [
    ['SIGTERM', PATIENCE_MS.term],
    ['SIGKILL', PATIENCE_MS.kill],
  ] as const) {
    for (const carrier of found.filter(isThere)) {
      try {
        process.kill(carrier.pid, signal);
      } catch {
        // Ended meanwhile, or not ours: then the next look tells.
      }
    }
    if (await areGone(found, patience)) return;
  }
  throw new Refused(
    `process ${found
      .filter(isThere)
      .map(({ pid }) => pid)
      .join(', ')}, started for this treatment, still runs and cannot be ended`,
  );
}

async function areGone(carriers: readonly Carrier[], patience: number): Promise<boolean> {
  for (const until = Date.now() + patience; ; await sleep(50)) {
    if (!carriers.some(isThere)) return true;
    if (Date.now() >= until) return false;
  }
}

/** Still that process, still of that account, and not dead already (its parent may never ask). */
function isThere({ pid, start, uid }: Carrier): boolean {
  return startOf(pid) === start && wholeOwnerOf(pid) === uid;
}

/** Processes with the mark in their environment, other than this one. */
async function carriersOf(mark: string, self: number, target: number): Promise<readonly Carrier[]> {
  const wanted = `${MARK}=${mark}`;
  const all = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name): readonly Carrier[] => {
      const pid = Number(name);
      const uid = wholeOwnerOf(pid);
      const start = startOf(pid);
      return start !== null && (uid === self || uid === target) ? [{ pid, start, uid }] : [];
    });
  const own = all.filter(({ pid, uid }) => uid === self && hasWord(pid, wanted));
  const others = all.filter(({ uid }) => uid !== self);
  const pids = new Set(await pidsWithWord(others, wanted));
  return [...own, ...others.filter(({ pid }) => pids.has(pid))];
}

/** The account of a process that has no id of any other, as programs with a setuid bit have; null for such, and for the dead. */
function wholeOwnerOf(pid: number): number | null {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    if (/^State:\s*[ZX]/m.test(status)) return null;
    const ids = /^Uid:\s*(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
    return ids.length === 4 && new Set(ids).size === 1 ? Number(ids[0]) : null;
  } catch {
    return null;
  }
}

function hasWord(pid: number, wanted: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted);
  } catch {
    return false;
  }
}

/**
 * Another account can put anything where the kernel looks for its processes' environment, a file that never answers
 * too. So that is looked at by a program that can be ended; what it has said by then counts.
 */
async function pidsWithWord(processes: readonly Carrier[], wanted: string): Promise<readonly number[]> {
  const grep = systemTool('grep');
  if (grep === null || processes.length === 0) return [];
  const found: number[] = [];
  const until = Date.now() + LOOK_MS;
  for (let at = 0; at < processes.length && Date.now() < until; at += 512) {
    const paths = processes.slice(at, at + 512).map(({ pid }) => `/proc/${pid}/environ`);
    for (const [, pid] of (await linesOf(grep, ['-aslzxF', '-e', wanted, '--', ...paths], until)).matchAll(
      /\/(\d+)\//g,
    ))
      found.push(Number(pid));
  }
  return found;
}

/** What a program prints until it ends or the time is over; it is not waited for any longer. */
function linesOf(program: string, args: readonly string[], until: number): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: '/',
    });
    let output = '';
    const finish = (): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
      resolve(output);
    };
    const timer = setTimeout(finish, Math.max(0, until - Date.now()));
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
    });
    child.once('error', finish);
    child.once('close', finish);
  });
}
