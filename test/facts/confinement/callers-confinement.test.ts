import { describe, expect, test } from 'vitest';
import { createLook } from '../../../src/examine/look.ts';
import { callersConfinement } from '../../../src/facts/confinement/callers-confinement.ts';
import { processStatus } from '../../../src/facts/machine/process-status.ts';
import { namespace } from '../../../src/facts/start/namespace.ts';
import { CLONE, DOCKER_BOUNDING, hostWith, launched, refused, statusWith } from '../../checks/userns/host.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';

const ALICE = { uid: 1000, gid: 1000, groups: [1000], name: 'alice', home: '/home/alice', shell: '/bin/bash' };
const ROOT = { uid: 0, gid: 0, groups: [0], name: 'root', home: '/root', shell: '/bin/sh' };
type Files = NonNullable<VirtualHostOptions['files']>;

/** Root asks about alice; `works`: what it tried as her did. */
const asked = (files: Files, works = true, self: Partial<typeof ROOT> = ROOT) => {
  const answer = works ? launched() : refused('clone', 'EPERM', CLONE('operation not permitted'));
  const host = new VirtualHost(
    hostWith({ files: { '/proc/1/status': statusWith({}), ...files }, answer, rest: { self } }),
  );
  return createLook({ host, request: ASK });
};
const selinux = (own: string, seusers: string, enforce = '1'): Files => ({
  '/sys/fs/selinux/enforce': enforce,
  '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
  '/etc/selinux/targeted/seusers': seusers,
  '/proc/self/attr/current': `unconfined_u:unconfined_r:${own}:s0\0`,
  '/proc/1/attr/current': 'system_u:system_r:init_t:s0\0',
});
const FILTER = { '/proc/self/status': statusWith({ Seccomp: '2' }) };
const FILTERED_FIRST = { '/proc/1/status': statusWith({ Seccomp: '2' }) };
const PROFILE = { '/proc/self/attr/current': 'sandboxed (enforce)\n', '/proc/1/attr/current': 'unconfined\n' };

describe('what root alone is under is no answer about somebody else', () => {
  test.each<[string, Files, boolean, string | null]>([
    ['nothing differs', {}, false, null],
    ['both in a container', { ...FILTER, ...FILTERED_FIRST }, false, null],
    ['a filter of root, and a failure', FILTER, false, 'a seccomp filter'],
    ['a filter of root, and no failure', FILTER, true, null],
    ['a filter of everybody else', FILTERED_FIRST, true, 'without a seccomp filter'],
    ['a filter of everybody else, and a failure', FILTERED_FIRST, false, null],
    ['no_new_privs of root', { '/proc/self/status': statusWith({ NoNewPrivs: '1' }) }, false, 'no_new_privs'],
    [
      'fewer capabilities',
      { '/proc/self/status': statusWith({ CapBnd: DOCKER_BOUNDING }) },
      false,
      'a smaller bounding set',
    ],
    ['more capabilities', { '/proc/1/status': statusWith({ CapBnd: DOCKER_BOUNDING }) }, true, 'a larger bounding set'],
    ['a capability that no build needs', { '/proc/1/status': statusWith({ CapBnd: '000001fffeffffff' }) }, true, null],
    ['a profile of root', PROFILE, false, 'the AppArmor profile sandboxed'],
    ['a profile that only complains', { ...PROFILE, '/proc/self/attr/current': 'sandboxed (complain)\n' }, false, null],
    ['SELinux, both unconfined', selinux('unconfined_t', '__default__:unconfined_u:s0-s0:c0.c1023\n'), true, null],
    ['SELinux, root in a service', selinux('unconfined_service_t', 'alice:unconfined_u:s0\n'), true, null],
    [
      'SELinux, the login is confined',
      selinux('unconfined_t', '__default__:unconfined_u:s0\nalice:user_u:s0\n'),
      true,
      'user_t',
    ],
    ['SELinux, the same domain', selinux('user_t', 'alice:user_u:s0\n'), true, null],
    [
      'SELinux, root is confined',
      selinux('sshd_t', '__default__:unconfined_u:s0\n'),
      false,
      'the SELinux domain sshd_t',
    ],
    [
      'SELinux, by groups',
      selinux('unconfined_t', '%wheel:staff_u:s0\n__default__:unconfined_u:s0\n'),
      true,
      'not known',
    ],
    ['SELinux is permissive', selinux('sshd_t', 'alice:user_u:s0\n', '0'), false, null],
    ['process 1 is hidden', { ...FILTER, '/proc/1/status': null }, false, null],
  ])('%s', async (_, files, works, why) => {
    const told = await asked(files, works)
      .get(namespace)
      .then(
        () => null,
        (error: Error) => error.message,
      );
    if (why === null) expect(told).toBeNull();
    else expect(told).toContain(why);
  });

  test('an account that asks for itself is under its own', async () => {
    const look = asked({ ...FILTER, ...selinux('user_t', '') }, false, ALICE);
    expect(await look.get(callersConfinement)).toEqual({ tighter: [], looser: [] });
    expect((await look.get(processStatus)).seccomp).toBe(2);
  });

  test('what logins inherit is that of process 1', async () => {
    const status = await asked({
      '/proc/self/status': statusWith({ Seccomp: '2', NoNewPrivs: '1', CapBnd: DOCKER_BOUNDING }),
      ...PROFILE,
    }).get(processStatus);
    expect(status).toMatchObject({ seccomp: 0, noNewPrivs: false, label: 'unconfined' });
    expect(status.capabilityBounding).toBe(0x1ffffffffffn);
  });
});
