import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandsOf } from '../../src/cli/call/own-commands.ts';
import type { TargetReport } from '../../src/model/say.ts';
import { commandLine } from '../../src/text/shell.ts';
import { everything } from '../report/everything.ts';

const request = { mode: null, user: null, env: {}, config: null, root: null, addresses: null, probe: true };
const question = { request, only: [], skip: [], elsewhere: false, verify: true };

/** The words that a shell makes of a command line, past `sudo` or `su -c`; PATH is the caller's. */
function words(line: string, path = '/usr/bin:/bin'): readonly string[] {
  const script = `sudo() { printf '%s\\n' "$@"; }; su() { eval "set -- $2"; printf '%s\\n' "$@"; }; ${line}`;
  return execFileSync('/bin/sh', ['-c', script], { env: { PATH: path }, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}
const fixAsRoot = (target: Partial<TargetReport>, asked = {}): string =>
  commandsOf(
    { ...question, request: { ...request, ...asked } },
    { ...everything.target, environment: {}, ...target },
    {},
  ).fixAsRoot;
/** Without what starts the program, which differs here. */
const flags = (line: string): readonly string[] => words(line).slice(words(line).indexOf('fix'));

test('root is told whose set-up it is, and everything that was asked', () => {
  expect(flags(fixAsRoot({}))).toEqual(['fix', '--user', 'alice']);
  expect(flags(fixAsRoot({ user: null }))).toEqual(['fix', '--user', '1001']);
  expect(flags(fixAsRoot({ uid: 0, user: 'root', mode: 'rootful' }, { mode: 'rootful' }))).toEqual([
    'fix',
    '--mode',
    'rootful',
  ]);
  const asked = { config: "/tmp/it's a file", env: { A: '$(reboot)' }, addresses: ['tcp://[::]:1'], probe: false };
  expect(flags(fixAsRoot({}, asked))).toEqual([
    'fix',
    '--user',
    'alice',
    '--env',
    'A=$(reboot)',
    '--config',
    "/tmp/it's a file",
    '--address',
    'tcp://[::]:1',
    '--no-probe',
  ]);
});

test('what the own environment decided goes along, what everybody has does not', () => {
  const from = (source: 'process' | 'passwd', value: string) => ({ value, source });
  expect(
    flags(
      fixAsRoot({
        environment: {
          XDG_DATA_HOME: from('process', '/data/a b'),
          XDG_RUNTIME_DIR: from('process', '/run/user/1001'),
          XDG_CONFIG_HOME: from('passwd', '/x'),
          PATH: from('process', '/usr/local/bin:/usr/bin:/bin:/usr/games:/sbin'),
        },
      }),
    ),
  ).toEqual(['fix', '--user', 'alice', '--env', 'XDG_DATA_HOME=/data/a b']);
});

test("a PATH of one's own goes along as the shell has it", () => {
  const own = '/home/alice/bin:/usr/bin:/bin';
  const line = fixAsRoot({ environment: { PATH: { value: own, source: 'process' } } });
  expect(words(line, own).slice(-2)).toEqual(['--env', `PATH=${own}`]);
});

/** What people call files and put into variables, and what a shell would obey. */
const anyWord = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll(/[\0\ud800-\udfff]/g, '')),
  fc.constantFrom(
    '',
    ' ',
    "it's",
    '"',
    '\\',
    '$HOME',
    '`id`',
    '$(id)',
    '~',
    '!x',
    '*',
    '-e',
    '#',
    '\n',
    "'\\''",
    '\\n',
    '%s',
    ';',
    '=x',
    '{a,b}',
  ),
  fc
    .array(fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\n', 'a', '!', '*'), { maxLength: 8 })
    .map((all) => all.join('')),
);
/** Prints its words with a zero byte behind each. */
const SPLIT = [
  process.execPath,
  '-e',
  "process.stdout.write(process.argv.slice(1).map((w) => w + '\\0').join(''))",
  '--',
];
const said = (output: string): readonly string[] => output.split('\0').slice(0, -1);

test('whatever stands in a word, a shell makes that word of it again, behind sudo and inside su -c', {
  timeout: 60_000,
}, () => {
  const canBeRoot = process.getuid?.() === 0;
  fc.assert(
    fc.property(fc.array(fc.array(anyWord, { maxLength: 5 }), { minLength: 8, maxLength: 8 }), (all) => {
      // Many at once: a start of a shell costs more than all that it is asked.
      const words = all.flat();
      const line = commandLine([...SPLIT, ...words]);
      const sudo = `sudo() { "$@"; }; sudo ${line}`;
      expect(said(execFileSync('/bin/sh', ['-c', sudo], { encoding: 'utf8' }))).toEqual(words);
      if (!canBeRoot) return;
      const su = commandLine(['su', '-s', '/bin/sh', '-c', line]);
      expect(said(execFileSync('/bin/sh', ['-c', su], { encoding: 'utf8' }))).toEqual(words);
    }),
    { numRuns: 12 },
  );
});

test('the line for root is words again, whatever a person asked', () => {
  fc.assert(
    fc.property(anyWord, anyWord, (config, value) => {
      const line = fixAsRoot({}, { config, env: { A: value } });
      const script = `sudo() { shift 2; exec ${commandLine(SPLIT)} "$@"; }; su() { eval "set -- $2"; sudo "$@"; }; ${line}`;
      const told = said(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }));
      expect(told).toEqual(['fix', '--user', 'alice', '--env', `A=${value}`, '--config', config]);
    }),
    { numRuns: 12 },
  );
});

test('a service is made of all that was asked, but for the choice of checks', () => {
  const asked = { ...question, only: ['service/state'], request: { ...request, config: '/z' } };
  const { setup } = commandsOf(asked, { ...everything.target, environment: {} }, {});
  expect(setup).toMatch(/ setup --config \/z$/);
  const daemonless = { ...question, request: { ...request, daemonless: true } };
  expect(commandsOf(daemonless, everything.target, {}).setup).toBeNull();
});

test('verify has a root and a socket of its own', () => {
  const asked = { ...request, root: '/x', addresses: ['unix:///y'], config: '/z' };
  const { verify, check } = commandsOf({ ...question, request: asked }, everything.target, {});
  expect(verify).toMatch(/verify --config \/z$/);
  expect(check).toMatch(/check --config \/z --root \/x --address unix:\/\/\/y$/);
  expect(commandsOf({ ...question, elsewhere: true }, { ...everything.target, environment: {} }, {})).toMatchObject({
    check: 'bk-doctor check',
    fixAsRoot: 'sudo bk-doctor fix --user alice',
    verify: null,
  });
});
