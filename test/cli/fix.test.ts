import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/say.ts';
import { validatorOf } from '../schemas.ts';
import { shell, temporary } from './run.ts';
import { onTerminal } from './terminal.ts';

/** A port that is taken is a fault that harms no host: its fix edits only the configuration that we name. */
let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  port = address.port;
});
afterAll(() => {
  server.close();
});

/** Root's journal has a fixed place: here it is one that nobody else sees. */
const PRIVATELY =
  process.getuid?.() === 0
    ? `unshare -m --propagation private sh -c 'mount -t tmpfs none /var/lib && eval "$RUN"'`
    : 'eval "$RUN"';

interface Ailing {
  readonly config: string;
  readonly before: string;
  readonly text: () => string;
  readonly fix: string;
  readonly env: { readonly [name: string]: string };
}
function ailing(more = ''): Ailing {
  const directory = temporary();
  const config = join(directory, 'buildkitd.toml');
  const before = `# ours\n[grpc]\n  address = [ "unix://${directory}/s.sock", "tcp://127.0.0.1:${port}" ] # both\n${more}`;
  writeFileSync(config, before);
  return {
    config,
    before,
    text: () => readFileSync(config, 'utf8'),
    fix: `$BK fix --only net/ports,config/buildkitd --config ${config}`,
    env: { XDG_STATE_HOME: join(directory, 'state') },
  };
}
const moved = (before: string): RegExp =>
  new RegExp(`^${before.replace(/[[\].*+?^$()|\\]/g, '\\$&').replace(`:${port}`, ':\\d+')}$`);
const privately = (run: string, env: Ailing['env']) => shell(PRIVATELY, { env: { RUN: run, ...env } });
const typed = (run: string, env: Ailing['env'], acts: Parameters<typeof onTerminal>[1]) =>
  onTerminal(PRIVATELY, acts, { RUN: run, ...env });
const PROMPT = 'Apply this repair?';

describe('fix without a terminal', () => {
  test('--yes cures, says so in JSON, journals it, and undo brings back every byte', async () => {
    const { env, fix, before, config } = ailing();
    const run = `${fix} --yes --json; echo "code $?"; cat ${config}; $BK history --json; $BK undo --dry-run --json; $BK undo --json; echo "code $?"; $BK undo`;
    const { stdout, stderr } = await privately(run, env);
    const [report = '', rest = ''] = stdout.split(/^code \d\n/m);
    const { treatments, checks } = JSON.parse(report) as Report;
    const valid = validatorOf('report');
    valid(JSON.parse(report));
    expect(valid.errors ?? []).toEqual([]);
    expect(treatments.map(({ check, result }) => [check, result])).toEqual([['net/ports', 'cured']]);
    expect(checks.find(({ id }) => id === 'net/ports')?.status).toBe('pass');
    expect(rest.slice(0, rest.indexOf('\n{') + 1)).toMatch(moved(before));
    const [history = '{}', planned = '{}', undone = '{}'] = rest.slice(rest.indexOf('\n{') + 1).split(/^(?={$)/m);
    expect(validatorOf('history')(JSON.parse(history))).toBe(true);
    expect(JSON.parse(history).runs[0].transactions[0]).toMatchObject({ check: 'net/ports', state: 'applied' });
    expect(validatorOf('undo')(JSON.parse(planned))).toBe(true);
    expect(JSON.parse(planned).transactions).toMatchObject([{ id: '1.1', result: 'planned', paths: [config] }]);
    expect(validatorOf('undo')(JSON.parse(undone))).toBe(true);
    expect(JSON.parse(undone).transactions).toMatchObject([{ check: 'net/ports', result: 'undone', reason: null }]);
    expect(readFileSync(config, 'utf8')).toBe(before);
    expect(stderr).toContain('there is nothing to undo');
  });

  test('--dry-run shows the diff, --script a script that does the same; neither changes anything', async () => {
    const { env, fix, before, config, text } = ailing();
    const plan = await privately(`${fix} --dry-run`, env);
    expect(plan.code).toBe(1);
    expect(plan.stdout).toContain(`-  address = [ "unix://`);
    expect(plan.stdout).toContain(`+  address = [ "unix://`);
    expect(plan.stderr).toContain('first round of at most three');
    const script = await privately(`${fix} --script`, env);
    expect(script.code).toBe(1);
    expect(text()).toBe(before);
    writeFileSync(`${config}.sh`, script.stdout);
    for (let times = 0; times < 2; times++) {
      const ran = await privately(`sh ${config}.sh`, env);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      expect(text()).toMatch(moved(before));
    }
  });

  test('what is not selected is not treated', async () => {
    const { env, config, text, before } = ailing();
    const { code } = await privately(`$BK fix --yes --skip net --only kernel,net --config ${config}`, env);
    expect(code).toBe(0);
    expect(text()).toBe(before);
  });
});

describe('fix on a terminal', () => {
  test('shows the diff, asks, and does what is chosen', async () => {
    const { env, fix, before, text } = ailing();
    const { screen } = await typed(fix, env, [{ on: PROMPT, type: '\r' }]);
    expect(screen.indexOf('+  address = [')).toBeGreaterThan(0);
    expect(screen.indexOf('+  address = [')).toBeLessThan(screen.indexOf(PROMPT));
    expect(screen).toMatch(/✓ cured(\u001b\[0m)? {2}net\/ports/);
    expect(text()).toMatch(moved(before));
  });
  test('the questions are not part of the answer', async () => {
    const { env, fix, config } = ailing();
    const { screen } = await typed(`${fix} --json > ${config}.json`, env, [{ on: PROMPT, type: '\r' }]);
    expect(screen).toContain(PROMPT);
    expect(JSON.parse(readFileSync(`${config}.json`, 'utf8')).treatments[0]).toMatchObject({ result: 'cured' });
  });
  test('what is unchecked is declined', async () => {
    const { env, fix, before, text } = ailing();
    const { code, screen } = await typed(fix, env, [{ on: PROMPT, type: 'n\r' }]);
    expect(code).toBe(1);
    expect(screen).toContain('declined');
    expect(text()).toBe(before);
  });
  test('Ctrl-C, Ctrl-D and a signal end it with 128 + n, and nothing is changed', async () => {
    for (const [act, expected] of [
      [{ type: '\u0003' }, 130],
      // The end of input: nobody is there to answer.
      [{ type: '\u0004' }, 130],
      [{ signal: 'SIGTERM' }, 143],
      [{ signal: 'SIGHUP' }, 129],
    ] as const) {
      const { env, fix, before, text } = ailing();
      const { code, screen } = await typed(`exec ${fix}`, env, [{ on: PROMPT, ...act }]);
      if ('type' in act) expect(screen).toContain('stopped: nothing was changed');
      expect(code).toBe(expected);
      // The prompt hides the cursor; it must be there again.
      expect(screen.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001b[?25l'));
      expect(text()).toBe(before);
    }
  });
  describe('of several repairs', () => {
    const two = () => ailing('[worker.oci]\n  snapshotter = "overlay2"\n');
    test('those that are left checked are made, each named by what it does', async () => {
      const { env, fix, text } = two();
      const { screen } = await typed(fix, env, [{ on: 'Apply which repairs?', type: ' \r' }]);
      expect(screen).toMatch(/config\/buildkitd +worker\.oci\.snapshotter = "overlayfs" in/);
      expect(screen).toMatch(/net\/ports +grpc\.address/);
      expect([text().includes('overlay2'), text().includes(`:${port}"`)].toSorted()).toEqual([false, true]);
    });
    test('on a screen of 40 columns no choice wraps', async () => {
      const { env, fix } = two();
      const { screen } = await typed(`stty cols 40; ${fix}`, env, [{ on: 'Apply which repairs?', type: '\r' }]);
      const choices = screen.split(/[\r\n]+/).filter((line) => /[◯◉]/.test(line));
      expect(choices.length).toBeGreaterThan(1);
      for (const line of choices) expect(line.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '').length).toBeLessThanOrEqual(40);
    });
    test('a terminal that cannot move its cursor is asked in one line', async () => {
      const { env, fix, text } = two();
      const { screen } = await typed(fix, { ...env, TERM: 'dumb' }, [
        { on: 'or numbers like 1,3] ', type: 'what\n' },
        { on: 'or numbers like 1,3] ', type: '2\n' },
      ]);
      expect(screen).not.toContain('\u001b');
      expect([text().includes('overlay2'), text().includes(`:${port}"`)].toSorted()).toEqual([false, true]);
    });
    test('no is no', async () => {
      const { env, fix, text, before } = two();
      const { screen, code } = await typed(fix, { ...env, TERM: 'dumb' }, [
        { on: 'or numbers like 1,3] ', type: 'n\n' },
      ]);
      expect(code).toBe(1);
      expect(screen).toContain('declined');
      expect(text()).toBe(before);
    });
  });
  test('--no-color is for the questions, too', async () => {
    const { env, fix } = ailing();
    const { screen } = await typed(`${fix} --no-color`, env, [{ on: PROMPT, type: '\r' }]);
    expect(screen).toContain('✓ cured  net/ports');
    expect(screen).not.toMatch(/\u001b\[\d+(;\d+)*m/);
  });
});
