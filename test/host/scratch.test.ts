import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeWrite } from '../../src/host/probes/files.ts';
import { probeNamespace } from '../../src/host/probes/namespace.ts';
import { makeScratch, removeScratch, scratchName, staleScratch, sweepScratch } from '../../src/host/probes/scratch.ts';

const isRoot = process.getuid?.() === 0;
let place = '';
beforeEach(() => {
  place = fs.mkdtempSync(join(tmpdir(), 'bk-doctor-scratch-'));
});
afterEach(() => fs.rmSync(place, { recursive: true, force: true }));

/** A trial of a run that has these marks: boot, process ids, process, start. */
function leave(change: (marks: string[]) => void): string {
  const marks = basename(scratchName(place)).slice('.bk-doctor-'.length).split('-');
  change(marks);
  const path = join(place, `.bk-doctor-${marks.join('-')}`);
  fs.mkdirSync(join(path, 'inner'), { recursive: true });
  fs.writeFileSync(join(path, 'inner/file'), 'x');
  return path;
}
const age = (path: string, hours: number): void => fs.utimesSync(path, 0, Date.now() / 1000 - hours * 3600);

test('a directory that gives back nothing that was made in it is no answer to the question', () => {
  expect(() => removeScratch(join(place, 'gone', basename(scratchName(place))))).not.toThrow();
});

describe('what an earlier run left of a trial', () => {
  test('goes when its process has ended, or its boot has', () => {
    const ended = leave((marks) => marks.splice(2, 2, (4_000_000).toString(36), '1'));
    const reused = leave((marks) => marks.splice(3, 1, '1'));
    const earlier = leave((marks) => marks.splice(0, 1, '00000000'));
    expect([...staleScratch(place)].sort()).toEqual([ended, reused, earlier].sort());
    expect(probeWrite({ directory: place })).toEqual({ error: null });
    expect(fs.readdirSync(place)).toEqual([]);
  });

  test('stays while a run may use it: this one, another one, one in a container', async () => {
    const own = makeScratch(place);
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const start = fs.readFileSync(`/proc/${other.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19] ?? '';
    leave((marks) => marks.splice(2, 2, (other.pid ?? 0).toString(36), start));
    const container = leave((marks) => marks.splice(1, 3, 'abc', (4_000_000).toString(36), '1'));
    sweepScratch(place);
    expect(fs.readdirSync(place)).toHaveLength(3);
    other.kill('SIGKILL');
    await new Promise((resolve) => other.once('exit', resolve));
    removeScratch(own);
    age(container, 2);
    sweepScratch(place);
    expect(fs.readdirSync(place)).toEqual([]);
  });

  test('is known by name and age where it does not say whose it is; what is not of that kind stays', () => {
    const stay = ['.bk-doctor-aB3dE6', '.bk-doctor-0123456789ab-1.1-0', '.bk-doctor', 'bk-doctor-aB3dE7'];
    for (const name of [...stay, '.bk-doctor-aB3dE8', '.bk-doctor-verify-aB3dE8']) fs.mkdirSync(join(place, name));
    for (const name of fs.readdirSync(place)) if (name !== stay[0]) age(join(place, name), 2);
    sweepScratch(place);
    expect(fs.readdirSync(place).sort()).toEqual([...stay].sort());
  });

  test('a link of such a name is not followed', () => {
    const victim = fs.mkdtempSync(join(tmpdir(), 'bk-doctor-victim-'));
    fs.writeFileSync(join(victim, 'file'), '');
    const path = leave((marks) => marks.splice(0, 1, '00000000'));
    fs.symlinkSync(victim, join(path, 'inner/link'));
    fs.symlinkSync(victim, `${path}0`);
    sweepScratch(place);
    expect(fs.readdirSync(place)).toEqual([basename(`${path}0`)]);
    expect(fs.readdirSync(victim)).toEqual(['file']);
    fs.rmSync(victim, { recursive: true });
  });

  test.runIf(isRoot)(
    'root removes nothing where another account could have named it so, and nothing of another account',
    () => {
      const foreign = leave((marks) => marks.splice(0, 1, '00000000'));
      fs.chownSync(foreign, 65533, 65533);
      sweepScratch(place);
      expect(fs.existsSync(foreign)).toBe(true);
      fs.chownSync(foreign, 0, 0);
      fs.chownSync(place, 65533, 65533);
      sweepScratch(place);
      expect(fs.existsSync(foreign)).toBe(true);
      fs.chownSync(place, 0, 0);
      sweepScratch(place);
      expect(fs.existsSync(foreign)).toBe(false);
    },
  );

  const possible = isRoot && spawnSync('sh', ['-c', 'command -v unshare setpriv']).status === 0;
  test.runIf(possible)('what belongs to subordinate ids goes inside the namespace', async () => {
    const path = leave((marks) => marks.splice(0, 1, '00000000'));
    fs.chmodSync(join(path, 'inner'), 0);
    const input = { launcher: null, directory: place, fuse: false, survey: null, runtime: null };
    expect((await probeNamespace(input, { PATH: '/usr/bin:/bin' })).launch).toEqual({ ok: true });
    expect(fs.readdirSync(place)).toEqual([]);
  });
});
