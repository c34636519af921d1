import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runProgram, shell, temporary } from './run.ts';

const present = (program: string): boolean =>
  Boolean(process.env.CI) || spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Every command with its flags, as its own help has them. */
async function everyFlag(): Promise<readonly { readonly command: string; readonly flags: readonly string[] }[]> {
  const { stdout } = await run(['help']);
  const [, listed = ''] = /^Commands:\n((?: {2}.*\n)+)/m.exec(stdout) ?? [];
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? '');
  expect(names).toEqual(expect.arrayContaining(['check', 'fix', 'undo', 'man', 'completion']));
  return Promise.all(
    names.map(async (command) => {
      const help = (await run(['help', command])).stdout;
      return { command, flags: [...help.matchAll(/^ {2}.{0,20}?(--[a-z-]+)/gm)].map(([, flag]) => flag ?? '') };
    }),
  );
}

/** What bash offers for the last of these words. */
async function inBash(...words: readonly string[]): Promise<readonly string[]> {
  const script = `source <($BK completion bash); COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length - 1}; _bk_doctor; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await shell(script);
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

test('the manual has every command and every flag, and the tool that reads manuals has nothing against it', async () => {
  const { stdout, code } = await run(['man']);
  expect(code).toBe(0);
  const text = stdout.replaceAll('\\-', '-');
  for (const { command, flags } of await everyFlag()) {
    expect(text).toContain(`.SH BK-DOCTOR ${command.toUpperCase()}`);
    for (const flag of flags) expect(text, `${command} ${flag}`).toMatch(new RegExp(`\\\\fB${flag}\\\\fR`));
  }
  expect(text).not.toMatch(/[^\0-\x7f]/);
});

test.skipIf(!present('mandoc'))('mandoc warns of nothing but what has no day', async () => {
  const file = join(temporary(), 'bk-doctor.1');
  writeFileSync(file, (await run(['man'])).stdout);
  const { stdout } = await runProgram('mandoc', ['-Tlint', '-Wwarning', file]);
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
});

describe('a shell completes', () => {
  test('bash: commands, flags, ids, formats, and what stands after a sign of equality', async () => {
    expect(await inBash('bk-doctor', 'un')).toEqual(['undo', 'unredact']);
    expect(await inBash('bk-doctor', 'fix', '--d')).toEqual(['--dry-run', '--daemonless']);
    expect(await inBash('bk-doctor', 'check', '--format', 'ju')).toEqual(['junit']);
    expect(await inBash('bk-doctor', '--format', '=', 'ju')).toEqual(['junit']);
    expect(await inBash('bk-doctor', 'show', 'idmap/h')).toEqual(['idmap/helpers']);
    expect(await inBash('bk-doctor', 'check', '--only', 'userns,idmap/h')).toEqual(['userns,idmap/helpers']);
    expect(await inBash('bk-doctor', 'template', 'kub')).toEqual(['kubernetes']);
    expect(await inBash('bk-doctor', 'explain', '/etc/passw')).toContain('/etc/passwd');
    expect(await inBash('bk-doctor', 'check', '--user', 'roo')).toEqual(['root']);
  });

  test('bash: every flag of every command', async () => {
    for (const { command, flags } of await everyFlag())
      expect((await inBash('bk-doctor', command, '--')).toSorted(), command).toEqual(
        expect.arrayContaining([...new Set(flags)]),
      );
  });

  test.skipIf(!present('fish'))('fish: the same', async () => {
    const file = join(temporary(), 'bk-doctor.fish');
    writeFileSync(file, (await run(['completion', 'fish'])).stdout);
    const offered = async (line: string): Promise<readonly string[]> => {
      const { stdout, stderr } = await runProgram('fish', [
        '--no-config',
        '-c',
        `source ${file}; complete -C '${line}'`,
      ]);
      expect(stderr).toBe('');
      return stdout
        .trim()
        .split('\n')
        .map((each) => each.replace(/\t.*/, ''));
    };
    expect(await offered('bk-doctor un')).toEqual(['undo', 'unredact']);
    expect(await offered('bk-doctor check --format ju')).toEqual(['junit']);
    expect(await offered('bk-doctor show idmap/h')).toEqual(['idmap/helpers']);
    expect(await offered('bk-doctor fix --dr')).toEqual(['--dry-run']);
  });

  test.skipIf(!present('zsh'))('zsh: it is well formed, and registers itself', async () => {
    const file = join(temporary(), '_bk-doctor');
    writeFileSync(file, (await run(['completion', 'zsh'])).stdout);
    const script = `autoload -Uz compinit && compinit -D && source ${file} && print $_comps[bk-doctor]`;
    expect(await runProgram('zsh', ['-f', '-c', script])).toMatchObject({
      stdout: '_bk_doctor\n',
      stderr: '',
      code: 0,
    });
  });

  test('a shell that we do not know is a wrong call', async () => {
    expect(await run(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' });
  });
});
