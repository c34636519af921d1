import * as fs from 'node:fs';
import { join } from 'node:path';
import { chainScript, daemonOutside } from '../e2e/world.ts';
import { ROOT, run, STORE } from './images.ts';

/** How large the disk is; a machine that goes on from saved memory must find it as large as it was. */
const SIZE = '512M';

/** The disk that a machine has as /usr/local: Node, the built checkout, the judge. Made anew: the path of its file. */
export function toolsDisk(): string {
  const tree = fs.mkdtempSync(join(STORE, 'tools-'));
  const disk = `${tree}.raw`;
  try {
    const bin = join(tree, 'bin');
    const lib = join(tree, 'lib/bk-doctor');
    for (const directory of [bin, lib, join(tree, 'sbin')]) fs.mkdirSync(directory, { recursive: true });
    fs.copyFileSync(process.execPath, join(bin, 'node'));
    for (const part of ['bin', 'dist', 'docs', 'package.json'])
      fs.cpSync(join(ROOT, part), join(lib, part), { recursive: true, filter: (path) => !path.endsWith('.cache') });
    fs.symlinkSync('../lib/bk-doctor/bin/bk-doctor.js', join(bin, 'bk-doctor'));
    if (daemonOutside !== null)
      for (const program of ['buildkitd', 'buildctl'])
        fs.copyFileSync(fs.realpathSync(join(daemonOutside, program)), join(bin, program));
    else fs.writeFileSync(join(lib, 'chain'), chainScript());
    for (const script of ['judge.sh', 'traces.sh'])
      fs.copyFileSync(join(ROOT, 'test/machines', script), join(bin, script.replace('.sh', '')));
    run('chmod', ['-R', 'u=rwX,go=rX', tree]);
    run('chmod', ['755', ...fs.readdirSync(bin).map((name) => join(bin, name))]);
    fs.rmSync(disk, { force: true });
    run('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-O',
      '^metadata_csum_seed,^orphan_file,^has_journal',
      '-E',
      'root_owner=0:0',
      '-d',
      tree,
      disk,
      SIZE,
    ]);
  } finally {
    fs.rmSync(tree, { recursive: true, force: true });
  }
  return disk;
}
