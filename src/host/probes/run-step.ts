/** A program that no file system has. */
export const NOTHING = '/no-program-of-bk-doctor';
/** What BuildKit gives to every RUN step; the runtime fails where it lacks one of them itself. */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
].map((name) => `CAP_${name}`);

/** A RUN step as BuildKit's executor describes it to the runtime, as far as both of its modes agree. */
export function stepOf(processSandbox: boolean) {
  const virtual = (destination: string, type: string, ...options: readonly string[]) => ({
    destination,
    type,
    source: type,
    options: ['nosuid', 'noexec', ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: [NOTHING],
      env: ['PATH=/usr/bin:/bin'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    root: { path: 'rootfs' },
    hostname: 'buildkitsandbox',
    mounts: [
      processSandbox
        ? virtual('/proc', 'proc', 'nodev')
        : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
      },
      virtual('/dev/pts', 'devpts', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
      virtual('/dev/shm', 'tmpfs', 'nodev', 'mode=1777', 'size=64k'),
      virtual('/dev/mqueue', 'mqueue', 'nodev'),
    ],
    linux: {
      namespaces: [...(processSandbox ? ['pid'] : []), 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
      },
      ...(processSandbox
        ? { maskedPaths: ['/proc/kcore', '/proc/keys'], readonlyPaths: ['/proc/bus', '/proc/sys'] }
        : {}),
    },
  };
}
