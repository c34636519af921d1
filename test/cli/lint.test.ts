import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pod } from '../checks/container/manifests.ts';
import { run, shell, temporary } from './run.ts';

interface Answer {
  readonly files: readonly {
    readonly file: string;
    readonly kind: string;
    readonly skipped: string | null;
    readonly problems: readonly {
      readonly condition: string;
      readonly line: number;
      readonly remedy: readonly string[];
    }[];
  }[];
}

const BROKEN = pod({ image: 'moby/buildkit:latest-rootless' });

function written(files: { readonly [name: string]: string }): string {
  const folder = temporary();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('bk-doctor lint', () => {
  test('names the place and the remedy, and exits as check does', async () => {
    const folder = written({ 'pod.yaml': BROKEN, 'good.yaml': pod() });
    const bad = await run(['lint', '--json', join(folder, 'pod.yaml')]);
    expect(bad.code).toBe(1);
    const [answer] = (JSON.parse(bad.stdout) as Answer).files;
    expect(answer).toMatchObject({ kind: 'kubernetes', skipped: null });
    expect(answer?.problems[0]).toMatchObject({
      condition: 'image.tag-missing',
      path: 'spec.containers[0].image',
      line: 8,
      column: 14,
      remedy: ['Write the tag rootless.'],
      mend: { risk: 'safe' },
    });
    const good = await run(['lint', join(folder, 'good.yaml')]);
    expect({ code: good.code, stdout: good.stdout }).toEqual({ code: 0, stdout: '1 file: 0 errors, 0 warnings.\n' });
  });

  test('shows the line, and nothing secret in it', async () => {
    const token = `ghp_${'a1B2c3D4e5'.repeat(4)}`;
    const folder = written({ 'a.sh': `#!/bin/sh\ndocker run -e TOKEN=${token} moby/buildkit\n` });
    const { stdout } = await run(['lint', join(folder, 'a.sh')]);
    expect(stdout).toContain('| docker run -e');
    expect(stdout).not.toContain(token);
  });

  test('a permission of a workflow beside it is no secret that messages lose', async () => {
    const folder = written({
      '.github/workflows/a.yml':
        'on: push\npermissions: {id-token: write}\njobs:\n  b: {runs-on: x, steps: [{run: docker build .}]}\n',
      'pod.yaml': BROKEN,
    });
    const { stdout } = await run(['lint', '--json', folder]);
    expect(stdout).toContain('Write the tag rootless.');
    expect(stdout).not.toContain('***');
  });

  test('--fail-on warning', async () => {
    const folder = written({ 'pod.yaml': pod({ security: null }) });
    expect((await run(['lint', join(folder, 'pod.yaml')])).code).toBe(0);
    expect((await run(['lint', '--fail-on', 'warning', join(folder, 'pod.yaml')])).code).toBe(1);
  });

  test('a folder is searched by content, without what .gitignore names', async () => {
    const folder = written({
      '.gitignore': 'build/\n*.tmp\n!keep.tmp\n',
      'a.yaml': BROKEN,
      'sub/b': BROKEN,
      'sub/notes.txt': 'nothing of it',
      'build/c.yaml': BROKEN,
      'x.tmp': BROKEN,
      'keep.tmp': BROKEN,
      '.git/config': BROKEN,
      'chart/templates/a.yaml': '{{- if .Values.buildkit }}\na: b\n{{- end }}\n',
      'chart/templates/b.yaml': '{{- if .Values.buildkit }}\na: b\n{{- end }}\n',
    });
    const { stdout } = await run(['lint', '--json', '.'], { cwd: folder });
    const { files } = JSON.parse(stdout) as Answer;
    expect(files.map(({ file }) => file)).toEqual(['a.yaml', 'keep.tmp', 'chart/templates/a.yaml', 'sub/b']);
    expect(files.find(({ kind }) => kind === 'helm-template')?.skipped).toContain('not rendered');
  });

  test('--node takes a kind, a recording and a report of check', async () => {
    const bare = pod({ security: null });
    const folder = written({
      'pod.yaml': bare,
      'report.json': '{"checks": [{"problems": [{"condition": "userns.max-user-namespaces-zero"}]}]}',
    });
    const conditions = async (...args: readonly string[]): Promise<string> =>
      (await run(['lint', '--json', ...args, 'pod.yaml'], { cwd: folder })).stdout;
    expect(await conditions('--node', 'cos')).toContain('apparmor.mount-denied');
    expect(await conditions('--node', 'report.json')).toContain('userns.max-user-namespaces-zero');
    const recorded = await run(['check', '--record', 'node.json', '--only', 'userns'], { cwd: folder });
    expect(recorded.stderr).toContain('node.json');
    const recording = join(folder, 'node.json');
    const kept = JSON.parse(readFileSync(recording, 'utf8')) as { answers: Record<string, { value?: object }> };
    const os = kept.answers[JSON.stringify(['read', '/etc/os-release', 'self'])]?.value;
    kept.answers[JSON.stringify(['read', '/sys/module/apparmor/parameters/enabled', 'self'])] = {
      value: { ...os, text: 'Y\n' },
    };
    writeFileSync(recording, JSON.stringify(kept));
    expect(await conditions('--node', 'node.json')).toContain('apparmor.mount-denied');
    const wrong = await run(['lint', '--node', 'windows', 'pod.yaml'], { cwd: folder });
    expect({ code: wrong.code, stderr: wrong.stderr }).toEqual({ code: 2, stderr: expect.stringContaining('talos') });
  });

  test('--explain-others prints what other linters must be told', async () => {
    const folder = written({
      'pod.yaml': pod({ security: 'seccompProfile: {type: Unconfined}' }),
      'a.sh': 'buildkit\n',
    });
    const { code, stdout } = await run(['lint', '--explain-others', 'pod.yaml', 'a.sh'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain('checkov.io/skip1: "CKV_K8S_22=a read-only root alone stops it');
    expect(stdout).toContain('CKV_K8S_31=RuntimeDefault forbids');
    expect(stdout).toContain('ignore-check.kube-linter.io/no-read-only-root-fs: "');
    expect(stdout).toMatch(/^kube-score\/ignore: .*container-security-context-user-group-id/m);
    const json = await run(['lint', '--explain-others', '--json', 'pod.yaml'], { cwd: folder });
    expect(JSON.parse(json.stdout)).toMatchObject({
      files: [{ file: 'pod.yaml', containers: [{ path: 'spec.containers[0]' }] }],
    });
  });

  test('reads standard input', async () => {
    const { code, stdout } = await shell(`printf '%s' "$TEXT" | $BK lint --json -`, { env: { TEXT: BROKEN } });
    expect({ code, problems: (JSON.parse(stdout) as Answer).files[0]?.problems.length }).toEqual({
      code: 1,
      problems: 1,
    });
  });

  test('--fix shows the mend and changes nothing; --write makes it, and undo takes it back', async () => {
    const folder = written({ 'pod.yaml': BROKEN });
    const path = join(folder, 'pod.yaml');
    const shown = await run(['lint', '--fix', path]);
    expect(shown.stdout).toContain('+      image: moby/buildkit:rootless');
    expect(shown.code).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(BROKEN);
    // The journal of root is the machine's own: it gets a place that ends with the test.
    const script = `set -e; $BK lint --write ${path} >&2; cat ${path}; $BK undo >&2`;
    const state = { HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
    const made =
      process.getuid?.() === 0
        ? await shell(`unshare -m sh -c 'mount -t tmpfs none /var/lib; ${script}'`, { env: state })
        : await shell(script, { env: state });
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toBe(BROKEN.replace('latest-rootless', 'rootless'));
    expect(readFileSync(path, 'utf8')).toBe(BROKEN);
  });

  test('--write mends many files in one run, which undo takes back as a whole', async () => {
    const folder = written({ 'a/pod.yaml': BROKEN, 'b/pod.yaml': BROKEN, 'c/other.yaml': 'a: b\n' });
    const of = (name: string): string => readFileSync(join(folder, name, 'pod.yaml'), 'utf8');
    const script = `set -e; $BK lint --write ${folder} >&2; cat ${folder}/?/pod.yaml >&2; $BK history --json; $BK undo >&2`;
    const state = { HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
    const made =
      process.getuid?.() === 0
        ? await shell(`unshare -m sh -c 'mount -t tmpfs none /var/lib; ${script}'`, { env: state })
        : await shell(script, { env: state });
    expect(made.code, made.stderr).toBe(0);
    const { runs } = JSON.parse(made.stdout) as {
      readonly runs: readonly { readonly transactions: readonly object[] }[];
    };
    expect(runs.map(({ transactions }) => transactions.length)).toEqual([2]);
    expect([of('a'), of('b')]).toEqual([BROKEN, BROKEN]);
  });

  test.each([
    ['sarif', '"ruleId": "image.tag-missing"'],
    ['github', 'pod.yaml,line=8,col=14,title=image.tag-missing::'],
    ['gitlab', '"check_name": "image.tag-missing"'],
    ['markdown', '- error `image.tag-missing` line 8'],
  ])('--format %s', async (format, words) => {
    const folder = written({ 'pod.yaml': BROKEN });
    const { code, stdout } = await run(['lint', '--format', format, 'pod.yaml'], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toContain(words);
  });

  test('template prints a file that lint takes', async () => {
    const { code, stdout } = await shell(
      'set -o pipefail; $BK template kubernetes --mode userns | $BK lint --fail-on warning -',
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 file: 0 errors, 0 warnings.\n' });
    const wrong = await run(['template', 'docker', '--mode', 'userns']);
    expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    [['lint'], 'missing required argument'],
    [['lint', '/nowhere/at/all'], 'there is no such file'],
    [['lint', '--risky', 'package.json'], '--risky chooses'],
    [['lint', '--write', '-'], '--write needs a file'],
  ])('%j is refused', async (args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
  });

  test('a file that is too long is not examined, and that is no pass', async () => {
    const folder = written({ 'big.yaml': `# buildkit\n${'a: b\n'.repeat(500_000)}` });
    const { code, stdout } = await run(['lint', join(folder, 'big.yaml')]);
    expect(code).toBe(3);
    expect(stdout).toContain('longer than 2 MiB');
  });
});
