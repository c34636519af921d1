import { describe, expect, test } from 'vitest';
import { parseOsRelease } from '../../src/facts/machine/os-release.ts';
import { familyOf, type Installable, installOf, reinstallation } from '../../src/knowledge/packages.ts';

const at = (text: string) => parseOsRelease(text);
const DEBIAN = at('ID=debian\nVERSION_ID="12"\n');

describe('families', () => {
  test.each([
    ['ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', 'debian'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'debian'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"', 'fedora'],
    ['ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"', 'el7'],
    ['ID="amzn"\nVERSION_ID="2"', 'el7'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'suse'],
    ['ID=alpine\nVERSION_ID=3.20.1', 'alpine'],
    ['ID=nixos', 'nixos'],
    ['ID=bottlerocket', 'bottlerocket'],
    ['ID=plan9', null],
    ['', null],
  ])('%j', (text, family) => {
    expect(familyOf(at(text))).toBe(family);
  });
});

describe('commands', () => {
  test.each<[string, Installable, string]>([
    ['ID=debian\nVERSION_ID="12"', 'newuidmap', '/usr/bin/apt-get install -y uidmap'],
    ['ID=fedora\nVERSION_ID=43', 'newuidmap', '/usr/bin/dnf install -y shadow-utils'],
    ['ID=fedora\nVERSION_ID=43', 'getsubids', '/usr/bin/dnf install -y shadow-utils-subid'],
    ['ID="centos"\nVERSION_ID="7"', 'slirp4netns', '/usr/bin/yum install -y slirp4netns'],
    ['ID="sles"\nVERSION_ID="15.7"', 'newuidmap', '/usr/bin/zypper --non-interactive install shadow'],
    ['ID=arch', 'rootlesskit', '/usr/bin/pacman -S --needed --noconfirm rootlesskit'],
    ['ID=alpine\nVERSION_ID=3.20.1', 'newuidmap', '/sbin/apk add shadow-uidmap'],
    ['ID=azurelinux\nVERSION_ID="3.0"', 'newuidmap', '/usr/bin/tdnf install -y shadow-utils'],
  ])('%j: %s', (text, program, command) => {
    const install = installOf(program, at(text));
    expect(install.text).toBe(command);
    expect(install.argv?.join(' ')).toBe(command);
  });

  test.each<[string, Installable, RegExp]>([
    ['ID=debian\nVERSION_ID="12"', 'buildkitd', /github\.com\/moby\/buildkit\/releases/],
    ['ID=debian\nVERSION_ID="10"', 'rootlesskit', /rootlesskit\/releases/],
    ['ID="rhel"\nVERSION_ID="9.6"', 'rootlesskit', /rootlesskit\/releases/],
    ['ID="amzn"\nVERSION_ID="2"', 'newuidmap', /own releases/],
    ['ID=nixos', 'newuidmap', /\/run\/wrappers\/bin/],
    ['ID=nixos', 'pasta', /pkgs\.passt/],
    ['ID=bottlerocket', 'runc', /moby\/buildkit:rootless/],
    ['', 'slirp4netns', /slirp4netns/],
  ])('%j has no package for %s: it is said what to do', (text, program, words) => {
    const install = installOf(program, at(text));
    expect(install).toMatchObject({ argv: null, package: null });
    expect(install.text).toMatch(words);
  });

  test('every command is absolute, and its last word the package', () => {
    for (const id of ['debian', 'fedora', 'suse', 'arch', 'alpine', 'azurelinux', 'photon', 'gentoo', 'void']) {
      const { argv, package: name } = installOf('git', { ...DEBIAN, id, idLike: [] });
      expect(argv?.[0]?.startsWith('/')).toBe(true);
      expect(argv?.at(-1)).toBe(name);
    }
  });
});

test.each([
  ['ID=debian', '/usr/bin/apt-get install --reinstall -y runc'],
  ['ID=fedora', '/usr/bin/dnf reinstall -y runc'],
  ['ID=opensuse-leap', '/usr/bin/zypper --non-interactive install --force runc'],
  ['ID=arch', '/usr/bin/pacman -S --noconfirm runc'],
  ['ID=alpine', '/sbin/apk fix runc'],
])('%s: what is there already is put back by %s', (system, command) => {
  expect(reinstallation(installOf('runc', at(`${system}\n`)).argv ?? []).join(' ')).toBe(command);
});
