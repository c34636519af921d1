import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareReleases, releaseText } from '../../src/buildkit/version.ts';
import { configBuildkitd } from '../../src/checks/config/buildkitd.ts';
import { configEntitlements } from '../../src/checks/config/entitlements.ts';
import { configTls } from '../../src/checks/config/tls.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { ASK } from '../virtual-host.ts';
import { CASES } from './cases.ts';
import { installed } from './installed.ts';
import { rootfulHost } from './rootful-host.ts';

const programs = process.getuid?.() === 0 ? installed() : [];
const scratch = mkdtempSync(join(tmpdir(), 'bkd-config-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
interface Start {
  readonly starts: boolean;
  readonly output: string;
}

/** A configuration may name any path as a socket or state directory: nothing of this host but scratch can be written. */
const ONLY_SCRATCH = `mount --make-rprivate /
  mount --bind "$0" "$0"
  mount -t tmpfs none /run
  mount -t tmpfs none /var/lib
  mount -o remount,bind,ro /
  mount -o remount,bind,ro /dev
  cd "$0"
  exec "$@"`;
/** What crashes in the background does so at once. */
const SERVES_AFTER_MS = 200;

/** Starts buildkitd as root in a mount namespace of its own, until it serves or ends. */
function start(program: { readonly path: string; readonly help: string }, text: string | Uint8Array): Promise<Start> {
  const directory = join(scratch, String(++count));
  execFileSync('mkdir', [directory]);
  const file = join(directory, 'buildkitd.toml');
  writeFileSync(file, text);
  const content = Buffer.from(text).toString('latin1');
  const args = [
    ...['--config', file, '--root', join(directory, 'root')],
    ...(/^\s*address\s*=/m.test(content) ? [] : ['--addr', `unix://${directory}/b.sock`]),
    ...(program.help.includes('otel-socket-path') ? ['--otel-socket-path', `${directory}/o.sock`] : []),
  ];
  return new Promise((resolve) => {
    const inside = ['sh', '-ec', ONLY_SCRATCH, directory, program.path, ...args];
    const child = spawn('unshare', ['--mount', '--fork', '--kill-child', ...inside], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: directory },
    });
    let output = '';
    let serves = false;
    const end = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (serves || !output.includes('running server on')) return;
      serves = true;
      setTimeout(() => child.kill('SIGKILL'), SERVES_AFTER_MS);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', (code) => {
      clearTimeout(end);
      if (code !== null && code !== 128 + 9) serves = false;
      rmSync(directory, { recursive: true, force: true });
      resolve({ starts: serves, output });
    });
  });
}

test('the table has its files, each under a name of its own', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(80);
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

const comparisons = (): void => {
  for (const program of programs) {
    const { min, max } = program.releases;
    const exact = min !== null && max !== null && compareReleases(min, max) === 0 ? releaseText(min) : null;
    describe(exact ?? `of an unknown release, ${program.path}`, () => {
      for (const file of CASES) {
        test.concurrent(JSON.stringify(file.name), { timeout: 60_000 }, async () => {
          const checks = [configBuildkitd, configEntitlements, configTls].map((check) => ({ check }));
          const look = createLook({ host: rootfulHost(file.text, program), request: ASK });
          const reports = await examine(look, checks, { isSelected: () => true });
          const errors = reports.flatMap(({ problems }) => problems).filter(({ severity }) => severity === 'error');
          const { starts, output } = await start(program, file.text);
          // One that does not know its release is held against bk-doctor's answer all the same.
          const known = exact === null ? undefined : { 'v0.11.6': 0, 'v0.32.2': 1 }[exact];
          if (known !== undefined)
            expect(starts, output).toBe(typeof file.starts === 'boolean' ? file.starts : file.starts[known]);
          if (!starts) expect(errors.length, output).toBeGreaterThan(0);
          // What stops only a build, not the start, is an error too.
          const builds = /every RUN|Dockerfile frontend/;
          expect(errors.filter(({ message }) => !builds.test(message)).length > 0, output).toBe(!starts);
          const printed = errors.map(({ evidence }) => (evidence as { prints: string | null }).prints).filter(Boolean);
          if (!starts && printed.length > 0)
            expect(
              printed.some((words) => output.includes(words ?? '')),
              `${printed.join(' | ')}\n${output.slice(0, 600)}`,
            ).toBe(true);
        });
      }
    });
  }
};
// Where there is no buildkitd there is nothing to compare with, and nothing is counted as skipped.
if (programs.length > 0) describe('the real buildkitd', comparisons);
