import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EPOCH, manifest, ROOT, run, version } from './release.mjs';
import { compress, installed, settle } from './tree.mjs';

const { author, description, homepage } = manifest;
/** What lintian says of it and is so: https://lintian.debian.org has each tag. */
const OVERRIDES = `# Node.js brings what it was built and tested with; it is the executable that its project publishes.
bk-doctor: embedded-library *
# As the project of Node.js publishes it.
bk-doctor: hardening-no-pie *
# It is no package of Debian's archive.
bk-doctor: initial-upload-closes-no-bugs *
`;

export function deb(executable, licenses, file, work) {
  const top = resolve(work, 'deb');
  const share = installed(executable, top);
  const doc = resolve(share, 'doc/bk-doctor');
  const overrides = resolve(share, 'lintian/overrides');
  for (const each of [doc, overrides, resolve(top, 'DEBIAN')]) mkdirSync(each, { recursive: true });
  writeFileSync(resolve(overrides, 'bk-doctor'), OVERRIDES);
  writeFileSync(resolve(doc, 'copyright'), copyright);
  // The same texts for every form; Debian's own would be named where they stand in /usr/share/common-licenses.
  writeFileSync(resolve(doc, 'LICENSES'), licenses);
  copyFileSync(resolve(ROOT, 'CHANGELOG.md'), resolve(doc, 'changelog'));
  writeFileSync(resolve(doc, 'changelog.Debian'), changelog());
  for (const name of ['LICENSES', 'changelog', 'changelog.Debian']) compress(resolve(doc, name));
  settle(top);
  const kibibytes = run('du', ['-sk', '--apparent-size', top]).split('\t')[0];
  writeFileSync(resolve(top, 'DEBIAN/control'), control(kibibytes));
  const sums = run('find', ['usr', '-type', 'f', '-printf', '%p\\n'], { cwd: top }).trim().split('\n').sort();
  writeFileSync(resolve(top, 'DEBIAN/md5sums'), run('md5sum', sums, { cwd: top }));
  run('find', [resolve(top, 'DEBIAN'), '-exec', 'touch', '-d', `@${EPOCH}`, '{}', '+']);
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', top, file]);
}

const copyright = `The source is at ${homepage}

Copyright: 2026 ${author}
License: Apache-2.0, which is in /usr/share/common-licenses/Apache-2.0

It holds Node.js and packages of npm, whose notices are in LICENSES.gz.
`;

const changelog = () => `bk-doctor (${version}-1) stable; urgency=medium

  * What is new is in changelog.gz.

 -- ${author}  ${new Date(Number(EPOCH) * 1000).toUTCString().replace('GMT', '+0000')}
`;

/** Its Node needs glibc 2.28 and the libstdc++ of GCC 5. */
const control = (kibibytes) => `Package: bk-doctor
Version: ${version}-1
Section: admin
Priority: optional
Architecture: amd64
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 5.2)
Suggests: rootlesskit, uidmap, runc, bash-completion
Homepage: ${homepage}
Maintainer: ${author}
Description: ${description.replace(/^Tells whether a/, 'tells whether a')}
 It creates the namespaces that BuildKit needs, maps the ids, mounts overlayfs
 and sets up a RUN step, as the user who will run buildkitd, and explains what
 does not work. Repairs are shown first, journaled, proved, and can be undone.
`;
