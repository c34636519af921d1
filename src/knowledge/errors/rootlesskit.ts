import type { ErrorWords } from './row.ts';

/** rootlesskit's own words, and those of the programs that it starts while it makes its namespaces. */
export const LAUNCH_WORDS: readonly ErrorWords[] = [
  // Ours where a program was not started, and Go's.
  { by: 'rootlesskit', says: /^\/dev\/null: E|open \/dev\/null: /, means: ['runtime.device-unusable'] },
  { by: 'rootlesskit', says: /open \S+\/lock: permission denied/, means: ['env.umask'] },
  {
    by: 'rootlesskit',
    says: /failed to create new OS thread|newosproc|pthread_create failed|fork\/exec .*: resource temporarily unavailable/,
    means: ['limits.pids'],
  },
  {
    by: 'rootlesskit',
    says: /(?:fatal error|runtime): .*(?:out of memory|cannot allocate memory|failed to reserve)|fork\/exec .*: cannot allocate memory/,
    means: ['limits.out-of-memory'],
  },
  { by: 'rootlesskit', says: /"new[ug]idmap": executable file not found/, means: ['idmap.newuidmap-missing'] },
  { by: 'rootlesskit', says: /user: unknown userid/, means: ['idmap.user-lookup-failed'] },
  {
    by: 'idmap-helper',
    says: /Cannot determine your user name|is owned by a different user/,
    means: ['idmap.user-lookup-failed'],
  },
  {
    by: 'rootlesskit',
    says: /No sub[ug]id ranges found|open \/etc\/sub[ug]id: no such file/,
    means: ['idmap.subid-missing'],
  },
  {
    by: 'rootlesskit',
    says: /Cannot parse subuid|conversion failed during sub|open \/etc\/sub[ug]id: /,
    means: ['idmap.subid-invalid'],
  },
  {
    by: 'idmap-helper',
    says: /[ug]id range \[\d+-\d+\) -> \[\d+-\d+\) not allowed|overflow detected|\/etc\/sub[ug]id/,
    means: ['idmap.subid-invalid'],
  },
  { by: 'idmap-helper', says: /write to [ug]id_map failed: Invalid argument/, means: ['idmap.subid-overlap'] },
  { by: 'idmap-helper', says: /open of [ug]id_map failed: Read-only file system/, means: ['proc.read-only'] },
  {
    by: 'idmap-helper',
    says: /[ug]id_map failed|Could not set caps|new[ug]idmap: operation not permitted/i,
    means: ['idmap.newuidmap-not-setuid', 'idmap.no-new-privs', 'idmap.nested-userns'],
  },
  {
    by: 'rootlesskit',
    says: /fork\/exec \/proc\/self\/exe: no space left on device/,
    means: ['userns.max-user-namespaces-zero'],
  },
  {
    by: 'rootlesskit',
    says: /fork\/exec \/proc\/self\/exe: operation not permitted/,
    means: [
      'userns.blocked-unspecified',
      'userns.unprivileged-clone-disabled',
      'userns.apparmor-restricted',
      'seccomp.blocked',
    ],
  },
  {
    by: 'rootlesskit',
    says: /fork\/exec \/proc\/self\/exe: permission denied/,
    means: ['userns.apparmor-restricted', 'lsm.selinux-denied', 'userns.blocked-unspecified'],
  },
  {
    by: 'rootlesskit',
    says: /fork\/exec \/proc\/self\/exe: (?:invalid argument|function not implemented)/,
    means: ['userns.kernel-disabled', 'userns.blocked-unspecified'],
  },
  {
    by: 'rootlesskit',
    says: /failed to share mount point/,
    beside: /operation not permitted/,
    means: ['seccomp.blocked', 'lsm.landlock-denied'],
  },
  {
    by: 'rootlesskit',
    says: /failed to share mount point/,
    beside: /permission denied/,
    means: ['apparmor.mount-denied', 'lsm.selinux-denied', 'userns.blocked-unspecified'],
  },
  {
    by: 'rootlesskit',
    says: /network|slirp4netns|pasta|tap\d|executable file not found/i,
    means: ['net.slirp4netns-failed'],
  },
  {
    by: 'rootlesskit',
    says: /no space left on device/i,
    beside: /\b(?:mkdir|write|open|creat\w*) /,
    unless: /clone|unshare|fork/,
    means: ['storage.disk-full', 'storage.inodes-exhausted'],
  },
  { by: 'rootlesskit', says: /no space left on device/i, means: ['userns.max-user-namespaces-zero'] },
];
