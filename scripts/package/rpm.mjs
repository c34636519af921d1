import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { empty, manifest, run, version } from './release.mjs';
import { installed, settle } from './tree.mjs';

export function rpm(executable, licenses, file, work) {
  const top = resolve(work, 'rpm-tree');
  const share = installed(executable, top);
  const license = resolve(share, 'licenses/bk-doctor');
  mkdirSync(license, { recursive: true });
  writeFileSync(resolve(license, 'LICENSES'), licenses);
  // Fedora's zsh looks there.
  renameSync(resolve(share, 'zsh/vendor-completions'), resolve(share, 'zsh/site-functions'));
  settle(top);
  const build = empty(resolve(work, 'rpm'));
  const spec = resolve(build, 'bk-doctor.spec');
  writeFileSync(spec, specification(top));
  const define = [`_topdir ${build}`, `_rpmdir ${build}`, '_buildhost localhost', ...SAME];
  const defines = define.flatMap((each) => ['--define', each]);
  run('rpmbuild', ['-bb', '--quiet', '--nodeps', '--target', 'x86_64', ...defines, spec]);
  renameSync(resolve(build, 'x86_64', `bk-doctor-${version}-1.x86_64.rpm`), file);
}

const SAME = ['use_source_date_epoch_as_buildtime 1', 'clamp_mtime_to_source_date_epoch 1', '_build_id_links none'];

/** What needs the executable as it is: no stripping, no debug package, no touching of what was installed. */
const specification = (top) => `Name: bk-doctor
Version: ${version}
Release: 1
Summary: ${manifest.description}
License: Apache-2.0 AND MIT AND BSD-3-Clause AND ISC
URL: ${manifest.homepage}
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _binary_payload w6.zstdio

%description
It creates the namespaces that BuildKit needs, maps the ids, mounts overlayfs
and sets up a RUN step, as the user who will run buildkitd, and explains what
does not work. Repairs are shown first, journaled, proved, and can be undone.

%install
cp -a ${top}/. %{buildroot}/

%files
%attr(755, root, root) /usr/bin/bk-doctor
%license /usr/share/licenses/bk-doctor
%doc /usr/share/man/man1/bk-doctor.1.gz
/usr/share/bash-completion/completions/bk-doctor
/usr/share/zsh/site-functions/_bk-doctor
/usr/share/fish/vendor_completions.d/bk-doctor.fish
`;
