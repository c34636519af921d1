import { kernelVersion } from '../../../src/checks/kernel/version.ts';
import { changeKernel } from '../../../src/fixes/kernel/version.ts';
import { testCheck } from '../../check-tester.ts';
import { CLONE, hostWith, launched, refused } from '../userns/host.ts';

const REFUSED = refused('clone', 'EINVAL', CLONE('invalid argument'));
const kernel = (release: string, version: string | null = null) => ({
  '/proc/sys/kernel/osrelease': `${release}\n`,
  '/proc/version': version,
});
const os = (text: string) => ({ '/etc/os-release': text });
const late = { now: Date.UTC(2026, 10, 21) };

testCheck(
  { check: kernelVersion, fix: changeKernel },
  {
    healthy: {
      'Debian 12': { host: hostWith() },
      'an old number that works all the same': { host: hostWith({ files: kernel('3.2.0-4-custom') }) },
      'Enterprise Linux 8.5, without a probe': {
        host: hostWith({ files: { ...kernel('4.18.0-348.2.1.el8_5.x86_64'), ...os('ID=rocky\nVERSION_ID="8.5"\n') } }),
        request: { probe: false },
      },
      'a kernel without any sign': { host: hostWith({ files: kernel('6.12.32') }), request: { probe: false } },
      'WSL 2': { host: hostWith({ files: kernel('6.6.87.2-microsoft-standard-WSL2') }), request: { probe: false } },
    },
    ailing: {
      'WSL 1': {
        host: hostWith({ files: kernel('4.4.0-19041-Microsoft'), answer: REFUSED }),
        conditions: ['env.wsl-integration'],
        severity: 'error',
        advice: ['wsl --set-version DISTRIBUTION 2'],
        says: ['WSL 1'],
      },
      'a kernel before user namespaces': {
        host: hostWith({ files: kernel('2.6.32-754.el6.x86_64'), answer: REFUSED }),
        conditions: ['kernel.too-old', 'kernel.too-old'],
        severity: ['error', 'info'],
        advice: ['Update the system to a release with a newer kernel'],
        says: ['3.8'],
      },
      'a kernel that nobody tests with': {
        host: hostWith({
          files: kernel('3.8.0-19-generic', 'Linux version 3.8.0-19-generic (buildd@allspice) (Ubuntu)'),
          answer: REFUSED,
        }),
        conditions: ['kernel.too-old'],
        severity: 'warning',
        advice: ['Update the system to a release with a newer kernel'],
      },
      'no overlay for ordinary users, which is only told': {
        host: hostWith({ files: { ...kernel('4.18.0-305.19.1.el8_4.x86_64'), ...os('ID=rhel\nVERSION_ID="8.4"\n') } }),
        request: { probe: false },
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'A version alone stops nothing.',
        says: ['4.18.0-348', 'fuse-overlayfs'],
      },
      'a release without updates': {
        host: hostWith({ files: os('ID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n'), rest: late }),
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'A version alone stops nothing.',
        says: ['CentOS Linux 7 (Core) has had no free updates since 2024-06-30'],
      },
      'a point release of one': {
        host: hostWith({ files: os('ID="rhel"\nVERSION_ID="7.9"\nPRETTY_NAME="RHEL 7.9"\n'), rest: late }),
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'A version alone stops nothing.',
      },
      'the overlay that could not be mounted, and the kernel that explains it': {
        host: hostWith({
          files: kernel('5.10.0-32-amd64', 'Linux version 5.10.0-32-amd64 (debian-kernel@lists.debian.org)'),
          answer: launched({ overlay: { ok: false, errno: 'EPERM', message: 'mount: permission denied' } }),
        }),
        conditions: ['kernel.too-old'],
        severity: 'info',
        none: 'A version alone stops nothing.',
        says: ['older than 5.11'],
      },
    },
    other: {
      'a kernel that does not tell its name': {
        host: hostWith({ files: kernel('') }),
        status: 'unknown',
        says: 'kernel release',
      },
    },
  },
);
