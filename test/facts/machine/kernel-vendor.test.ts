import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKernelRelease } from '../../../src/facts/machine/kernel.ts';
import { kernelOrigin } from '../../../src/facts/machine/kernel-vendor.ts';

const UBUNTU = 'Linux version X (buildd@lcy02-amd64-073) (gcc (Ubuntu 11.4.0) 11.4.0) #157-Ubuntu SMP';
const DEBIAN = 'Linux version X (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP';

/** `uname -r` as machines of each vendor print it, with what stands in /proc/version where the name alone does not tell. */
const MACHINES: readonly (readonly [
  release: string,
  vendor: string | null,
  series: string | null,
  version?: string,
])[] = [
  ['5.4.0-205-generic', 'ubuntu', null, UBUNTU],
  ['5.4.0-1166-azure-fips', 'ubuntu', null, UBUNTU],
  ['5.15.0-144-generic', 'ubuntu', null],
  ['6.8.0-1064-azure', 'ubuntu', null, UBUNTU],
  ['7.0.0-1011-azure', 'ubuntu', null, UBUNTU],
  ['5.15.0-1054-gke', 'ubuntu', null],
  ['4.19.0-27-amd64', 'debian', null, DEBIAN],
  ['5.10.0-32-cloud-amd64', 'debian', null],
  ['6.1.0-29-amd64', 'debian', null],
  ['6.12.95+deb12-amd64', 'debian', '12'],
  ['6.12.41+deb13-amd64', 'debian', '13'],
  ['3.10.0-1160.15.2.el7.x86_64', 'enterprise-linux', '7'],
  ['4.18.0-305.19.1.el8_4.x86_64', 'enterprise-linux', '8.4'],
  ['4.18.0-348.2.1.el8_5.x86_64', 'enterprise-linux', '8.5'],
  ['4.18.0-553.63.1.el8_10.x86_64', 'enterprise-linux', '8.10'],
  ['5.14.0-446.el9.x86_64', 'enterprise-linux', '9'],
  ['6.12.0-55.9.1.el10_0.x86_64', 'enterprise-linux', '10.0'],
  ['5.15.0-306.177.4.el9uek.x86_64', 'oracle-uek', '9'],
  ['6.17.4-200.fc42.x86_64', 'fedora', '42'],
  ['4.14.314-237.533.amzn2.x86_64', 'amazon', '2'],
  ['6.1.155-176.282.amzn2023.x86_64', 'amazon', '2023'],
  ['5.14.21-150400.24.97-default', 'suse', null],
  ['6.4.0-150700.53.3-default', 'suse', null],
  ['6.17.5-1-default', 'suse', null],
  ['6.8.9-arch1-2', 'arch', null],
  ['6.12.4-zen1-1-zen', 'arch', null],
  ['6.15.11-hardened1-1-hardened', 'hardened', null],
  ['6.6.94-0-lts', 'alpine', null, 'Linux version 6.6.94-0-lts (buildozer@build-3-20-x86_64) (gcc (Alpine 13.2.1))'],
  ['6.12.13-0-virt', 'alpine', null],
  ['6.12.91-flatcar', 'flatcar', null],
  ['6.6.105+', 'cos', null],
  ['6.18.45-talos', 'talos', null],
  ['6.6.87.2-microsoft-standard-WSL2', 'wsl2', null],
  ['5.15.167.4-microsoft-standard-WSL2+', 'wsl2', null],
  ['4.4.0-19041-Microsoft', 'wsl1', null],
  ['6.8.12-9-pve', 'proxmox', null],
  ['6.6.150.1-1.azl3', 'azure-linux', '3'],
  ['6.12.76-linuxkit', 'linuxkit', null],
  ['6.1.69-gentoo-dist', 'gentoo', null],
  // Bottlerocket, NixOS and microVMs have no sign, and none is made up for them.
  ['6.12.68', null, null],
  ['6.12.32', null, null, 'Linux version 6.12.32 (nixbld@localhost) (gcc (GCC) 14.2.1) #1-NixOS SMP'],
  ['6.18.5', null, null],
];

describe('kernel releases', () => {
  test.each(MACHINES.map(([release, vendor, series, version]) => ({ release, vendor, series, version })))(
    '$release',
    ({ release, vendor, series, version }) => {
      expect(kernelOrigin({ release, version: version ?? null })).toMatchObject({ vendor, series });
      const [major, minor] = release.split('.').map((part) => Number.parseInt(part, 10));
      expect(parseKernelRelease(release)).toMatchObject({ major, minor });
    },
  );
  test('the build number that backports are known by', () => {
    expect(kernelOrigin({ release: '4.18.0-348.2.1.el8_5.x86_64', version: null }).build).toBe('348.2.1');
    expect(kernelOrigin({ release: '5.15.0-144-generic', version: null }).build).toBe('144');
    expect(kernelOrigin({ release: '6.12.68', version: null }).build).toBeNull();
  });
  test('any text is taken', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: null }), (release, version) => {
        kernelOrigin({ release, version });
        const parsed = parseKernelRelease(release);
        expect(parsed === null || Object.values(parsed).every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
