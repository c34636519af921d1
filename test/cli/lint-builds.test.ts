import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, temporary } from './run.ts';

interface Answer {
  readonly files: readonly {
    readonly file: string;
    readonly kind: string;
    readonly problems: readonly { readonly condition: string; readonly line: number; readonly needs: object }[];
  }[];
}

function folderWith(files: { readonly [name: string]: string }): string {
  const folder = temporary();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const DOCKERFILE = 'FROM alpine\nCOPY --parents a /\nRUN --network=host true\n';

describe('builds in bk-doctor lint', () => {
  test('a Dockerfile, for the release that is named', async () => {
    const file = join(folderWith({ Dockerfile: DOCKERFILE, a: '' }), 'Dockerfile');
    const old = await run(['lint', '--json', '--buildkit', 'v0.11.6', file]);
    expect(old.code).toBe(1);
    const [found] = (JSON.parse(old.stdout) as Answer).files;
    expect(found?.kind).toBe('dockerfile');
    expect(found?.problems.map(({ condition, line }) => [condition, line])).toEqual([
      ['dockerfile.frontend-too-old', 2],
      ['entitlement.missing', 3],
    ]);
    expect(found?.problems[0]?.needs).toEqual({ frontend: '1.20', buildkit: 'v0.26.0' });
    const newer = await run(['lint', '--buildkit', 'v0.32.0', file]);
    expect([newer.code, newer.stdout]).toEqual([0, expect.stringContaining('entitlement.missing')]);
    const docker = await run(['lint', '--json', '--engine', '20.10', file]);
    expect(docker.stdout).toContain('Docker Engine 20.10');
  });

  test('the command is judged with the Dockerfile, also where it is given as an argument', async () => {
    const folder = folderWith({ Dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=a,required=true true\n' });
    const command = `buildctl build --frontend dockerfile.v0 --local context=${folder} --local dockerfile=${folder}`;
    const answer = await run([
      'lint',
      '--json',
      '--buildkit',
      'v0.32.0',
      '--build',
      command,
      join(folder, 'Dockerfile'),
    ]);
    expect(
      (JSON.parse(answer.stdout) as Answer).files.flatMap(({ problems }) => problems.map(({ condition }) => condition)),
    ).toEqual(['build.secret-missing']);
  });

  const BUILD = 'buildctl build --frontend dockerfile.v0 --local context=/w --local dockerfile=.';

  test('what runs in a pod or a CI job, and a script alone, miss no file of this machine', async () => {
    const folder = folderWith({
      '.gitlab-ci.yml': `build:\n  image: moby/buildkit\n  script:\n    - ${BUILD} --secret id=a,src=/nowhere/a\n`,
      'build.sh': `#!/bin/sh\n${BUILD}\n`,
    });
    const conditions = async (...names: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await run(['lint', '--json', '--buildkit', 'v0.32.0', ...names], { cwd: folder });
      return (JSON.parse(stdout) as Answer).files.flatMap(({ problems }) => problems.map(({ condition }) => condition));
    };
    const missing = /^build\.(?:context-file-missing|local-missing|secret-invalid)$/;
    expect((await conditions('.gitlab-ci.yml', 'build.sh')).filter((one) => missing.test(one))).toEqual([]);
    writeFileSync(join(folder, 'Dockerfile'), 'FROM alpine\n');
    expect(await conditions('build.sh', 'Dockerfile')).toEqual(['build.local-missing']);
    expect(await conditions('Dockerfile', '--build', BUILD)).toEqual(['build.local-missing']);
  });

  test('a builder that the files make grants what its flags say', async () => {
    const create = "docker buildx create --use --buildkitd-flags '--allow-insecure-entitlement security.insecure'\n";
    const build = 'docker buildx build --allow security.insecure .\n';
    const folder = folderWith({ 'a.sh': `#!/bin/sh\n${create}${build}`, 'b.sh': `#!/bin/sh\n${build}` });
    const errors = async (name: string): Promise<string> =>
      (await run(['lint', '--json', '--buildkit', 'v0.32.0', name], { cwd: folder })).stdout;
    expect(await errors('a.sh')).not.toContain('entitlement.missing');
    expect(await errors('b.sh')).toContain('entitlement.missing');
  });

  test('the context that is named', async () => {
    const folder = folderWith({ Dockerfile: 'FROM alpine\nCOPY a b /x/\n', a: '', '.dockerignore': 'a\n' });
    const answer = await run([
      'lint',
      '--json',
      '--buildkit',
      'v0.32.0',
      '--context',
      folder,
      join(folder, 'Dockerfile'),
    ]);
    const [found] = (JSON.parse(answer.stdout) as Answer).files;
    expect(found?.problems.map(({ condition }) => condition)).toEqual([
      'build.context-file-missing',
      'build.context-file-missing',
    ]);
  });

  test('a mend is written, and can be taken back', async () => {
    const text = 'FROM alpine\nHEALTHCHECK --start-interval=1s CMD true\n';
    const folder = folderWith({ Dockerfile: text });
    const file = join(folder, 'Dockerfile');
    const env = { HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
    const done = await run(['lint', '--write', '--buildkit', 'v0.11.6', file], { env });
    expect(done.code, done.stderr).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(`# syntax=docker/dockerfile:1\n${text}`);
    expect((await run(['undo'], { env })).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test.each([
    [['--buildkit', 'new'], 'is no release'],
    [['--engine', 'x'], 'is no release'],
    [['--buildkit', 'v0.32.0', '--engine', '28.0'], 'give one of them'],
    [['--host', 'Dockerfile'], 'is no JSON'],
    [['--mode', 'other'], '--mode'],
  ])('%j is refused', async (flags, words) => {
    const folder = folderWith({ Dockerfile: DOCKERFILE });
    const given = flags.map((flag) => (flag === 'Dockerfile' ? join(folder, flag) : flag));
    const { code, stderr } = await run(['lint', ...given, join(folder, 'Dockerfile')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  test('hostile texts end within limits', async () => {
    const folder = folderWith({
      long: `FROM alpine\nRUN ${'x'.repeat(1_000_000)}\n`,
      many: `FROM alpine\n${'RUN --mount=type=cache,target=/c true\n'.repeat(40_000)}`,
      cycle: `ARG A=$B\nARG B=$A\nFROM $A\n${'ARG A=$B\nARG B=$A\nCOPY $A$B /x\n'.repeat(5000)}`,
    });
    const files = ['long', 'many', 'cycle'].map((name) => join(folder, `${name}.Dockerfile`));
    for (const file of files) writeFileSync(file, readFileSync(file.replace('.Dockerfile', '')));
    const answer = await run(['lint', '--json', '--buildkit', 'v0.32.0', ...files]);
    expect([0, 1]).toContain(answer.code);
    expect((JSON.parse(answer.stdout) as Answer).files).toHaveLength(3);
  });
});

describe('check --build', () => {
  const NETWORK = 'FROM alpine\nRUN --network=host true\nCOPY nope /\n';
  const SELECTED = ['--no-probe', '--only', 'build', '--mode', 'rootful', '--env', 'PATH=/nowhere'];

  test('judges a build against this host, also from a recording', async () => {
    const folder = folderWith({ Dockerfile: NETWORK, 'buildkitd.toml': 'insecure-entitlements = ["network.host"]\n' });
    const question = ['check', '--json', ...SELECTED, '--config', join(folder, 'buildkitd.toml'), '--build', folder];
    const conditions = (stdout: string): readonly string[] =>
      (JSON.parse(stdout) as { checks: { id: string; problems: { condition: string }[] }[] }).checks
        .filter(({ id }) => id === 'build/request')
        .flatMap(({ problems }) => problems.map(({ condition }) => condition));
    const recording = join(folder, 'recording.json');
    const now = await run([...question, '--record', recording]);
    expect([now.code, conditions(now.stdout)]).toEqual([1, ['build.context-file-missing']]);
    const later = await run(['check', '--json', '--only', 'build', '--replay', recording]);
    expect([later.code, conditions(later.stdout)]).toEqual([1, ['build.context-file-missing']]);
  });

  test('is made only where a build is asked about, and refuses what is no build', async () => {
    const nothing = await run(['check', '--json', ...SELECTED]);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('no check or area "build"')]);
    const neither = await run(['check', ...SELECTED, '--build', 'nosuchfile']);
    expect([neither.code, neither.stderr]).toEqual([2, expect.stringContaining('neither a file nor a directory')]);
  });
});
