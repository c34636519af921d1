import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environment, PROGRAM, run, temporary } from './run.ts';
import { onTerminal } from './terminal.ts';

/** A PATH in which every program of BuildKit takes its time. */
function slowPath(seconds: number): { readonly path: string; readonly started: string } {
  const directory = temporary();
  const started = join(directory, 'started');
  mkdirSync(join(directory, 'bin'));
  for (const name of ['buildkitd', 'runc', 'rootlesskit']) {
    const file = join(directory, 'bin', name);
    writeFileSync(file, `#!/bin/sh\necho "$$" >>${started}\nexec sleep ${seconds}\n`);
    chmodSync(file, 0o755);
  }
  chmodSync(directory, 0o755);
  return { path: `${directory}/bin:/usr/bin:/bin`, started };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s while it examines ends it with %i', async (signal, expected) => {
  const { path, started } = slowPath(20);
  const cache = temporary();
  const child = spawn(process.execPath, [PROGRAM, '--json', '--root', cache, '--env', `PATH=${path}`], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  while (!existsSync(started)) await new Promise((later) => setTimeout(later, 20));
  child.kill(signal);
  expect(await ended).toBe(expected);
  expect(stdout).toBe('');
  for (const pid of readFileSync(started, 'utf8').trim().split('\n')) await gone(Number(pid));
  // Nor is anything left of what was being tried there.
  expect(readdirSync(cache)).toEqual([]);
});

/** An ended program whose new parent has not looked yet (Z) is no longer alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What we started has ended with us: well before its twenty seconds are over, however busy the machine is. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (!isAlive(pid)) return;
    await new Promise((later) => setTimeout(later, 20));
  }
  process.kill(pid);
  throw new Error(`a program that it had started (${pid}) lives on`);
}

test('on a terminal it says what it is doing, and leaves no trace of that; elsewhere not a word', async () => {
  const { path } = slowPath(1);
  const { screen } = await onTerminal(`$BK --no-color --only kernel --env PATH=${path}`, []);
  expect(screen).toMatch(/\r\u001b\[Kexamin(ing this host|ed \d+ of \d+)/);
  expect(screen.slice(0, screen.indexOf('bk-doctor 0')).endsWith('\r\u001b[K')).toBe(true);
  expect((await onTerminal(`$BK -q --no-color --only kernel --env PATH=${path}`, [])).screen).not.toContain('examin');
  expect((await run(['--only', 'kernel', '--env', `PATH=${path}`])).stderr).toBe('');
});

test('a check loads nothing that only other commands need', async () => {
  const coverage = temporary();
  const loaded = async (...args: readonly string[]): Promise<string> => {
    await run(args, { env: { NODE_V8_COVERAGE: coverage } });
    const files = readdirSync(coverage).map((name) => join(coverage, name));
    return files
      .map(
        (file) =>
          readFileSync(file, 'utf8')
            .match(/"url":"file:[^"]*"/g)
            ?.join('\n') ?? '',
      )
      .join('\n');
  };
  const check = await loaded();
  expect(check).toContain('dist/main.cjs');
  expect(check).not.toMatch(/inquirer|execa|systeminformation|cli-table3|ajv|libesm|treat|consent|apply|walk/);
  expect(await loaded('list', '-v')).toContain('cli-table3');
});

test('Ctrl-C at a question that is a line of text says what is so', async () => {
  const directory = temporary();
  const config = join(directory, 'buildkitd.toml');
  writeFileSync(config, '[worker.oci]\n  snapshotter = "overlay2"\n');
  const before = readFileSync(config, 'utf8');
  const { code, screen } = await onTerminal(
    `$BK fix --no-probe --only config/buildkitd --config ${config}`,
    [{ on: 'Apply this repair?', type: '\u0003' }],
    { TERM: 'dumb' },
  );
  expect(code).toBe(130);
  expect(screen).toMatch(/\nbk-doctor: stopped: nothing was changed\r?\n$/);
  expect(readFileSync(config, 'utf8')).toBe(before);
});
