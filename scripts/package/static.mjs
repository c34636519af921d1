import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { basename, resolve } from 'node:path';
import { archive, empty, ROOT, run } from './release.mjs';

/** Debian's packages, the files of theirs that Node is linked with, and where those are. */
const PACKAGES = {
  libc6: ['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'],
  'libgcc-s1': ['libgcc_s.so.1'],
  'libstdc++6': ['libstdc++.so.6'],
};

/** A folder with the executable, its own loader and its libraries, that runs wherever the kernel does. */
export function folder(executable, license, file, work) {
  const top = empty(resolve(work, 'bk-doctor'));
  const lib = resolve(top, 'lib');
  const doc = resolve(top, 'doc');
  for (const each of [lib, doc]) mkdirSync(each);
  copyFileSync(resolve(ROOT, 'scripts/package/launcher.sh'), resolve(top, 'bk-doctor'));
  chmodSync(resolve(top, 'bk-doctor'), 0o755);
  copyFileSync(executable, resolve(lib, 'bk-doctor'));
  cpSync(resolve(ROOT, 'dist/share'), resolve(top, 'share'), { recursive: true });
  copyFileSync(license, resolve(doc, 'LICENSES'));
  const debs = empty(resolve(work, 'debs'));
  for (const [name, files] of Object.entries(PACKAGES)) {
    const { unpacked, deb } = debian(name, debs);
    const found = run('find', [unpacked, '-name', '*.so*', '-printf', '%p\\n']).split('\n');
    for (const wanted of files) {
      const path = found.find((each) => basename(each) === wanted && !each.includes('/gconv/'));
      if (path === undefined) throw new Error(`${deb} has no ${wanted}`);
      copyFileSync(realpathSync(path), resolve(lib, wanted));
    }
    copyFileSync(copyrightOf(name, unpacked, debs), resolve(doc, `${name}.copyright`));
    writeFileSync(resolve(doc, `${name}.source`), `${deb}, of Debian: apt-get source ${name}\n`);
  }
  archive(file, work, 'bk-doctor');
}

/** A package of Debian, unpacked. */
function debian(name, debs) {
  run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], { cwd: debs });
  const deb = readdirSync(debs).find((each) => each.startsWith(`${name}_`));
  const unpacked = resolve(debs, name);
  run('dpkg-deb', ['-x', resolve(debs, deb), unpacked]);
  return { unpacked, deb };
}

/** Some have that of the package that they are built with, by a link. */
function copyrightOf(name, unpacked, debs) {
  const directory = resolve(unpacked, 'usr/share/doc', name);
  if (!lstatSync(directory).isSymbolicLink()) return resolve(directory, 'copyright');
  const other = basename(readlinkSync(directory));
  return resolve(debian(other, debs).unpacked, 'usr/share/doc', other, 'copyright');
}
