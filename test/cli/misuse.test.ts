import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, temporary } from './run.ts';

/** Every misuse: one sentence that says what and what was meant, exit code 2, nothing on stdout. */
async function misuse(args: readonly string[], ...says: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  for (const words of says) expect(stderr).toContain(words);
  expect(stderr).toMatch(/^bk-doctor: [^\n]+\n$/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
}

describe('misuse of words', () => {
  test.each<readonly [string, readonly string[]]>([
    ['--jsn', ["unknown option '--jsn'", 'did you mean --json?']],
    ['chekc', ['there is no command "chekc"; did you mean "check"?']],
    ['check extra', ['there is no command "extra"']],
    ['--user root fix', ['write the command first: bk-doctor fix']],
    ['help fixx', ['there is no command "fixx"; did you mean "fix"?']],
    ['--mode rootles', ['"rootles" is not one of rootless, rootful', 'did you mean "rootless"?']],
    ['--user rooot', ['there is no user "rooot"', 'did you mean "root"?']],
    ['--user=', ['--user needs a value']],
    ['--only kernel/versio', ['no check or area "kernel/versio"', 'did you mean "kernel/version"?']],
    ['--skip kernle', ['no check or area "kernle"', 'did you mean "kernel"?']],
    ['--only ,', ['--only needs ids or areas']],
    ['--only kernel/version --skip kernel', ['leave no check']],
    ['--env 1A=2', ['"1A" is not the name of a variable']],
    ['--env FOO', ['write NAME=VALUE']],
    ['--format jsn', ['"jsn" is not one of terminal, json, markdown', 'did you mean "json"?']],
    ['--json --format markdown', ['contradict each other']],
    ['-q -v', ['contradict each other']],
    ['--fail-on warn', ['did you mean "warning"?']],
    ['--patience much', ['"much" is not a number from 0.1 to 100']],
    ['--patience 0', ['"0" is not a number from 0.1 to 100']],
    ['--config', ["option '--config <file>' argument missing"]],
    ['check --yes', ["unknown option '--yes'", 'belongs to bk-doctor fix']],
    ['list extra', ['too many arguments', 'but got 1']],
    ['list --format markdown', ['list has no form in markdown', '--format terminal or json']],
    ['show', ["missing required argument 'id'"]],
    ['show kernel/versoin', ['did you mean "kernel/version"?']],
    ['show idmap.subid-missin', ['did you mean "idmap.subid-missing"?']],
    ['undo no-such-run', ['no run or transaction "no-such-run"']],
    ['undo a b', ['too many arguments', 'but got 2']],
    ['fix', ['no terminal to ask on', '--yes, --dry-run or --script']],
    ['fix --risky', ['no terminal to ask on']],
    ['fix --dry-run --script', ['choose one']],
    ['fix --script --json', ['--script prints a shell script']],
  ])('%s', (line, says) => misuse(line.split(' '), ...says));
});

describe('misuse of files', () => {
  test('a configuration that is not there, with the nearest name', async () => {
    const directory = temporary();
    writeFileSync(join(directory, 'buildkitd.toml'), '');
    await misuse(
      ['--config', join(directory, 'buildkit.toml')],
      'does not exist',
      `did you mean ${directory}/buildkitd.toml`,
    );
    await misuse(['--config', ''], '--config needs the name of a file');
  });
  test('a place where no file can be written', async () => {
    const directory = temporary();
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'sub'));
    symlinkSync('file', join(directory, 'link'));
    for (const option of ['--output', '--record']) {
      await misuse([option, directory], 'this is a directory');
      await misuse([option, join(directory, 'none/x')], `the directory ${directory}/none does not exist`);
      await misuse([option, join(directory, 'file/x')], 'is not a directory');
      await misuse([option, join(directory, 'link')], 'a symbolic link');
      await misuse([option, '/dev/null'], 'not a regular file');
    }
  });
  test('what does not go with a recording', async () => {
    const file = join(temporary(), 'recording');
    writeFileSync(file, 'no recording');
    for (const args of [
      ['--user', 'root'],
      ['--config', file],
      ['--record', `${file}2`],
      ['--root', '/x'],
      ['--address', 'tcp://[::]:1'],
      ['--env', 'A=B'],
    ])
      await misuse(['--replay', file, ...args], `--replay cannot be used with ${args[0]}`);
    await misuse(['fix', '--replay', file, '--yes'], '--replay is of another time or host');
    await misuse(['fix', '--replay', file], '--replay is of another time or host');
    await misuse(['undo', '--replay', file], "unknown option '--replay'");
    await misuse(['--replay', file], 'is not a recording');
    await misuse(['--replay', `${file}s`], 'does not exist', `did you mean ${file}?`);
  });
  test('what does not go with an archive', async () => {
    const file = join(temporary(), 'archive');
    writeFileSync(file, 'no archive');
    for (const args of [
      ['--replay', file],
      ['--record', `${file}2`],
      ['--build', '.'],
      ['--config', file],
      ['--env', 'A=B'],
      ['--wait', '1s'],
      ['--daemonless'],
    ])
      await misuse(['--from', file, ...args], `--from cannot be used with ${args[0]}`);
    await misuse(['--from', file], 'it is cut off');
    await misuse(['--from', `${file}s`], 'does not exist');
    await misuse(['--from', ''], '--from needs a value');
    await misuse(['fix', '--from', file], "unknown option '--from'");
    await misuse(['verify', '--from', file], "unknown option '--from'");
  });
  test('control characters in an argument are made visible', () =>
    misuse(['--only', 'a\u001b[2Jb\nc'], 'no check or area "a\\x1b[2Jb\\nc"'));
});
