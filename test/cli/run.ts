import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const PROGRAM = resolve('bin/bk-doctor.js');

export interface Done {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface How {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
}

/** What a call inherits: nothing of the test runner but its PATH. */
export function environment(more: How['env'] = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: process.env.HOME ?? '/', LANG: 'C.UTF-8', ...more };
}

/** Runs a program without a terminal and gathers what it says. */
export function runProgram(command: string, args: readonly string[], how: How = {}): Promise<Done> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: how.cwd ?? process.cwd(),
      env: environment(how.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** Runs the built bk-doctor. */
export function run(args: readonly string[], how: How = {}): Promise<Done> {
  return runProgram(process.execPath, [PROGRAM, ...args], how);
}

/** Runs a shell script in which `$BK` calls the built bk-doctor. */
export function shell(script: string, how: How = {}): Promise<Done> {
  const BK = `${process.execPath} ${PROGRAM}`;
  return runProgram('/bin/bash', ['-c', script], { ...how, env: { BK, ...how.env } });
}

/** A directory for one test. */
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'bk-doctor-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
