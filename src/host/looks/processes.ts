import { readdirSync, readFileSync } from 'node:fs';

/** In the environment of every program that is run to look or to try something: "PID.WORD", who started it and which one it is. */
export const LOOK_MARK = 'BK_DOCTOR_LOOK';
/** In that of every process started for a treatment: the transaction's own mark, by which `undo` finds what a killed run left behind. */
export const STEP_MARK = 'BK_DOCTOR_TRANSACTION';

/** A program and all that comes from it: children, sessions that they lead, and what carries the mark. */
export interface Family {
  readonly pids: readonly number[];
  /** Null: none. */
  readonly mark: string | null;
}

interface ProcessEntry {
  readonly parent: number;
  readonly session: number;
  /** Null: not started to look, or not to be seen. */
  readonly mark: string | null;
}

/** Every thread has its own children. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** A mark for one more program of this process. */
export function newMark(): string {
  return `${process.pid}.${Math.random().toString(36).slice(2, 10)}`;
}

/** One that ended and waits to be noticed by its parent is not alive. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

let turns = 0;

/**
 * What a process has done until now: time of a processor, and pages that it touched. One that is ready to run and waits
 * for a processor is told anew each time. Empty where it is not to be seen.
 */
export function activityOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [...fields.slice(7, 15), fields[0] === 'R' ? `R${turns++}` : ''].join(' ');
  } catch {
    return '';
  }
}

/** The same of a program with all that it started. */
export function activityOfFamily(family: Family): string {
  return membersOf(family)
    .map((pid) => `${pid} ${activityOf(pid)}`)
    .join('\n');
}

/** Kills at once, and once more what was started meanwhile. A child that left its session and its parents is known by its mark. */
export function endFamily(family: Family): void {
  for (let turn = 0; turn < 3; turn++) {
    const alive = membersOf(family).filter(isAlive);
    if (alive.length === 0) return;
    for (const pid of alive) signal(pid, 'SIGKILL');
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, no leader of a group, or another account's by now.
  }
}

function membersOf({ pids, mark }: Family): readonly number[] {
  const table = processTable();
  const members = new Set(pids);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, entry] of table) {
      if (members.has(pid) || !belongs(pid, entry, members, mark)) continue;
      members.add(pid);
      grown = true;
    }
  }
  return [...members];
}

function belongs(pid: number, entry: ProcessEntry, members: ReadonlySet<number>, mark: string | null): boolean {
  if (members.has(entry.parent) || members.has(entry.session)) return true;
  if (entry.mark === null) return false;
  return entry.mark === mark || (members.has(Number(entry.mark.split('.')[0])) && mayBeEnded(pid));
}

/** Anybody can give the number of a process to a setuid program of root's. */
function mayBeEnded(pid: number): boolean {
  return process.geteuid?.() !== 0 || !isRoots(pid);
}

function isRoots(pid: number): boolean {
  try {
    return /^Uid:\s+\d+\s+0\s/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Does it change something, rather than look? */
export function isStep(pid: number): boolean {
  return variableOf(pid, STEP_MARK) !== null;
}

/** Is it a program that root runs to change something? */
export function isStepOfRoots(pid: number): boolean {
  return isRoots(pid) && isStep(pid);
}

function processTable(): ReadonlyMap<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [, parent, , session] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      if (pid !== process.pid)
        table.set(pid, { parent: parent ?? 0, session: session ?? 0, mark: variableOf(pid, LOOK_MARK) });
    } catch {
      // Gone meanwhile.
    }
  }
  return table;
}

function variableOf(pid: number, variable: string): string | null {
  try {
    const name = `${variable}=`;
    const found = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .find((text) => text.startsWith(name));
    return found?.slice(name.length) ?? null;
  } catch {
    return null;
  }
}
