import { lsmSelinux } from '../../../src/checks/lsm/selinux.ts';
import { relabel } from '../../../src/fixes/lsm/selinux.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { hostWith, refusedWith, type Told } from '../storage/healthy.ts';

const ENFORCING = {
  '/sys/fs/selinux/enforce': '1',
  '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
  '/etc/selinux/targeted/contexts/files/file_contexts':
    '/usr/(s)?bin/buildkitd.*\t--\tsystem_u:object_r:container_runtime_exec_t:s0\n',
};
const FEDORA_33 = { '/proc/sys/kernel/osrelease': '5.11.12-200.fc33.x86_64\n' };

function labelled(
  labels: { [path: string]: string },
  told: Told = {},
  expected: { [path: string]: string } = {},
): VirtualHostOptions {
  const host = hostWith({ ...told, files: { ...ENFORCING, ...told.files } });
  return {
    ...host,
    tools: {
      ...host.tools,
      ls: {
        stdout: Object.entries(labels)
          .map(([path, label]) => `${label} ${path}\n`)
          .join(''),
      },
      matchpathcon: {
        stdout: Object.entries(expected)
          .map(([path, label]) => `${path}\t${label}\n`)
          .join(''),
      },
    },
  };
}
const context = (type: string): string => `system_u:object_r:${type}:s0`;
const VAR = '/var/lib/buildkit';
const ROOTFUL: Told = { files: { [VAR]: { kind: 'directory' } }, rest: { mode: 'rootful' } };

testCheck(
  { check: lsmSelinux, fix: relabel },
  {
    healthy: {
      permissive: { host: hostWith({ files: { ...ENFORCING, '/sys/fs/selinux/enforce': '0' } }) },
      'enforcing, a rootless user with the labels of their home': {
        host: labelled({
          '/home/alice/.local/share/buildkit': context('data_home_t'),
          '/usr/bin/buildkitd': context('container_runtime_exec_t'),
        }),
      },
      'enforcing, the kernel of the window, yet overlayfs works': { host: labelled({}, { files: FEDORA_33 }) },
      'enforcing, rootful with its own label': {
        host: labelled({ [VAR]: context('container_var_lib_t') }, ROOTFUL),
      },
      'a program in the home, started by its user': {
        host: labelled({ '/usr/bin/buildkitd': 'unconfined_u:object_r:user_home_t:s0' }),
      },
    },
    ailing: {
      'switched on for the worker, and off in the kernel': {
        host: hostWith({ config: '[worker.oci]\nselinux = true\n' }),
        conditions: ['lsm.selinux-off'],
        severity: 'error',
        advice: ['Remove selinux = true'],
        says: ['selinux is not available'],
      },
      'the kernel of the window refuses overlayfs, which is not asked for': {
        host: labelled({}, { files: FEDORA_33, answer: { overlay: refusedWith('EACCES') } }),
        conditions: ['lsm.selinux-denied'],
        severity: 'info',
        none: 'Another snapshotter is used, which is no failure.',
        says: ['5.11.12'],
      },
      'the kernel of the window refuses overlayfs, asked for by name': {
        host: labelled(
          {},
          {
            files: FEDORA_33,
            answer: { overlay: refusedWith('EACCES') },
            config: '[worker.oci]\nsnapshotter = "overlayfs"\n',
          },
        ),
        conditions: ['lsm.selinux-denied'],
        severity: 'error',
        advice: ['Run Linux 5.13 or later, or use fuse-overlayfs (packages'],
      },
      'a service may not execute a file of a home': {
        host: labelled(
          { '/usr/bin/buildkitd': 'unconfined_u:object_r:user_home_t:s0' },
          {
            files: { '/etc/systemd/system/buildkit.service': '[Service]\nExecStart=/usr/bin/buildkitd\n' },
            rest: { mode: 'rootful' },
          },
        ),
        conditions: ['lsm.selinux-denied'],
        severity: 'error',
        advice: ['restorecon -Fv /usr/local/bin/buildkitd'],
        says: ['user_home_t', '203/EXEC'],
      },
      'a wrong label that the policy knows better': {
        host: labelled({ [VAR]: context('user_home_t') }, ROOTFUL, { [VAR]: context('container_var_lib_t') }),
        conditions: ['lsm.selinux-denied'],
        severity: 'warning',
        says: ['user_home_t'],
        cure: (options, steps) => ({
          ...options,
          tools: {
            ...options.tools,
            ...(steps.some((step) => step.do === 'run' && step.argv.join(' ') === `restorecon -RF ${VAR}`)
              ? { ls: { stdout: `${context('container_var_lib_t')} ${VAR}\n` } }
              : {}),
          },
        }),
      },
      'a cache directory somewhere else': {
        host: labelled(
          { '/data/buildkit': context('default_t') },
          { files: { '/data/buildkit': { kind: 'directory' } }, rest: { mode: 'rootful' } },
        ),
        request: { root: '/data/buildkit' },
        conditions: ['lsm.selinux-denied'],
        severity: 'warning',
        advice: ['semanage fcontext -a -e /var/lib/buildkit /data/buildkit'],
        says: ['default_t'],
      },
      'a policy that does not know BuildKit': {
        host: labelled(
          {},
          {
            ...ROOTFUL,
            files: {
              ...ROOTFUL.files,
              '/etc/selinux/targeted/contexts/files/file_contexts': '/.*\tsystem_u:object_r:default_t:s0\n',
            },
          },
        ),
        conditions: ['lsm.selinux-denied'],
        severity: 'info',
        advice: ['dnf install container-selinux'],
        says: ['container-selinux'],
      },
    },
    other: {
      'no SELinux': { host: hostWith(), status: 'skip', says: 'not active' },
      // Listed among the kernel's modules, without a policy (WSL2).
      'listed but without a policy': {
        host: hostWith({ files: { '/sys/kernel/security/lsm': 'capability,landlock,selinux' } }),
        status: 'skip',
      },
    },
  },
);
