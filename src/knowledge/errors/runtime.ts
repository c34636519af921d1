import type { ErrorWords } from './row.ts';

/** The words of runc and crun when they cannot make a RUN step. */
export const RUNTIME_WORDS: readonly ErrorWords[] = [
  {
    by: 'runtime',
    says: /error creating device nodes|error reopening \/dev\/null/,
    means: ['runtime.device-unusable'],
  },
  { by: 'runtime', says: /unable to apply caps/, means: ['container.not-privileged'] },
  {
    by: 'runtime',
    says: /mounting "proc" to rootfs/,
    beside: /operation not permitted/,
    means: ['proc.masked'],
  },
  { by: 'runtime', says: /session key/, beside: /disk quota exceeded/, means: ['limits.keyring-quota'] },
  { by: 'runtime', says: /reopen fd \d+: permission denied/, means: ['apparmor.lxc-sysctl-denied'] },
  { by: 'runtime', says: /unable to apply apparmor profile/, means: ['apparmor.profile-load-failed'] },
  { by: 'runtime', says: /cgroups in hybrid mode not supported/, means: ['cgroup.v1-only'] },
  {
    by: 'runtime',
    says: /cgroup/i,
    means: ['cgroup.not-mounted', 'cgroup.read-only', 'cgroup.delegation-missing'],
  },
  { by: 'runtime', says: /not permitted/i, means: ['seccomp.blocked', 'apparmor.mount-denied'] },
];
