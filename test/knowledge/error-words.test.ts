import { expect, test } from 'vitest';
import type { Condition } from '../../src/knowledge/conditions.ts';
import { errnoInText } from '../../src/knowledge/errors/errno.ts';
import { type LaunchStage, launchStageOf } from '../../src/knowledge/errors/launch.ts';
import type { Speaker } from '../../src/knowledge/symptoms/symptom.ts';
import { meaningOf } from '../../src/symptoms/meaning.ts';

const CLONE = 'failed to start the child: fork/exec /proc/self/exe: ';
const MAP = 'failed to setup UID/GID map: ';
const IDS = `${MAP}failed to compute uid/gid map: `;
const NEWUIDMAP = `${MAP}newuidmap 4711 [0 1001 1 1 100000 65536] failed: newuidmap: `;
const NETWORK = 'failed to setup network &{logWriter:0xc000136000 binary:slirp4netns}: ';
const INIT = 'runc run failed: unable to start container process: error during container init: ';

/** As rootlesskit, shadow's helpers and runc print them. */
const LAUNCH: readonly (readonly [words: string, means: readonly Condition[], stage: LaunchStage])[] = [
  ['/dev/null: EACCES', ['runtime.device-unusable'], 'setup'],
  [`${MAP}newuidmap 4711 [0 1001 1] failed: : open /dev/null: permission denied`, ['runtime.device-unusable'], 'map'],
  ['failed to lock /tmp/rootlesskit1/lock: open /tmp/rootlesskit1/lock: permission denied', ['env.umask'], 'setup'],
  [`${NEWUIDMAP}open of uid_map failed: Read-only file system`, ['proc.read-only'], 'map'],
  ['failed to share mount point: /: operation not permitted', ['seccomp.blocked', 'lsm.landlock-denied'], 'setup'],
  [
    'failed to share mount point: /: permission denied',
    ['apparmor.mount-denied', 'lsm.selinux-denied', 'userns.blocked-unspecified'],
    'setup',
  ],
  [
    `${CLONE}no space left on device`,
    ['userns.max-user-namespaces-zero', 'userns.max-other-zero', 'idmap.nested-userns'],
    'clone',
  ],
  [
    `${CLONE}operation not permitted`,
    [
      'seccomp.blocked',
      'userns.blocked-unspecified',
      'userns.apparmor-restricted',
      'userns.unprivileged-clone-disabled',
    ],
    'clone',
  ],
  [
    `${CLONE}permission denied`,
    ['userns.apparmor-restricted', 'lsm.selinux-denied', 'userns.blocked-unspecified'],
    'clone',
  ],
  [`${CLONE}invalid argument`, ['userns.kernel-disabled', 'userns.max-user-namespaces-zero'], 'clone'],
  [
    `${CLONE}function not implemented`,
    ['userns.kernel-disabled', 'seccomp.blocked', 'userns.blocked-unspecified'],
    'clone',
  ],
  [`${MAP}exec: "newuidmap": executable file not found in $PATH`, ['idmap.newuidmap-missing'], 'map'],
  [`${IDS}user: unknown userid 1001`, ['idmap.user-lookup-failed'], 'map'],
  [`${IDS}No subuid ranges found for user 1001 ("alice")`, ['idmap.subid-missing'], 'map'],
  [`${IDS}open /etc/subgid: no such file or directory`, ['idmap.subid-missing'], 'map'],
  [`${IDS}open /etc/subuid: permission denied`, ['idmap.subid-invalid'], 'map'],
  [
    `${IDS}Cannot parse subuid/gid information: Format not correct for /etc/subuid file`,
    ['idmap.subid-invalid'],
    'map',
  ],
  [`${IDS}String to int conversion failed during subuid/gid parsing of /etc/subuid: x`, ['idmap.subid-invalid'], 'map'],
  [
    `${NEWUIDMAP}uid range [1-65537) -> [100000-165536) not allowed`,
    ['idmap.subid-invalid', 'idmap.subid-missing'],
    'map',
  ],
  [
    `${NEWUIDMAP}Target process 4711 is owned by a different user: uid:1001 pw_uid:1001`,
    ['idmap.user-lookup-failed'],
    'map',
  ],
  [
    `${NEWUIDMAP}write to uid_map failed: Invalid argument`,
    ['idmap.subid-overlap', 'idmap.subid-invalid', 'idmap.nested-userns'],
    'map',
  ],
  [
    `${NEWUIDMAP}write to uid_map failed: Operation not permitted`,
    ['idmap.newuidmap-not-setuid', 'idmap.no-new-privs', 'idmap.nested-userns', 'idmap.bounding-set'],
    'map',
  ],
  [`${NEWUIDMAP}Could not set caps`, ['idmap.no-new-privs', 'idmap.newuidmap-not-setuid'], 'map'],
  ['exec: "slirp4netns": executable file not found in $PATH', ['net.slirp4netns-failed'], 'network'],
  [
    `${NETWORK}setting up tap tap0: executing [[nsenter ip tuntap add]]: exit status 1`,
    ['net.slirp4netns-failed'],
    'network',
  ],
  [
    'creating a state directory: mkdir /tmp/rootlesskit1: no space left on device',
    ['storage.disk-full', 'storage.inodes-exhausted'],
    'setup',
  ],
];

test.each(LAUNCH)('rootlesskit: %s', (words, means, stage) => {
  expect(meaningOf(words, 'rootlesskit', 'idmap-helper')?.means).toEqual(means);
  expect(launchStageOf(words)).toBe(stage);
});

const STEP: readonly (readonly [words: string, means: readonly Condition[]])[] = [
  [
    `${INIT}error creating device nodes: mount /dev/full:/x/dev/full: no such file or directory`,
    ['runtime.device-unusable'],
  ],
  [`${INIT}error reopening /dev/null inside container: open /dev/null: permission denied`, ['runtime.device-unusable']],
  [`${INIT}unable to apply caps: operation not permitted`, ['container.not-privileged']],
  [
    `${INIT}error mounting "proc" to rootfs at "/proc": mount src=proc: operation not permitted`,
    ['proc.masked', 'container.not-privileged'],
  ],
  [
    `${INIT}unable to join session keyring: unable to create session key: disk quota exceeded`,
    ['limits.keyring-quota'],
  ],
  [
    `${INIT}unable to join session keyring: unable to create session key: operation not permitted`,
    ['seccomp.blocked', 'apparmor.mount-denied'],
  ],
  [
    `${INIT}open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied`,
    ['apparmor.lxc-sysctl-denied', 'apparmor.mount-denied'],
  ],
  [`${INIT}unable to apply apparmor profile: apparmor failed to apply profile`, ['apparmor.profile-load-failed']],
  ['cgroups in hybrid mode not supported, drop all controllers from cgroupv2', ['cgroup.v1-only']],
  [
    'runc run failed: unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: permission denied',
    ['cgroup.not-mounted', 'cgroup.read-only', 'cgroup.delegation-missing'],
  ],
];

test.each(STEP)('runc and crun: %s', (words, means) => {
  expect(meaningOf(words, 'runtime')?.means).toEqual(means);
});

test('the words of one program say nothing when another prints them, and strange words say nothing', () => {
  const others: readonly Speaker[] = ['rootlesskit', 'idmap-helper'];
  expect(meaningOf(`${INIT}unable to apply caps: operation not permitted`, ...others)).toBeNull();
  expect(meaningOf('segmentation fault', 'runtime', ...others)).toBeNull();
});

test("the last error in a tool's words is its errno", () => {
  expect(errnoInText('mount: /x: Permission denied. then: No space left on device')).toBe('ENOSPC');
  expect(errnoInText('all is well')).toBeNull();
});
