import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBundle } from '../e2e/container.ts';
import { canMakeWorlds, missingTools } from '../e2e/world.ts';
import { OUT, version } from './forms.ts';

let scratch = '';
beforeAll(() => {
  scratch = fs.mkdtempSync('/var/tmp/bk-places-');
  fs.chmodSync(scratch, 0o755);
});
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const run = (argv: readonly string[], input: string | Buffer = '') => {
  const [command = '', ...args] = argv;
  const ran = spawnSync(command, args, { input, env: { PATH: process.env.PATH }, maxBuffer: 1 << 28 });
  return { code: ran.status, stdout: ran.stdout.toString(), stderr: ran.stderr.toString(), bytes: ran.stdout };
};
const folder = join(OUT, 'bk-doctor-linux-x64-static.tar.gz');

/** A root file system that holds busybox and nothing else. */
function busyboxRoot(name: string): string {
  const root = join(scratch, name);
  for (const part of ['bin', 'proc', 'dev', 'sys', 'tmp']) fs.mkdirSync(join(root, part), { recursive: true });
  fs.chmodSync(join(root, 'tmp'), 0o1777);
  const busybox = run(['sh', '-c', 'command -v busybox']).stdout.trim();
  fs.copyFileSync(busybox, join(root, 'bin/busybox'));
  expect(run(['chroot', root, '/bin/busybox', '--install', '-s', '/bin'])).toMatchObject({ code: 0 });
  return root;
}

const RUNC = ['runc', '--root', '/run/bk-places'];

/** The words that run a container with that root. */
function container(name: string, root: string, args: readonly string[]) {
  const bundle = join(scratch, `${name}.bundle`);
  fs.mkdirSync(bundle);
  fs.renameSync(root, join(bundle, 'rootfs'));
  writeBundle(bundle, { cgroup: false }, []);
  const config = JSON.parse(fs.readFileSync(join(bundle, 'config.json'), 'utf8'));
  config.process.args = args;
  fs.writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const id = `bk-places-${process.pid}-${name}`;
  return {
    run: (...flags: readonly string[]) => [...RUNC, 'run', ...flags, '--bundle', bundle, id],
    exec: [...RUNC, 'exec', '--user', '1000:1000', id],
    end: () => run([...RUNC, 'delete', '--force', id]),
  };
}

describe.skipIf(!canMakeWorlds() || missingTools(['runc', 'busybox']).length > 0)('where there is nothing', () => {
  test('the folder runs in a root that holds only busybox', { timeout: 120_000 }, () => {
    const root = busyboxRoot('chroot');
    run(['tar', 'xzf', folder, '-C', root]);
    fs.symlinkSync('../bk-doctor/bk-doctor', join(root, 'bin/bk-doctor'));
    const within = (...argv: string[]) =>
      run(['unshare', '-m', 'sh', '-c', 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', root, ...argv]);
    expect(within('/bin/bk-doctor', '--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    const report = JSON.parse(within('/bin/bk-doctor', 'check', '--json', '--user', '1000').stdout);
    expect(report).toMatchObject({ tool: { version }, target: { uid: 1000 }, verdict: { level: 'not-ready' } });
    expect(report.verdict.reasons).toContain('idmap/helpers');
    // Without a shell.
    const lib = '/bk-doctor/lib';
    expect(within(`${lib}/ld-linux-x86-64.so.2`, '--library-path', lib, `${lib}/bk-doctor`, 'version').code).toBe(0);
    expect(within('/bin/sh', '-c', 'cd /bk-doctor && sh bk-doctor --version').stdout).toBe(`${version}\n`);
  });

  test('a pod: copied in as kubectl cp does, run, and the report out again', { timeout: 120_000 }, () => {
    const { run: start, exec, end } = container('pod', busyboxRoot('pod'), ['/bin/sleep', '600']);
    try {
      const log = join(scratch, 'pod.log');
      const started = run(['sh', '-c', `exec "$@" </dev/null >${log} 2>&1`, 'sh', ...start('--detach')]);
      expect(started.code, fs.readFileSync(log, 'utf8')).toBe(0);
      const plain = run(['gzip', '-dc', folder]).bytes;
      expect(run([...exec, 'tar', '-xmf', '-', '-C', '/tmp'], plain)).toMatchObject({ code: 0 });
      const doctor = '/tmp/bk-doctor/bk-doctor';
      const ran = run([...exec, doctor, 'check', '--json', '--output', '/tmp/report.json']);
      expect([0, 1, 3], ran.stderr).toContain(ran.code);
      const out = run([...exec, 'tar', '-cf', '-', '-C', '/tmp', 'report.json']).bytes;
      const report = JSON.parse(run(['tar', '-xOf', '-'], out).stdout);
      expect(report.target).toMatchObject({ uid: 1000, mode: 'rootless' });
      expect(report.host.container).not.toBeNull();
      expect(report.checks.length).toBeGreaterThan(20);
    } finally {
      end();
    }
  });

  test('the image holds just it, and starts without a shell', { timeout: 120_000 }, () => {
    const dockerfile = fs.readFileSync(join(OUT, 'Dockerfile'), 'utf8');
    const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const argument = (word: string): string =>
      lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? '';
    expect([argument('FROM'), lines.filter((line) => /^(ADD|COPY|RUN)/.test(line)).length]).toEqual(['scratch', 1]);
    const [archive = '', to = ''] = argument('ADD').split(' ');
    const root = join(scratch, 'image');
    for (const part of [to, 'proc', 'dev', 'sys', 'tmp']) fs.mkdirSync(join(root, part), { recursive: true });
    run(['tar', 'xzf', join(OUT, archive), '-C', join(root, to)]);
    const entry = JSON.parse(argument('ENTRYPOINT')) as string[];
    const { run: start, end } = container('image', root, [...entry, 'check', '--json']);
    try {
      const { stdout, stderr } = run(start());
      expect(JSON.parse(stdout), stderr).toMatchObject({ tool: { version }, target: { uid: 0 } });
    } finally {
      end();
    }
  });
});
