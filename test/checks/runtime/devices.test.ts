import { runtimeDevices } from '../../../src/checks/runtime/devices.ts';
import { makeDevices } from '../../../src/fixes/runtime/devices.ts';
import { testCheck } from '../../check-tester.ts';
import { hostWith, mountinfo } from './alice.ts';

const node = (mode: number) => ({ kind: 'character', mode }) as const;
const INSIDE = '30 27 0:30 / /proc/acpi ro - tmpfs tmpfs ro';
const NODEV = '31 27 0:31 / /dev rw,nosuid,nodev - tmpfs tmpfs rw';

testCheck(
  { check: runtimeDevices, fix: makeDevices },
  {
    healthy: {
      'an ordinary /dev': { host: hostWith() },
      'a plain file in the place of /dev/null, which everybody may write': {
        host: hostWith({ files: { '/dev/null': { mode: 0o666 } } }),
      },
      'real root, whose runtime makes its own': {
        host: hostWith({ rest: { mode: 'rootful' }, files: { '/dev/full': null } }),
      },
      'a /dev/null that only root may open, for root': {
        host: hostWith({ rest: { mode: 'rootful' }, files: { '/dev/null': node(0o600) } }),
      },
      'the worker of BuildKit itself is off': {
        host: hostWith({ config: '[worker.oci]\nenabled = false\n', files: { '/dev/full': null } }),
      },
    },
    ailing: {
      'no /dev/null': {
        host: hostWith({ files: { '/dev/null': null } }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        says: ['/dev/null is missing'],
        advice: ['mknod -m 666 /dev/null c 1 3'],
      },
      'a /dev/null that only root may open': {
        host: hostWith({ files: { '/dev/null': node(0o600) } }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        says: ['mode 0600', 'alice cannot open it'],
        advice: ['chmod 666 /dev/null'],
      },
      'a plain file that root has made by writing to it': {
        host: hostWith({ files: { '/dev/null': { mode: 0o644 } } }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        says: ['is no device node'],
        advice: ['rm -r /dev/null && mknod -m 666 /dev/null c 1 3'],
      },
      'a /dev without devices': {
        host: hostWith({ files: { '/proc/self/mountinfo': mountinfo(NODEV) } }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        says: ['mounted nodev'],
        advice: ['mount -o remount,dev /dev'],
      },
      'a chroot made by hand, in a container': {
        host: hostWith({
          files: { '/dev/full': null, '/dev/tty': { link: '/nowhere' }, '/proc/self/mountinfo': mountinfo(INSIDE) },
        }),
        conditions: ['runtime.device-unusable', 'runtime.device-unusable'],
        severity: 'error',
        says: ['/dev/full is missing', '/dev/tty is missing', 'every one of them fails'],
        advice: ['A container engine makes these nodes by itself', 'mknod -m 666 /dev/tty c 5 0'],
      },
      'root of a user namespace': {
        host: hostWith({
          rest: { mode: 'rootful' },
          files: {
            '/dev/zero': null,
            '/proc/self/uid_map': '0 100000 65536\n',
            '/proc/self/gid_map': '0 100000 65536\n',
          },
        }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        advice: ['mknod -m 666 /dev/zero c 1 5'],
      },
      'random numbers that only root may read': {
        host: hostWith({ files: { '/dev/urandom': node(0o600) } }),
        conditions: ['runtime.device-unusable'],
        severity: 'warning',
        says: ['RUN steps that open it fail'],
        advice: ['chmod 666 /dev/urandom'],
      },
    },
  },
);
