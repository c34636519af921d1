import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/symptoms/diagnose.ts';
import { validatorOf } from '../schemas.ts';
import { type Done, environment, PROGRAM, run, temporary } from './run.ts';

const LOCKED = 'buildkitd: could not lock /home/zora/.local/share/buildkit/buildkitd.lock, another instance running?\n';

/** explain with this on its standard input. */
function piped(input: string | Buffer, ...args: readonly string[]): Promise<Done> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [PROGRAM, 'explain', ...args], { env: environment() });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', fail).on('close', (code, signal) => done({ code, signal, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const explanationOf = ({ stdout }: Done): Explanation => JSON.parse(stdout) as Explanation;

test('standard input: the JSON is the published answer, and a cause is exit code 0', async () => {
  const done = await piped(`fine\n${LOCKED}`, '--json');
  const valid = validatorOf('explain');
  valid(JSON.parse(done.stdout));
  expect(valid.errors ?? []).toEqual([]);
  expect(explanationOf(done).diagnoses[0]).toMatchObject({
    condition: 'daemon.state-dir-locked',
    confidence: 'certain',
    file: null,
    line: 2,
    checks: ['runtime/instance'],
    docs: 'docs/conditions/daemon.state-dir-locked.md',
    confirmed: null,
  });
  expect([done.code, done.stderr]).toEqual([0, '']);
});

test('no host problem is exit code 1, with the kind of failure', async () => {
  const done = await piped(
    'failed to create LLB definition: dockerfile parse error line 1: unknown instruction: OM',
    '--json',
  );
  expect(explanationOf(done)).toMatchObject({ diagnoses: [], failure: { kind: 'dockerfile', line: 1 } });
  expect(done.code).toBe(1);
  expect((await piped('')).stdout).toBe('The log is empty.\n');
});

describe('files', () => {
  test('several, one compressed, one of two bytes a letter: each line has its file', async () => {
    const directory = temporary();
    const paths = ['a.log', 'b.log.gz', 'c.log'].map((name) => join(directory, name));
    const [plain = '', zipped = '', wide = ''] = paths;
    writeFileSync(plain, 'nothing\n');
    writeFileSync(zipped, gzipSync(LOCKED.repeat(2)));
    writeFileSync(wide, Buffer.from(`\ufeff\n${LOCKED}`, 'utf16le'));
    const { diagnoses, lines } = explanationOf(await run(['explain', '--json', ...paths]));
    expect(diagnoses[0]).toMatchObject({ condition: 'daemon.state-dir-locked', file: zipped, line: 1 });
    expect(diagnoses[0]?.also).toEqual([
      expect.objectContaining({ file: zipped, line: 2 }),
      expect.objectContaining({ file: wide, line: 2 }),
    ]);
    expect(lines).toBe(5);
  });

  test('a damaged archive counts as far as it goes; what is no file is a wrong call', async () => {
    const directory = temporary();
    const path = join(directory, 'cut.gz');
    const noise = Array.from({ length: 5000 }, (_none, at) => `line ${at * 7919}`).join('\n');
    const whole = gzipSync(`${LOCKED}${noise}`);
    writeFileSync(path, whole.subarray(0, whole.length - 2000));
    expect((await run(['explain', path])).code).toBe(0);
    for (const wrong of [join(directory, 'none'), directory]) {
      const done = await run(['explain', wrong]);
      expect([done.code, done.stdout]).toEqual([2, '']);
    }
  });
});

test('nothing of a log reaches a terminal as an escape sequence, and secrets are masked', async () => {
  const log = `\u001b[31m${LOCKED.trim()}\u001b[0m \u009b2J\u202e https://me:hunter2secret@host/ token=ghp_${'a'.repeat(36)}\n`;
  for (const format of ['terminal', 'json', 'markdown']) {
    const { stdout } = await piped(log, '--format', format);
    expect(stdout).toContain('daemon.state-dir-locked');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(stdout).not.toContain('hunter2secret');
    expect(stdout).not.toContain('ghp_');
  }
  expect((await piped(log, '--format', 'markdown')).stdout).not.toContain('zora');
});

test('--check looks whether this host has it', async () => {
  const done = await piped(LOCKED, '--check', '--json', '--no-probe');
  expect(explanationOf(done).diagnoses[0]?.confirmed).toBe(false);
  expect((await piped(LOCKED, '--check', '--no-probe')).stdout).toContain('not on this host');
  const nothing = await piped('net/http: TLS handshake timeout', '--check', '--json');
  expect(explanationOf(nothing).diagnoses[0]?.confirmed).toBeNull();
});

test('--check takes the questions of check: a configuration, a mode, a recording', async () => {
  const directory = temporary();
  const [config, recording] = [join(directory, 'buildkitd.toml'), join(directory, 'host.json')];
  writeFileSync(config, 'root = /nowhere\n');
  const log = `buildkitd: failed to load config from ${config}: failed to parse config: toml: line 1: expected value`;
  const broken = await piped(log, '--check', '--json', '--no-probe', '--config', config);
  expect(explanationOf(broken).diagnoses[0]).toMatchObject({ condition: 'config.toml-syntax', confirmed: true });
  const recorded = await run(['check', '--no-probe', '--mode', 'rootful', '--config', config, '--record', recording]);
  expect(recorded.code).toBe(1);
  const replayed = await piped(log, '--check', '--json', '--replay', recording);
  expect(explanationOf(replayed).diagnoses[0]).toMatchObject({ condition: 'config.toml-syntax', confirmed: true });
  const rootful = await piped(log, '--check', '--json', '--no-probe', '--mode', 'rootful');
  expect(explanationOf(rootful).diagnoses[0]?.confirmed).toBe(false);
  const nobody = await piped(log, '--check', '--user', 'no-such-account');
  expect([nobody.code, nobody.stdout]).toEqual([2, '']);
});

test('what tells of a host needs --check', async () => {
  const done = await piped(LOCKED, '--mode', 'rootful');
  expect([done.code, done.stdout]).toEqual([2, '']);
  expect(done.stderr).toContain('--check');
});
