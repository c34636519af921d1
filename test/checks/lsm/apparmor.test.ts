import { lsmApparmor } from '../../../src/checks/lsm/apparmor.ts';
import { freeFromProfile } from '../../../src/fixes/lsm/apparmor.ts';
import { testCheck } from '../../check-tester.ts';
import { MAP_INIT, STATUS_USER } from '../../virtual-host.ts';
import { hostWith, refusedWith, type Told } from '../storage/healthy.ts';

const under = (label: string, told: Told = {}) =>
  hostWith({
    ...told,
    files: {
      '/proc/self/status': STATUS_USER,
      '/proc/self/uid_map': MAP_INIT,
      '/proc/self/gid_map': MAP_INIT,
      '/proc/self/ns/user': { link: 'user:[4026531837]' },
      '/proc/self/attr/current': `${label}\n`,
      ...told.files,
    },
  });

const MOUNT_REFUSED: Told['answer'] = {
  launch: { ok: false, errno: 'EACCES', message: 'failed to share mount point: /: permission denied', stage: 'setup' },
  overlay: null,
  bindReadOnly: null,
  proc: null,
};

testCheck(
  { check: lsmApparmor, fix: freeFromProfile },
  {
    healthy: {
      unconfined: { host: under('unconfined') },
      'a profile for RUN steps that is loaded': {
        host: under('unconfined', {
          config: '[worker.oci]\napparmor-profile = "steps"\n',
          files: {
            '/sys/module/apparmor/parameters/enabled': 'Y\n',
            '/sys/kernel/security/apparmor/profiles': 'steps (enforce)\nother (complain)\n',
          },
        }),
      },
      'a profile that only names the program': { host: under('rootlesskit (unconfined)') },
      'a profile that only complains': { host: under('docker-default (complain)') },
      'an SELinux label': { host: under('unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023') },
      // LXC with nesting, or a profile of one's own: what decides is that mounts work.
      'confined, and mounts work': { host: under('lxc-container-default-with-nesting (enforce)') },
      'a profile of rootlesskit that has such a rule is not it': {
        host: under('unconfined', {
          answer: MOUNT_REFUSED,
          files: {
            '/sys/module/apparmor/parameters/enabled': 'Y\n',
            '/etc/apparmor.d/kit': 'profile kit /usr/bin/rootlesskit {\n  mount options=(rw) -> /x/,\n}\n',
          },
        }),
      },
      'a session that is refused a user namespace: that is told where it belongs': {
        host: under('desk (enforce)', {
          answer: {
            ...MOUNT_REFUSED,
            launch: { ok: false, errno: 'EACCES', message: 'fork/exec: permission denied', stage: 'clone' },
          },
          files: {
            '/sys/module/apparmor/parameters/enabled': 'Y\n',
            '/sys/kernel/security/apparmor/features/namespaces/mask': 'userns_create\n',
          },
        }),
      },
      'a strict profile, and mounts work all the same': { host: under('docker-default (enforce)') },
    },
    ailing: {
      'a profile for RUN steps without AppArmor': {
        host: under('unconfined', { config: '[worker.oci]\napparmor-profile = "steps"\n' }),
        conditions: ['apparmor.not-available'],
        severity: 'error',
        advice: ['Remove apparmor-profile'],
        says: ['AppArmor is not active'],
      },
      'a profile for RUN steps that is not loaded': {
        host: under('unconfined', {
          config: '[worker.oci]\napparmor-profile = "steps"\n',
          files: {
            '/sys/module/apparmor/parameters/enabled': 'Y\n',
            '/sys/kernel/security/apparmor/profiles': 'other (complain)\n',
          },
        }),
        conditions: ['apparmor.not-available'],
        severity: 'error',
        advice: ['Remove apparmor-profile'],
        says: ['not loaded'],
      },
      'the default profile of Docker': {
        host: under('docker-default (enforce)', {
          answer: {
            launch: {
              ok: false,
              errno: 'EACCES',
              message: 'failed to share mount point: /: permission denied',
              stage: 'setup',
            },
            overlay: null,
            bindReadOnly: null,
            proc: null,
          },
        }),
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        advice: ['without the profile docker-default:'],
        says: ['docker-default', 'the start of the namespaces'],
      },
      'seccomp came first': {
        host: under('cri-containerd.apparmor.d (enforce)', {
          answer: {
            launch: {
              ok: false,
              errno: 'EPERM',
              message: 'fork/exec /proc/self/exe: operation not permitted',
              stage: 'clone',
            },
            overlay: null,
            bindReadOnly: null,
            proc: null,
          },
        }),
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        advice: ['without the profile cri-containerd.apparmor.d:'],
        says: ['denies every mount'],
      },
      'by its name alone': {
        host: under('docker-default (enforce)'),
        request: { probe: false },
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        advice: ['without the profile docker-default:'],
      },
      'a profile that refuses a bind mount': {
        host: under('my-profile (enforce)', { answer: { bindReadOnly: refusedWith('EACCES') } }),
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        advice: ['without the profile my-profile:'],
        says: ['a read-only bind mount'],
      },
      'a profile of rootlesskit that has no rule for mounts': {
        host: under('unconfined', {
          answer: MOUNT_REFUSED,
          files: {
            '/sys/module/apparmor/parameters/enabled': 'Y\n',
            '/etc/apparmor.d/kit': 'abi <abi/4.0>,\nprofile kit /usr/bin/rootlesskit {\n  userns,\n}\n',
          },
        }),
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        says: ['/etc/apparmor.d/kit:2:', 'The AppArmor profile kit confines /usr/bin/rootlesskit'],
        advice: [
          "sudo sed -i -e '2a\\  mount,' -e '2a\\  umount,' -e '2a\\  pivot_root,' /etc/apparmor.d/kit\nsudo apparmor_parser -r /etc/apparmor.d/kit",
        ],
      },
      'a profile that refuses overlayfs alone': {
        host: under('my-profile (enforce)', { answer: { overlay: refusedWith('EACCES') } }),
        conditions: ['apparmor.mount-denied'],
        severity: 'info',
        none: 'Another snapshotter is used.',
      },
    },
    other: {
      'an unknown profile, not tried': {
        host: under('my-profile (enforce)'),
        request: { probe: false },
        status: 'unknown',
        says: '--no-probe',
      },
    },
  },
);
