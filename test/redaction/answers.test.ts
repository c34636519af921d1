import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordingHost } from '../../src/host/recording.ts';
import { translated } from '../../src/names/translate.ts';
import { assessed } from '../assessed.ts';
import { type Done, run, temporary } from '../cli/run.ts';
import { seedsOf } from './seeds.ts';
import { sownHost } from './sown-host.ts';

const LOG = `Nov 28 13:00:01 tower9 buildkitd[1]: of Projekt Adler
[rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 4242 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted, says Projekt Adler about Zq and Zquark
`;

describe('--redact-words', () => {
  test('replaces what a file lists, in every format, and implies --redact', { timeout: 60_000 }, async () => {
    const cwd = temporary();
    writeFileSync(join(cwd, 'log'), LOG);
    writeFileSync(join(cwd, 'words'), '# ours\n\nProjekt Adler\n  Zq  \n');
    for (const format of ['terminal', 'json', 'markdown']) {
      const { code, stdout } = await run(['explain', '-v', '--format', format, '--redact-words', 'words', 'log'], {
        cwd,
      });
      expect(code, format).toBe(0);
      expect(stdout.replace(/\s+/g, ' '), format).toMatch(/says word\d+ about word\d+ and Zquark/);
      expect(stdout, format).not.toMatch(/Adler|\bZq\b|# ours/);
    }
  });
  test('is refused where it cannot be followed', async () => {
    const cwd = temporary();
    writeFileSync(join(cwd, 'words'), 'x\n');
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(['explain', ...args, '/dev/null'], { cwd });
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await refused('--redact-words', 'wrds')).toMatch(/wrds does not exist; did you mean .*words\?/);
    expect(await refused('--redact-words', '.')).toContain('cannot be read: EISDIR');
    expect(await refused('--redact-words', 'words', '--no-redact')).toContain('contradict each other');
  });
});

test('answers in every format are translated back by the map that only this account reads', {
  timeout: 120_000,
}, async () => {
  const seeds = seedsOf(9);
  const { host, request } = sownHost(seeds);
  const { host: recorder, recording } = recordingHost(host, request, 'x64');
  await assessed(recorder, request);
  const cwd = temporary();
  writeFileSync(join(cwd, 'r.json'), JSON.stringify(recording()));
  const state = join(cwd, 'state');
  const call = (args: readonly string[]): Promise<Done> => run(args, { cwd, env: { XDG_STATE_HOME: state } });
  const user = seeds.names.get('the target') ?? '';
  for (const format of ['terminal', 'json', 'markdown', 'html', 'junit', 'sarif']) {
    const { stdout } = await call(
      ['check', '-v', '--format', format, '--redact', '--replay', 'r.json'].filter(
        (flag) => flag !== '-v' || format !== 'sarif',
      ),
    );
    expect(stdout, format).not.toContain(user);
    writeFileSync(join(cwd, 'answer'), stdout);
    const back = await call(['unredact', 'answer']);
    expect(back.code, `${format}: ${back.stderr}`).toBe(0);
    if (/\buser\d/.test(stdout)) expect(back.stdout, format).toContain(user);
    if (format === 'json' || format === 'sarif') JSON.parse(back.stdout);
  }
  const map = process.geteuid?.() === 0 ? '/var/lib/bk-doctor/names.json' : join(state, 'bk-doctor/names.json');
  expect((statSync(map).mode & 0o777).toString(8)).toBe('600');
  expect(JSON.parse(readFileSync(map, 'utf8')).names.length).toBeGreaterThan(5);
});

test('an account of a domain is one in JSON, too', () => {
  const entries = [{ kind: 'user', name: 'CORP\\mona', standIn: 'DOMAIN\\user1' }] as const;
  const text = JSON.stringify({ user: 'DOMAIN\\user1' });
  expect(JSON.parse(translated(text, entries).text)).toEqual({ user: 'CORP\\mona' });
  expect(translated('ask DOMAIN\\user1', entries).text).toBe('ask CORP\\mona');
});
