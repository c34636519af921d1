/**
 * What the engines' default profiles let through, as data: containerd 2 (contrib/seccomp), Docker (moby/profiles) and Podman
 * (containers/common). A name that the library here does not know is passed over by runc.
 */
export type Engine = 'containerd' | 'docker' | 'podman';

/** What a rule of the runtime specification says of some calls. */
interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}
export interface Profile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly Rule[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const EVERYWHERE = words(`
  _llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
  epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
  exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2
  fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat
  fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_time64 futimesat get_robust_list
  get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups
  getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32
  getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32
  getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
  io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
  landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek
  lsetxattr lstat lstat64 madvise membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock
  mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64
  mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
  name_to_handle_at nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2
  pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64
  process_mrelease process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2
  read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
  removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
  rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
  sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
  sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
  sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
  sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid
  setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid
  setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr shmat
  shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice
  stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time
  timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
  timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate
  truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork wait4 waitid
  waitpid write writev
`);
const NEWER =
  words(`cachestat futex_requeue futex_wait futex_waitv futex_wake getxattrat io_pgetevents io_pgetevents_time64
  listmount listxattrat map_shadow_stack mseal removexattrat setxattrat statmount uretprobe vmsplice`);
const OWN: { readonly [E in Engine]: readonly string[] } = {
  containerd: [...NEWER, 'lsm_get_self_attr', 'lsm_list_modules', 'lsm_set_self_attr'],
  docker: NEWER,
  // Namespaces and mounts are open there; what gives them names and joins others' is not.
  podman:
    words(`clone clone3 fanotify_init fsconfig fsmount fsopen fspick get_mempolicy keyctl mbind mount mount_setattr
    move_mount open_tree pidfd_getfd pivot_root reboot set_mempolicy signal syslog umount umount2 unshare`),
};
/** Opened to a bounding set that has the capability. */
const BY_CAPABILITY: { readonly [capability: string]: readonly string[] } = {
  DAC_READ_SEARCH: ['open_by_handle_at'],
  SYS_ADMIN: words(`bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr
    move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`),
  SYS_BOOT: ['reboot'],
  SYS_CHROOT: ['chroot'],
  SYS_MODULE: ['delete_module', 'init_module', 'finit_module'],
  SYS_PTRACE: words('kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace'),
  SYS_TIME: words('settimeofday stime clock_settime clock_settime64'),
  SYS_NICE: words('get_mempolicy mbind set_mempolicy set_mempolicy_home_node'),
  SYSLOG: ['syslog'],
  BPF: ['bpf'],
  PERFMON: ['perf_event_open'],
};
/** Refused by Podman with EPERM, without the capability; what it does not know gets ENOSYS. */
const PODMAN_REFUSES =
  words(`bdflush cachestat futex_requeue futex_wait futex_waitv futex_wake io_pgetevents kexec_file_load
  kexec_load map_shadow_stack migrate_pages move_pages nfsservctl nice pciconfig_read pciconfig_write swapoff swapon sysfs
  uselib userfaultfd ustat vm86 vm86old vmsplice lookup_dcookie perf_event_open quotactl quotactl_fd setdomainname sethostname
  setns chroot delete_module finit_module init_module acct kcmp process_madvise ioperm iopl clock_settime settimeofday
  vhangup bpf open_by_handle_at`);

const EPERM = 1;
const ENOSYS = 38;
/** Of every kind of namespace (clone(2)). */
const CLONE_NAMESPACES = 0x7e020000;

/** The profile of an engine for a container with these capabilities. */
export function profileOf(engine: Engine, capabilities: readonly string[]): Profile {
  const allow = (names: readonly string[]): Rule => ({ names, action: 'SCMP_ACT_ALLOW' });
  const opened = capabilities.flatMap((name) => BY_CAPABILITY[name] ?? []);
  const isAdmin = capabilities.includes('SYS_ADMIN');
  const onlyIf = (name: string, index: number, value: number, op: string, valueTwo?: number): Rule => ({
    names: [name],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index, value, op, ...(valueTwo === undefined ? {} : { valueTwo }) }],
  });
  const allowed = new Set([...EVERYWHERE, ...OWN[engine], ...opened]);
  const refused = engine === 'podman' ? PODMAN_REFUSES.filter((name) => !allowed.has(name)) : [];
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: engine === 'podman' ? ENOSYS : EPERM,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [
      allow([...allowed, 'arch_prctl', 'modify_ldt']),
      // AF_ALG (38) and AF_VSOCK (40) stay shut.
      ...(engine === 'podman'
        ? [allow(['socket'])]
        : [
            onlyIf('socket', 0, 38, 'SCMP_CMP_LT'),
            onlyIf('socket', 0, 39, 'SCMP_CMP_EQ'),
            onlyIf('socket', 0, 40, 'SCMP_CMP_GT'),
          ]),
      ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => onlyIf('personality', 0, value, 'SCMP_CMP_EQ')),
      ...(engine === 'podman' || isAdmin
        ? []
        : [
            onlyIf('clone', 0, CLONE_NAMESPACES, 'SCMP_CMP_MASKED_EQ', 0),
            { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS } as const,
          ]),
      ...(refused.length === 0 ? [] : [{ names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM } as const]),
    ],
  };
}
