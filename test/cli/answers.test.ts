import fs, {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { preparePrivateFile } from '../../src/cli/call/private-file.ts';
import type { Report } from '../../src/model/say.ts';
import { exitCode } from '../../src/report/exit-code.ts';
import { validatorOf } from '../schemas.ts';
import { PROGRAM, run, shell, temporary } from './run.ts';

const isRoot = process.getuid?.() === 0;
const reportOf = (text: string): Report => JSON.parse(text) as Report;

describe('check', () => {
  test('is what bk-doctor does without a command, and its JSON is the published report', async () => {
    const [plain, named] = await Promise.all([run(['--json']), run(['check', '--json'])]);
    const report = reportOf(plain.stdout);
    const valid = validatorOf('report');
    valid(report);
    expect(valid.errors ?? []).toEqual([]);
    expect(report.checks.map(({ id }) => id)).toEqual(catalog.map(({ check }) => check.id));
    expect(named.code).toBe(plain.code);
    const statuses = (text: string): unknown => reportOf(text).checks.map(({ id, status }) => [id, status]);
    expect(statuses(named.stdout)).toEqual(statuses(plain.stdout));
    expect(plain.stderr).toBe('');
  });

  test('has one exit code whatever the format, by the threshold', async () => {
    for (const failOn of ['error', 'warning'] as const) {
      const formats = await Promise.all(
        ['json', 'terminal', 'markdown'].map((format) => run(['--no-probe', '--fail-on', failOn, '--format', format])),
      );
      const [json] = formats;
      const expected = exitCode(reportOf(json?.stdout ?? ''), failOn);
      expect(formats.map(({ code }) => code)).toEqual([expected, expected, expected]);
    }
  });

  test('deselected checks stay as skips, do not count, and are said to be missing', async () => {
    const { stdout } = await run(['--json', '--only', 'kernel']);
    const { checks, verdict } = reportOf(stdout);
    const others = checks.filter(({ id }) => !id.startsWith('kernel/'));
    expect(others.every(({ status, reason }) => status === 'skip' && reason === 'not selected')).toBe(true);
    expect(verdict.partial).toBe(others.length > 0);
    const skipped = reportOf((await run(['--json', '--skip', 'kernel/version'])).stdout);
    expect(skipped.checks.find(({ id }) => id === 'kernel/version')).toMatchObject({
      status: 'skip',
      reason: 'not selected',
    });
    expect(skipped.verdict.partial).toBe(true);
  });

  test('settings of the command line are in the report, as options', async () => {
    const directory = temporary();
    const config = join(directory, 'b.toml');
    writeFileSync(config, '');
    const { stdout } = await run(
      [
        '--json',
        '--no-probe',
        '--config',
        'b.toml',
        '--root',
        'state',
        '--addr',
        'tcp://127.0.0.1:1',
        '--address',
        'unix:///x',
        '--env',
        'TMPDIR=/t=t',
      ],
      { cwd: directory },
    );
    const { target, verdict } = reportOf(stdout);
    expect(target).toMatchObject({
      config,
      root: join(directory, 'state'),
      addresses: ['tcp://127.0.0.1:1', 'unix:///x'],
      sources: { config: 'option', root: 'option', addresses: 'option' },
    });
    expect(target.environment.TMPDIR).toEqual({ value: '/t=t', source: 'option' });
    expect(verdict.proved).toBe(false);
  });

  test('changes nothing', async () => {
    const home = temporary();
    await run(['--no-probe'], { env: { HOME: home, XDG_STATE_HOME: join(home, 'state') } });
    await run(['fix', '--dry-run', '--no-probe'], { env: { HOME: home, XDG_STATE_HOME: join(home, 'state') } });
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('the last lines', () => {
  test('names the program as the shell finds it, else by its whole path; a PATH that cannot be searched is no crash', async () => {
    const directory = temporary();
    symlinkSync('loop', join(directory, 'loop'));
    mkdirSync(join(directory, 'bin'));
    const ask = async (path: string) =>
      (await run(['fix', '--dry-run', '--no-probe'], { env: { PATH: `${directory}/loop:${path}` } })).stdout;
    const usual = '/usr/bin:/bin';
    expect(await ask(usual)).toContain(`${process.execPath} ${PROGRAM} `);
    symlinkSync(PROGRAM, join(directory, 'bin/bk-doctor'));
    expect(await ask(`${directory}/bin:${usual}`)).toMatch(/(: |^)bk-doctor /m);
  });
  test('are the verdict and a command that exists', async () => {
    const { stdout } = await run(['--no-probe']);
    expect(stdout.split('\n\n').at(-1)).toMatch(/^(READY|NOT READY|UNKNOWN)\b.*(\n {2}.*)*\nNext:/);
  });
});

describe('colour', () => {
  const coloured = async (env: { readonly [name: string]: string }, ...args: readonly string[]): Promise<boolean> =>
    (await run(['--no-probe', ...args], { env })).stdout.includes('\u001b[');
  test('not without a terminal, unless it is forced', async () => {
    expect(await coloured({})).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '0' })).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1', NO_COLOR: '' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '1' }, '--no-color')).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1' }, '--json')).toBe(false);
  });
  test('ASCII without a UTF-8 locale', async () => {
    for (const env of [{ LANG: 'C' }, { LANG: 'de_DE.ISO-8859-1' }, { LANG: 'C.UTF-8', LC_ALL: 'POSIX' }])
      expect((await run(['-v', '--no-probe'], { env })).stdout).toMatch(/^[\n\x20-\x7e]*$/);
    expect((await run(['list'], { env: { LANG: 'C' } })).stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });
});

describe('--output', () => {
  test('gets the answer whole and for our eyes only, stdout nothing', async () => {
    const directory = temporary();
    const file = join(directory, 'r.json');
    writeFileSync(file, 'x'.repeat(1_000_000), { mode: 0o666 });
    chmodSync(file, 0o666);
    const { stdout, stderr } = await run(['--json', '--no-probe', '--output', 'r.json'], { cwd: directory });
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `bk-doctor: report written to ${file} (names and addresses replaced; --no-redact keeps them)\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(reportOf(readFileSync(file, 'utf8')).schema).toBe(1);
    expect(readdirSync(directory)).toEqual(['r.json']);
  });
  test('hides names unless told otherwise', async () => {
    const directory = temporary();
    const home = '/home/zaphod';
    const ask = async (...args: readonly string[]): Promise<string> => {
      const { stdout } = await run(['--no-probe', '--env', `HOME=${home}`, ...args], { cwd: directory });
      return args.includes('--output') ? readFileSync(join(directory, 'r'), 'utf8') : stdout;
    };
    for (const hidden of [
      ['--json', '--output', 'r'],
      ['--format', 'markdown'],
      ['-v', '--redact'],
    ])
      expect(await ask(...hidden)).not.toContain('zaphod');
    for (const shown of [
      ['--json'],
      ['--json', '--output', 'r', '--no-redact'],
      ['--format', 'markdown', '--no-redact'],
    ])
      expect(await ask(...shown)).toContain('zaphod');
  });
  test('metrics are for the collector, which is another account', async () => {
    const file = join(temporary(), 'bk_doctor.prom');
    await run(['--no-probe', '--format', 'prometheus', '--output', file]);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readFileSync(file, 'utf8')).toMatch(/^# HELP bk_doctor_ready .*\n/);
  });
  test('a dash is stdout', async () => {
    const directory = temporary();
    const { stdout } = await run(['list', '-q', '--output', '-'], { cwd: directory });
    expect(stdout).toContain('kernel/version\n');
    expect(readdirSync(directory)).toEqual([]);
  });
  test.runIf(isRoot)('under sudo the caller can read it in a directory of his own', async () => {
    const directory = temporary();
    const env = { SUDO_UID: '65533', SUDO_GID: '65532' };
    await run(['list', '--output', 'root'], { cwd: directory, env });
    expect(statSync(join(directory, 'root')).uid).toBe(0);
    chownSync(directory, 65533, 65532);
    await run(['list', '--output', 'mine'], { cwd: directory, env });
    const { uid, gid, mode } = statSync(join(directory, 'mine'));
    expect([uid, gid, mode & 0o777]).toEqual([65533, 65532, 0o600]);
  });
  test.runIf(isRoot)("root does not write through another account's link", async () => {
    const directory = temporary();
    await shell('mkdir real && ln -s real link && chown -h 65533 link', { cwd: directory });
    const { code, stderr } = await run(['list', '--output', 'link/x'], { cwd: directory });
    expect(code).toBe(2);
    expect(stderr).toContain("another account's symbolic link");
    expect(existsSync(join(directory, 'real/x'))).toBe(false);
  });
  test.runIf(isRoot)('nor through one that a directory is exchanged for between the look and the opening', async () => {
    const directory = temporary();
    const [victim, place] = [join(directory, 'victim'), join(directory, 'home/place')];
    await shell('mkdir victim && mkdir -p home/place && chown -R 65533:65533 home', { cwd: directory });
    const real = fs.openSync;
    let exchanged = false;
    fs.openSync = (path, ...rest) => {
      if (String(path).endsWith('/place') && !exchanged) {
        exchanged = true;
        renameSync(place, `${place}.aside`);
        symlinkSync(victim, place);
        lchownSync(place, 65533, 65533);
      }
      return real(path, ...rest);
    };
    syncBuiltinESMExports();
    try {
      expect(() => preparePrivateFile('--output', join(place, 'report'), {}).write('text')).toThrow(/place/);
    } finally {
      fs.openSync = real;
      syncBuiltinESMExports();
    }
    expect(exchanged).toBe(true);
    expect(readdirSync(victim)).toEqual([]);
  });
});

describe('--record and --replay', () => {
  test('a recording examined again gives the same checks, and is for our eyes only', async () => {
    const directory = temporary();
    const made = await run(['--json', '--record', 'host.json'], { cwd: directory });
    expect(made.stderr).toContain(`recording written to ${directory}/host.json`);
    expect(statSync(join(directory, 'host.json')).mode & 0o777).toBe(0o600);
    const again = await run(['--json', '--replay', 'host.json'], { cwd: directory });
    const checks = (text: string): unknown => reportOf(text).checks.map((check) => ({ ...check, durationMs: 0 }));
    expect(checks(again.stdout)).toEqual(checks(made.stdout));
    expect(again.code).toBe(made.code);
    const text = await run(['--replay', 'host.json'], { cwd: directory });
    expect(text.stdout).not.toContain(directory);
  });
  test('what a recording lacks is unknown, never absence', async () => {
    const directory = temporary();
    await run(['--json', '--record', 'host.json'], { cwd: directory });
    const recording = JSON.parse(readFileSync(join(directory, 'host.json'), 'utf8'));
    writeFileSync(join(directory, 'empty.json'), JSON.stringify({ ...recording, answers: {} }));
    const { checks } = reportOf((await run(['--json', '--replay', 'empty.json'], { cwd: directory })).stdout);
    const kernel = checks.find(({ id }) => id === 'kernel/version');
    expect(kernel).toMatchObject({ status: 'unknown', reason: expect.stringContaining('not recorded') });
  });
});

describe('list and show', () => {
  test('list has every check and condition, as published', async () => {
    const { code, stdout } = await run(['list', '--json']);
    const valid = validatorOf('list');
    const listed = JSON.parse(stdout);
    valid(listed);
    expect(valid.errors ?? []).toEqual([]);
    expect(code).toBe(0);
    expect(listed.checks.map(({ id }: { id: string }) => id)).toEqual(catalog.map(({ check }) => check.id));
    const known = new Set(listed.conditions.map(({ id }: { id: string }) => id));
    const found = new Set(catalog.flatMap(({ check }) => check.conditions));
    expect(
      [...found].filter((id) => !known.has(id)),
      'conditions that src/knowledge/conditions.ts does not define',
    ).toEqual([]);
  });
  test('at 80 columns the tables fit', async () => {
    const { stdout } = await run(['list', '-v']);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const { check } of catalog) expect(stdout).toContain(check.id);
  });
  test('list is a line a check', async () => {
    expect((await run(['list'])).stdout.split('\n').filter((line) => /^[a-z]+\/[a-z-]+ {2}/.test(line))).toHaveLength(
      catalog.length,
    );
  });
  test('show and help find an area, and what the last part of a name tells', async () => {
    const area = (await run(['show', 'idmap'])).stdout;
    for (const { check } of catalog) expect(area.includes(check.id)).toBe(check.id.startsWith('idmap/'));
    const page = (await run(['show', 'idmap/ranges'])).stdout;
    expect((await run(['help', 'ranges'])).stdout).toBe(page);
    expect((await run(['show', 'subid-mising'])).stderr).toContain('did you mean "subid-missing"?');
  });
  test('a page is shown once, rendered', async () => {
    const { stdout } = await run(['show', 'idmap/ranges']);
    expect(stdout.split('Files of an image belong to many users')).toHaveLength(2);
    expect(stdout).not.toMatch(/^#|\*\*|^\||\]\(/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
  test('show tells one check or one condition in full', async () => {
    const valid = validatorOf('show');
    for (const id of ['kernel/version', 'idmap.subid-missing']) {
      const shown = JSON.parse((await run(['show', id, '--json'])).stdout);
      expect([shown.id, valid(shown)]).toEqual([id, true]);
      expect((await run(['show', id])).stdout).toContain(id);
    }
  });
});

describe('history and undo of an account that changed nothing', () => {
  const nobody = (args: readonly string[]) =>
    isRoot
      ? shell(`setpriv --reuid=65533 --regid=65533 --clear-groups $BK ${args.join(' ')}`, {
          env: { XDG_STATE_HOME: '/nonexistent/state' },
        })
      : run(args, { env: { XDG_STATE_HOME: '/nonexistent/state' } });
  test('history is empty', async () => {
    const { code, stdout } = await nobody(['history', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, { schema: 1, runs: [] }]);
    expect(validatorOf('history')(JSON.parse(stdout))).toBe(true);
  });
  test('there is nothing to undo', async () => {
    expect(await nobody(['undo'])).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: 'bk-doctor: there is nothing to undo\n',
    });
    const { code, stdout } = await nobody(['undo', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([2, { schema: 1, transactions: [] }]);
    expect(validatorOf('undo')(JSON.parse(stdout))).toBe(true);
  });
});

describe('--wait', () => {
  test('examines again until the host is ready, and no longer than it may', async () => {
    const directory = temporary();
    const config = join(directory, 'buildkitd.toml');
    writeFileSync(config, 'root = 1\n');
    const call = (wait: string) =>
      `$BK check --no-probe --only config/buildkitd --config ${config} --wait ${wait} --json`;
    const mended = await shell(
      `(sleep 1; printf 'root = "/r"\n' >${config}) & ${call('60s')}; code=$?; wait; exit $code`,
    );
    expect([mended.code, JSON.parse(mended.stdout).counts.pass]).toEqual([0, 1]);
    writeFileSync(config, 'root = 1\n');
    expect((await shell(call('1s'))).code).toBe(1);
  });
  test('refuses what is no time', async () => {
    for (const time of ['soon', '-1', '5 m', '1.5h']) {
      const { code, stderr } = await run(['check', `--wait=${time}`]);
      expect([code, stderr]).toEqual([2, `bk-doctor: --wait: "${time}" is no time; write 90s, 5m or 1h\n`]);
    }
  });
});

describe('reports compared', () => {
  test('diff, merge, a baseline and waivers, of reports that were really made', async () => {
    const directory = temporary();
    const config = join(directory, 'buildkitd.toml');
    writeFileSync(config, 'root = 1\n');
    const call = ['check', '--no-probe', '--only', 'config/buildkitd', '--config', config];
    const file = (name: string) => join(directory, 'reports', name);
    mkdirSync(join(directory, 'reports'));
    const bad = await run([...call, '--json', '--no-redact']);
    writeFileSync(file('bad.json'), bad.stdout);
    expect((await run([...call, '--baseline', file('bad.json')])).code).toBe(0);
    writeFileSync(
      join(directory, 'w.toml'),
      '[[waiver]]\ncheck = "config/buildkitd"\nreason = "x"\nuntil = 2999-01-01\n',
    );
    expect([bad.code, (await run([...call, '--waivers', join(directory, 'w.toml')])).code]).toEqual([1, 0]);
    writeFileSync(
      join(directory, 'w.toml'),
      '[[waiver]]\ncheck = "config/buildkitd"\nreason = "x"\nuntil = 2020-01-01\n',
    );
    const expired = await run([...call, '--waivers', join(directory, 'w.toml')]);
    expect([expired.code, expired.stdout]).toEqual([2, '']);
    expect(expired.stderr).toContain('w.toml: line 1: the waiver of config/buildkitd expired on 2020-01-01');
    writeFileSync(config, 'root = "/r"\n');
    writeFileSync(file('good.json'), (await run([...call, '--json', '--no-redact'])).stdout);
    const forth = await run(['diff', file('good.json'), file('bad.json'), '--json']);
    expect([forth.code, JSON.parse(forth.stdout).appeared[0].check]).toEqual([1, 'config/buildkitd']);
    expect((await run(['diff', file('bad.json'), file('good.json')])).code).toBe(0);
    writeFileSync(file('none.json'), '{');
    const merged = await run(['merge', join(directory, 'reports'), '--json']);
    const { levels, unread } = JSON.parse(merged.stdout);
    expect([merged.code, levels['not-ready'], unread]).toEqual([
      1,
      1,
      [{ file: file('none.json'), reason: 'it is no JSON' }],
    ]);
  });
  test('what is no report is refused', async () => {
    for (const args of [
      ['diff', '/nonexistent', '/etc/passwd'],
      ['diff', '/etc/passwd', '/etc/passwd'],
      ['check', '--baseline', '/dev/zero'],
      ['check', '--waivers', '/nonexistent'],
    ]) {
      const { code, stdout } = await run(args);
      expect([code, stdout]).toEqual([2, '']);
    }
  });
});

describe('started by npm', () => {
  test('what npm puts before PATH is nowhere', async () => {
    const PATH = '/x/node_modules/.bin:/node_modules/.bin:/y/npm/bin/node-gyp-bin:/usr/bin:/bin';
    const { stdout } = await run(['--no-probe', '--json'], { env: { PATH, npm_execpath: '/y/npm/bin/npm-cli.js' } });
    expect(stdout).not.toMatch(/node_modules\/\.bin|node-gyp-bin/);
    expect(
      JSON.parse((await run(['--no-probe', '--json'], { env: { PATH } })).stdout).target.environment,
    ).toBeDefined();
  });
});

describe('help and version', () => {
  test('go to stdout', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await run(['--version'])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    for (const args of [['version'], ['-V']])
      expect(await run(args)).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    for (const args of [['--help'], ['help'], ['fix', '--help'], ['help', 'undo'], ['help', 'help']]) {
      const { code, stdout, stderr } = await run(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Usage: bk-doctor/);
      expect(stdout).toMatch(/\nExamples:\n {2}bk-doctor/);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });
  test('every flag of the contract is offered', async () => {
    const help = (await run(['fix', '--help'])).stdout;
    for (const flag of '--mode --user --env --config --root --addr --address --only --skip --no-probe --patience --fail-on --record --replay --json --format --output --quiet --verbose --no-color --help --version --yes --risky --dry-run --script'.split(
      ' ',
    ))
      expect(help).toContain(flag);
  });
});
