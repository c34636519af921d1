import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OUT, version } from './forms.ts';

const said = (command: string, ...args: string[]): string => {
  const ran = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  expect(ran.status, `${command}: ${ran.stderr}${ran.stdout}`).toBe(0);
  return ran.stdout;
};
const tgz = join(OUT, `bk-doctor-${version}.tgz`);

test('every file has its sum', () => {
  const sums = fs.readFileSync(join(OUT, 'SHA256SUMS'), 'utf8').trim().split('\n');
  const names = sums.map((line) => {
    const [sum = '', name = ''] = line.split('  ');
    expect(
      createHash('sha256')
        .update(fs.readFileSync(join(OUT, name)))
        .digest('hex'),
      name,
    ).toBe(sum);
    return name;
  });
  expect([...names, 'SHA256SUMS'].toSorted()).toEqual(fs.readdirSync(OUT).toSorted());
});

test('the npm package depends on nothing, and loads nothing but itself and Node', () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'bk-doctor-npm-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  said('tar', 'xzf', tgz, '-C', directory);
  const at = join(directory, 'package');
  const manifest = JSON.parse(fs.readFileSync(join(at, 'package.json'), 'utf8'));
  expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['dependencies']));
  for (const kind of ['repository', 'bugs', 'homepage', 'keywords', 'author', 'license', 'description', 'engines'])
    expect(manifest[kind], kind).toBeTruthy();
  for (const file of [...Object.values(manifest.bin as object), ...manifest.man])
    expect(fs.existsSync(join(at, file)), file).toBe(true);
  const names = fs.readdirSync(join(at, 'dist'), { recursive: true, encoding: 'utf8' });
  const code = names.filter((name) => name.endsWith('.cjs'));
  expect(code.length).toBeGreaterThan(20);
  for (const name of code) expect(fs.readFileSync(join(at, 'dist', name), 'utf8'), name).not.toMatch(/\bimport\(/);
  expect(names).toContain('THIRD-PARTY.txt');
});

test('the bill of materials names what is bundled, each with its licence', () => {
  const bill = JSON.parse(fs.readFileSync(join(OUT, `bk-doctor-${version}.cdx.json`), 'utf8'));
  const notices = said('tar', 'xzOf', tgz, 'package/dist/THIRD-PARTY.txt');
  const named = [...notices.matchAll(/^=== (.*)$/gm)].map(([, name]) => name);
  const components = bill.components as { name: string; version: string; licenses: unknown[] }[];
  expect(components.map((each) => `${each.name} ${each.version}`).toSorted()).toEqual(named.toSorted());
  expect(components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
  expect(named.some((name) => name?.startsWith('vite '))).toBe(false);
});

test('lintian finds no error and no warning', { timeout: 300_000 }, () => {
  expect(said('lintian', '--allow-root', join(OUT, `bk-doctor_${version}-1_amd64.deb`))).toBe('');
});

test('the executable for arm64 is one, and holds the same program', () => {
  const [x64, arm64] = ['x64', 'arm64'].map((arch) => fs.readFileSync(join(OUT, `bk-doctor-linux-${arch}`)));
  // ELF, 64 bits, and the number of the processor.
  expect([x64?.readUInt32BE(0), x64?.[4], x64?.readUInt16LE(18)]).toEqual([0x7f454c46, 2, 62]);
  expect([arm64?.readUInt32BE(0), arm64?.[4], arm64?.readUInt16LE(18)]).toEqual([0x7f454c46, 2, 183]);
  for (const each of [x64, arm64]) {
    expect(each?.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
    expect(each?.includes('docs/checks/idmap/ranges.md')).toBe(true);
  }
  expect([x64?.includes('dist/main.cjs.cache'), arm64?.includes('dist/main.cjs.cache')]).toEqual([true, false]);
});

test('variables do not make it run other code', () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'bk-doctor-env-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const foreign = join(directory, 'foreign.cjs');
  fs.writeFileSync(foreign, 'console.log("foreign")');
  const env = { PATH: '/usr/bin:/bin', NODE_OPTIONS: `--require ${foreign}` };
  const ran = spawnSync(join(OUT, 'bk-doctor-linux-x64'), ['--version'], { encoding: 'utf8', env });
  expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, `${version}\n`, '']);
});

test('two builds make the same bytes, whoever asks and wherever', { timeout: 600_000 }, () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'bk-doctor-again-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const ran = spawnSync(process.execPath, ['scripts/package.mjs', join(directory, 'elsewhere')], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo', FOO: 'bar' },
    encoding: 'utf8',
  });
  expect(ran.status, ran.stderr).toBe(0);
  const sums = (at: string): readonly string[] => fs.readFileSync(join(at, 'SHA256SUMS'), 'utf8').split('\n');
  expect(sums(join(directory, 'elsewhere'))).toEqual(sums(OUT));
});
