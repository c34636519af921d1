import { describe, expect, test } from 'vitest';
import { usernsPermission } from '../../../src/checks/userns/permission.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { permitUserns } from '../../../src/fixes/userns/permission.ts';
import type { NamespaceAnswer } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import {
  CLONE,
  carryOut,
  DOCKER_BOUNDING,
  directory,
  dockerMounts,
  hostWith,
  launched,
  program,
  refused,
  statusWith,
} from './host.ts';

const entry = { check: usernsPermission, fix: permitUserns };
const EPERM = refused('clone', 'EPERM', CLONE('operation not permitted'));
const EACCES = refused('clone', 'EACCES', CLONE('permission denied'));
const EINVAL = refused('clone', 'EINVAL', CLONE('invalid argument'));
const noProbe = { probe: false };
const KERNEL = '/proc/sys/kernel';
const CLONE_OFF = { [`${KERNEL}/unprivileged_userns_clone`]: '0\n' };

const STOCK = `# This profile allows everything and only exists to give the
# application a name instead of having the label "unconfined"

abi <abi/4.0>,
include <tunables/global>

profile rootlesskit /usr/bin/rootlesskit flags=(unconfined) {
  userns,

  # Site-specific additions and overrides. See local/README for details.
  include if exists <local/rootlesskit>
}
`;
/** Ubuntu 24.04: the restriction is on, and the package has a profile for its own rootlesskit. */
const UBUNTU = {
  '/etc/os-release': 'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n',
  [`${KERNEL}/osrelease`]: '6.8.0-64-generic\n',
  [`${KERNEL}/apparmor_restrict_unprivileged_userns`]: '1\n',
  '/sys/module/apparmor/parameters/enabled': 'Y\n',
  '/proc/self/attr/apparmor/current': 'unconfined\n',
  '/usr/lib/sysctl.d/10-apparmor.conf': 'kernel.apparmor_restrict_unprivileged_userns = 1\n',
  '/etc/apparmor.d/rootlesskit': STOCK,
  '/etc/apparmor.d/abi/4.0': 'x',
  '/etc/apparmor.d/tunables/global': 'x',
  '/usr/sbin/apparmor_parser': program(),
};
/** Debian 13: AppArmor mediates user namespaces without any switch. */
const trixie = (profile: string, files: VirtualHostOptions['files'] = {}, answer: NamespaceAnswer = EACCES) =>
  hostWith({
    files: {
      '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n',
      [`${KERNEL}/osrelease`]: '6.12.48+deb13-amd64\n',
      '/sys/module/apparmor/parameters/enabled': 'Y\n',
      '/sys/kernel/security/apparmor/features/namespaces/mask': 'userns_create\n',
      '/proc/self/attr/apparmor/current': 'unconfined\n',
      '/etc/apparmor.d/rootlesskit': profile,
      ...files,
    },
    answer,
  });
const CONFINED = `abi <abi/4.0>,
include <tunables/global>

profile rootlesskit /usr/bin/rootlesskit {
  file,
  capability,
}
`;
const LOCAL_RULE =
  "printf '%s\\n' userns, | sudo tee -a /etc/apparmor.d/local/rootlesskit\nsudo apparmor_parser -r /etc/apparmor.d/rootlesskit";
const ELSEWHERE = { ...UBUNTU, '/usr/bin/rootlesskit': null, '/usr/local/bin/rootlesskit': program() };
const CENTOS = {
  [`${KERNEL}/osrelease`]: '3.10.0-514.el7.x86_64\n',
  '/proc/version': null,
  [`${KERNEL}/unprivileged_userns_clone`]: null,
};
const container = (fields: { [name: string]: string }, proc: 'masked' | 'unmasked' = 'masked') => ({
  '/proc/self/status': statusWith(fields),
  '/proc/self/mountinfo': dockerMounts(proc),
});
const POD = { PATH: '/usr/bin', USER: 'alice', HOME: '/home/alice', KUBERNETES_SERVICE_HOST: '10.0.0.1' };

async function plan(options: VirtualHostOptions, request = {}) {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK, ...request } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}

testCheck(entry, {
  healthy: {
    'Debian 12': { host: hostWith() },
    'the chain starts, whatever the files say': {
      host: hostWith({ files: { ...ELSEWHERE, ...CLONE_OFF, '/proc/self/status': statusWith({ Seccomp: '2' }) } }),
    },
    'Ubuntu with the profile of its package, without a probe': { host: hostWith({ files: UBUNTU }), request: noProbe },
    'Ubuntu 22.04 with a newer kernel: the switch is there and off': {
      host: hostWith({
        files: {
          ...ELSEWHERE,
          [`${KERNEL}/apparmor_restrict_unprivileged_userns`]: '0\n',
          '/usr/lib/sysctl.d/10-apparmor.conf': null,
        },
      }),
      request: noProbe,
    },
    'Ubuntu 24.04 in WSL 2: no switch, no AppArmor': {
      host: hostWith({
        files: {
          ...ELSEWHERE,
          [`${KERNEL}/apparmor_restrict_unprivileged_userns`]: null,
          '/sys/module/apparmor/parameters/enabled': 'N\n',
        },
      }),
      request: noProbe,
    },
    'a profile that names the place by a pattern': {
      host: hostWith({
        files: {
          ...ELSEWHERE,
          '/etc/apparmor.d/buildkit': STOCK.replace('/usr/bin/rootlesskit', '/usr/{,local/}bin/rootlesskit'),
        },
      }),
      request: noProbe,
    },
    'the ids are what fails': {
      host: hostWith({
        files: ELSEWHERE,
        answer: refused('map', 'EPERM', 'newuidmap: write to uid_map failed: Operation not permitted'),
      }),
    },
    'a limit is what fails': {
      host: hostWith({ files: UBUNTU, answer: refused('clone', 'ENOSPC', CLONE('no space left on device')) }),
    },
    'AppArmor 4: the trial works, whatever the files say': { host: trixie(CONFINED, {}, launched()) },
    'AppArmor 4: the profile has the rule': { host: trixie(CONFINED.replace('}', '  userns,\n}')) },
    'AppArmor 4: the rule is in a file that it includes': {
      host: trixie(CONFINED.replace('}', '  include <abstractions/mine>\n}'), {
        '/etc/apparmor.d/abstractions/mine': 'include if exists <local/deep>\n',
        '/etc/apparmor.d/local/deep': 'userns create,\n',
      }),
    },
    'AppArmor 4: the profile only complains': {
      host: trixie(CONFINED.replace(' {', ' flags=(attach_disconnected, complain) {')),
    },
    'AppArmor 4: the profile only gives a name': { host: trixie(CONFINED.replace(' {', ' flags=(unconfined) {')) },
    'AppArmor 4: the profile is disabled': {
      host: trixie(CONFINED, { '/etc/apparmor.d/disable/rootlesskit': { link: '/etc/apparmor.d/rootlesskit' } }),
    },
    'AppArmor 4: aa-complain': {
      host: trixie(CONFINED, { '/etc/apparmor.d/force-complain/rootlesskit': { link: '../rootlesskit' } }),
    },
    'AppArmor 4: the profile is not loaded': {
      host: trixie(CONFINED, { '/sys/kernel/security/apparmor/profiles': 'other (enforce)\n' }),
    },
    'AppArmor 4: a profile for another path': { host: trixie(CONFINED.replace('/usr/bin/', '/opt/bin/')) },
    'a profile of before AppArmor 4 is not held to the rule': { host: trixie(CONFINED.replace('4.0', '3.0')) },
    'a kernel that does not mediate user namespaces': {
      host: trixie(CONFINED, { '/sys/kernel/security/apparmor/features/namespaces/mask': null }),
    },
    'AppArmor refuses with EACCES, not so': { host: trixie(CONFINED, {}, EPERM) },
    'nothing here explains it: the probe says so': { host: hostWith({ answer: EPERM }) },
  },
  ailing: {
    'the switch of Debian 10 and of hardened kernels': {
      host: hostWith({ files: CLONE_OFF, answer: EPERM }),
      conditions: ['userns.unprivileged-clone-disabled'],
      severity: 'error',
      cure: carryOut,
    },
    'the same without a probe, set by a file': {
      host: hostWith({
        files: { ...CLONE_OFF, '/etc/sysctl.d/50-hardening.conf': 'kernel.unprivileged_userns_clone=0\n' },
      }),
      request: noProbe,
      conditions: ['userns.unprivileged-clone-disabled'],
      severity: 'error',
      says: ['/etc/sysctl.d/50-hardening.conf:1: '],
      cure: carryOut,
    },
    'on now, off after a reboot': {
      host: hostWith({ files: { '/etc/sysctl.d/50-hardening.conf': 'kernel.unprivileged_userns_clone=0\n' } }),
      conditions: ['sysctl.not-persistent'],
      severity: 'warning',
      cure: (options, steps) => carryOut(options, steps, launched()),
    },
    'on by hand, on a kernel whose default is off': {
      host: hostWith({ files: { [`${KERNEL}/osrelease`]: '6.8.7-hardened1-2-hardened\n' } }),
      conditions: ['sysctl.not-persistent'],
      severity: 'warning',
      cure: (options, steps) => carryOut(options, steps, launched()),
    },
    'Ubuntu 24.04, rootlesskit in /usr/local/bin': {
      host: hostWith({ files: ELSEWHERE, answer: EPERM }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['/usr/local/bin/rootlesskit'],
      cure: carryOut,
    },
    'the same with EACCES, as before 24.04': {
      host: hostWith({ files: ELSEWHERE, answer: EACCES }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      cure: carryOut,
    },
    'the same without a probe': {
      host: hostWith({ files: ELSEWHERE }),
      request: noProbe,
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      cure: carryOut,
    },
    'a link in PATH to a place without a profile': {
      host: hostWith({
        files: { ...UBUNTU, '/usr/bin/rootlesskit': { link: '/opt/rk/rootlesskit' }, '/opt/rk/rootlesskit': program() },
        answer: EPERM,
      }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['/opt/rk/rootlesskit'],
      cure: carryOut,
    },
    'the profile of the package, not loaded': {
      host: hostWith({
        files: {
          ...UBUNTU,
          '/sys/kernel/security/apparmor/profiles': 'docker-default (enforce)\nunprivileged_userns (enforce)\n',
        },
        answer: EPERM,
        rest: { self: { uid: 0 } },
      }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['is not loaded'],
      cure: carryOut,
    },
    'a profile that is disabled': {
      host: hostWith({
        files: { ...UBUNTU, '/etc/apparmor.d/disable/rootlesskit': { link: '/etc/apparmor.d/rootlesskit' } },
      }),
      request: noProbe,
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      cure: true,
      says: ['is disabled'],
    },
    'a profile for the path that allows no user namespace': {
      host: hostWith({ files: { ...UBUNTU, '/etc/apparmor.d/rootlesskit': STOCK.replace('  userns,\n', '') } }),
      request: noProbe,
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['the profile /etc/apparmor.d/rootlesskit for /usr/bin/rootlesskit has no rule "userns,"'],
      advice: [LOCAL_RULE],
    },
    'AppArmor 4 without the restriction: a profile without the rule': {
      host: trixie(CONFINED),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['/etc/apparmor.d/rootlesskit:4:', 'The AppArmor profile rootlesskit confines /usr/bin/rootlesskit'],
      advice: [
        "sudo sed -i -e '4a\\  userns,' /etc/apparmor.d/rootlesskit\nsudo apparmor_parser -r /etc/apparmor.d/rootlesskit",
      ],
    },
    'the same with a place for rules of the site': {
      host: trixie(CONFINED.replace('}', '  include if exists <local/rootlesskit>\n}')),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      advice: [LOCAL_RULE],
    },
    'a rule that is denied': {
      host: trixie(CONFINED.replace('}', '  allow all,\n  audit deny userns,\n}')),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      advice: ['userns,'],
    },
    'a pattern of paths, and a profile that root sees loaded': {
      host: trixie(CONFINED.replace('/usr/bin/rootlesskit', '@{bin}/{rootless,x}kit'), {
        '/sys/kernel/security/apparmor/profiles': 'rootlesskit (enforce)\n',
      }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      advice: ['userns,'],
    },
    'a session that a profile confines': {
      host: trixie('abi <abi/4.0>,\nprofile desk {\n  file,\n}\n', {
        '/proc/self/attr/apparmor/current': 'desk (enforce)\n',
      }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['The AppArmor profile desk confines this session'],
      advice: ["sudo sed -i -e '2a\\  userns,'"],
    },
    'a session under a profile that no file has': {
      host: trixie('', { '/proc/self/attr/apparmor/current': 'snap.x.y (enforce)\n' }),
      conditions: ['userns.apparmor-restricted'],
      severity: 'error',
      says: ['snap.x.y'],
      advice: ['Add "userns," to the profile snap.x.y where it is defined'],
    },
    'switched off for now only': {
      host: hostWith({ files: { ...ELSEWHERE, [`${KERNEL}/apparmor_restrict_unprivileged_userns`]: '0\n' } }),
      conditions: ['sysctl.not-persistent'],
      severity: 'warning',
      cure: (options, steps) => carryOut(options, steps, launched()),
    },
    'CentOS 7.3 without its boot argument': {
      host: hostWith({ files: { ...CENTOS, '/sys/module/user_namespace/parameters/enable': 'N\n' }, answer: EINVAL }),
      conditions: ['userns.kernel-disabled'],
      severity: 'error',
      advice: ['grubby --args="user_namespace.enable=1"'],
    },
    'CentOS 7.1': {
      host: hostWith({ files: { ...CENTOS, [`${KERNEL}/osrelease`]: '3.10.0-229.el7.x86_64\n' }, answer: EINVAL }),
      conditions: ['userns.kernel-disabled'],
      severity: 'error',
      advice: ['Update the system (yum update): Enterprise Linux 7.6'],
      says: ['7.0 or 7.1'],
    },
    'CentOS 7.5 without mount namespaces for users': {
      host: hostWith({
        files: {
          ...CENTOS,
          [`${KERNEL}/osrelease`]: '3.10.0-862.el7.x86_64\n',
          '/sys/module/namespace/parameters/unpriv_enable': 'N\n',
        },
        answer: EPERM,
      }),
      conditions: ['userns.kernel-disabled'],
      severity: 'error',
      advice: ['grubby --args="namespace.unpriv_enable=1"'],
    },
    'a kernel built without user namespaces': {
      host: hostWith({ files: { '/proc/self/ns/user': null }, answer: EINVAL }),
      conditions: ['userns.kernel-disabled'],
      severity: 'error',
      advice: ['Use a kernel built with CONFIG_USER_NS=y'],
      says: ['/proc/self/ns/user is missing'],
    },
    'docker run with its default filter': {
      host: hostWith({ files: container({ Seccomp: '2', CapBnd: DOCKER_BOUNDING }), answer: EPERM }),
      conditions: ['seccomp.blocked'],
      severity: 'error',
      advice: ['--security-opt seccomp=unconfined --security-opt apparmor=unconfined'],
    },
    'the same without a probe, by the rules of the engine': {
      host: hostWith({ files: container({ Seccomp: '2', CapBnd: DOCKER_BOUNDING }) }),
      request: noProbe,
      conditions: ['seccomp.blocked'],
      severity: 'error',
      advice: ['--security-opt seccomp=unconfined --security-opt apparmor=unconfined'],
    },
    'the filter comes before the restriction of the host': {
      host: hostWith({
        files: { ...ELSEWHERE, ...container({ Seccomp: '2', CapBnd: DOCKER_BOUNDING }) },
        answer: EPERM,
      }),
      conditions: ['seccomp.blocked'],
      severity: 'error',
      advice: ['--security-opt seccomp=unconfined --security-opt apparmor=unconfined'],
    },
    'a filter that answers ENOSYS': {
      host: hostWith({
        files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
        answer: refused('clone', 'ENOSYS', CLONE('function not implemented')),
      }),
      conditions: ['seccomp.blocked'],
      severity: 'error',
      advice: ['Start buildkitd outside of the sandbox that set the filter'],
    },
    'the chain in a chroot': {
      host: hostWith({
        files: {
          '/proc/self/mountinfo': '74 73 254:0 /usr /usr rw - ext4 /dev/vda rw\n75 73 0:5 / /proc rw - proc proc rw\n',
        },
        answer: EPERM,
      }),
      conditions: ['userns.blocked-unspecified'],
      severity: 'error',
      advice: ['Start buildkitd outside of the chroot, or enter the tree'],
      says: ['chroot'],
    },
    'a chroot into a mount, as root sees it': {
      host: hostWith({
        files: {
          '/proc/1/ns/mnt': { link: 'mnt:[1]' },
          '/proc/self/ns/mnt': { link: 'mnt:[1]' },
          '/proc/1/root': { ...directory(), ino: 7 },
        },
        answer: EPERM,
        rest: { self: { uid: 0 } },
      }),
      conditions: ['userns.blocked-unspecified'],
      severity: 'error',
      advice: ['Start buildkitd outside of the chroot, or enter the tree'],
      says: ['chroot'],
    },
    'an own id that the namespace around does not have': {
      host: hostWith({ files: { '/proc/self/uid_map': '0 100000 500\n' }, answer: EPERM }),
      conditions: ['idmap.nested-userns'],
      severity: 'error',
      advice: ['Run buildkitd as a user whose id is mapped here'],
    },
  },
  other: {
    rootful: {
      host: hostWith({ rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } } }),
      status: 'skip',
      says: 'as root',
    },
    'a filter of which nobody knows what it does': {
      host: hostWith({ files: { '/proc/self/status': statusWith({ Seccomp: '2' }) } }),
      request: noProbe,
      status: 'unknown',
      says: 'seccomp filter',
    },
    "podman's filter, which lets namespaces through": {
      host: hostWith({
        files: {
          '/proc/self/status': statusWith({ Seccomp: '2', CapBnd: DOCKER_BOUNDING }),
          '/proc/self/mountinfo': dockerMounts('unmasked').replace(
            '/var/lib/docker/overlay2/l/A',
            '/var/lib/containers/storage/overlay/l/A',
          ),
        },
      }),
      request: noProbe,
      status: 'unknown',
    },
  },
});

describe('remedies', () => {
  const text = async (options: VirtualHostOptions, request = {}) => {
    const { fixes } = await plan(options, request);
    return JSON.stringify(fixes.map(({ steps }) => steps));
  };
  test('a profile for the real path, loaded and unloaded by the parser', async () => {
    const { fixes } = await plan(hostWith({ files: ELSEWHERE, answer: EPERM }));
    expect(fixes).toHaveLength(1);
    expect(fixes[0]?.risk).toBe('safe');
    const [write, load] = fixes[0]?.steps ?? [];
    expect(write).toMatchObject({ do: 'edit', path: '/etc/apparmor.d/usr.local.bin.rootlesskit', expects: null });
    expect(write?.do === 'edit' && write.edit.edit === 'whole' ? write.edit.text : '').toBe(
      [
        '# Written by bk-doctor: lets rootlesskit create user namespaces; it is not confined otherwise.',
        'abi <abi/4.0>,',
        'include <tunables/global>',
        '',
        'profile usr.local.bin.rootlesskit /usr/local/bin/rootlesskit flags=(unconfined) {',
        '  userns,',
        '',
        '  include if exists <local/usr.local.bin.rootlesskit>',
        '}',
        '',
      ].join('\n'),
    );
    expect(load).toMatchObject({
      do: 'run',
      argv: ['/usr/sbin/apparmor_parser', '-r', '-W', '/etc/apparmor.d/usr.local.bin.rootlesskit'],
      undo: ['/usr/sbin/apparmor_parser', '-R', '/etc/apparmor.d/usr.local.bin.rootlesskit'],
    });
  });
  test('a path that the user can write is risky', async () => {
    const own = '/home/alice/bin/rootlesskit';
    const { fixes } = await plan(
      hostWith({
        files: { ...UBUNTU, '/usr/bin/rootlesskit': null, [own]: program(0o755, 1000) },
        answer: EPERM,
        rest: { env: { PATH: '/home/alice/bin:/usr/bin', USER: 'alice', HOME: '/home/alice' } },
      }),
    );
    expect(fixes.map(({ risk }) => risk)).toEqual(['risky']);
    expect(fixes[0]?.consequence).toContain(own);
  });
  test('characters of patterns are taken literally', async () => {
    const odd = '/opt/build*[kit] {1}/rootlesskit';
    const words = await text(
      hostWith({
        files: { ...UBUNTU, '/usr/bin/rootlesskit': { link: odd }, [odd]: program() },
        answer: EPERM,
      }),
    );
    // A name that no file of apparmor.d should have is left to a person: only the switch itself remains, and that is risky.
    expect(words).not.toContain('/etc/apparmor.d/');
    const { fixes } = await plan(
      hostWith({ files: { ...UBUNTU, '/usr/bin/rootlesskit': { link: odd }, [odd]: program() }, answer: EPERM }),
    );
    expect(fixes.map(({ risk }) => risk)).toEqual(['risky']);
  });
  test('another profile in the place of ours is not touched', async () => {
    const words = await text(
      hostWith({
        files: { ...ELSEWHERE, '/etc/apparmor.d/usr.local.bin.rootlesskit': 'profile x /usr/bin/x {\n}\n' },
        answer: EPERM,
      }),
    );
    expect(words).toContain('/etc/apparmor.d/usr.local.bin.rootlesskit.bk-doctor');
  });
  test('where no profile can be loaded, the switch is risky', async () => {
    const { fixes } = await plan(
      hostWith({ files: { ...ELSEWHERE, '/usr/sbin/apparmor_parser': null }, answer: EPERM }),
    );
    expect(fixes.map(({ risk }) => risk)).toEqual(['risky']);
    expect(fixes[0]?.consequence).toBeTruthy();
    expect(JSON.stringify(fixes)).toContain('kernel.apparmor_restrict_unprivileged_userns');
  });
  test('a restriction that is off now is only kept off', async () => {
    const off = { [`${KERNEL}/apparmor_restrict_unprivileged_userns`]: '0\n', '/usr/sbin/apparmor_parser': null };
    const { fixes } = await plan(hostWith({ files: { ...ELSEWHERE, ...off } }));
    expect(fixes.map(({ risk, steps }) => [risk, steps.map((step) => step.do)])).toEqual([['risky', ['edit']]]);
  });
  test('a parser that another account can change is not run', async () => {
    const words = await text(
      hostWith({ files: { ...ELSEWHERE, '/usr/sbin/apparmor_parser': program(0o777) }, answer: EPERM }),
    );
    expect(words).not.toContain('apparmor_parser');
  });
  test('a loaded profile is not taken away by undo', async () => {
    const { fixes } = await plan(hostWith({ files: UBUNTU, answer: EPERM }));
    expect(fixes[0]?.steps).toMatchObject([{ do: 'run', undo: null }]);
  });
  test('words of the engine', async () => {
    const files = container({ Seccomp: '2', CapBnd: DOCKER_BOUNDING });
    expect(await text(hostWith({ files, answer: EPERM }))).toContain('docker run --security-opt seccomp=unconfined');
    expect(await text(hostWith({ files, answer: EPERM, rest: { env: POD } }))).toContain(
      'seccompProfile: {type: Unconfined}',
    );
  });
  test('words of Enterprise Linux 7', async () => {
    const files = { ...CENTOS, '/sys/module/user_namespace/parameters/enable': 'N\n' };
    expect(await text(hostWith({ files, answer: EINVAL }))).toContain('user_namespace.enable=1');
  });
});
