// npm run package [DIRECTORY]: every form in which bk-doctor is given on, from what npm and Debian serve. Two calls make the same bytes.
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { deb } from './package/deb.mjs';
import { licenses } from './package/licenses.mjs';
import { billOfMaterials, npmPackage } from './package/npm.mjs';
import { empty, ROOT, version } from './package/release.mjs';
import { rpm } from './package/rpm.mjs';
import { single } from './package/single.mjs';
import { folder } from './package/static.mjs';

const out = empty(resolve(process.argv[2] ?? resolve(ROOT, 'out')));
const work = empty(resolve(out, 'work'));
const at = (name) => resolve(out, name);
const tell = (what) => process.stderr.write(`${what}\n`);

npmPackage(out);
billOfMaterials(at(`bk-doctor-${version}.cdx.json`));
tell('npm package');
for (const arch of ['x64', 'arm64']) {
  await single(arch, at(`bk-doctor-linux-${arch}`), work);
  tell(`executable for ${arch}`);
}
const notices = at(`bk-doctor-${version}-licenses.txt`);
writeFileSync(notices, licenses('x64'));
const executable = at('bk-doctor-linux-x64');
folder(executable, notices, at('bk-doctor-linux-x64-static.tar.gz'), work);
tell('folder with its own libraries');
deb(executable, licenses('x64'), at(`bk-doctor_${version}-1_amd64.deb`), work);
rpm(executable, licenses('x64'), at(`bk-doctor-${version}-1.x86_64.rpm`), work);
tell('packages for Debian and for RPM');
copyFileSync(resolve(ROOT, 'scripts/package/Dockerfile'), at('Dockerfile'));
rmSync(work, { recursive: true });
const sums = readdirSync(out)
  .sort()
  .map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(at(name)))
        .digest('hex')}  ${name}\n`,
  );
writeFileSync(at('SHA256SUMS'), sums.join(''));
