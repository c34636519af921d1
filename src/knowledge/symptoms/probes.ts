import { IDS } from './ids.ts';
import { NAMESPACES } from './namespaces.ts';
import { RUNTIME } from './runtime.ts';
import type { Symptom } from './symptom.ts';

/** Words that mean something only in the mouth of a program that a probe has started: anywhere else they could be anybody's. */
const ONLY_THERE: readonly Symptom[] = [
  {
    by: 'bk-doctor, where a program was not started',
    speaker: 'rootlesskit',
    says: ['/dev/null: {eacces|enoent|enodev|enxio|eperm|eisdir|erofs|enotdir|einval}', 'open /dev/null: '],
    means: ['runtime.device-unusable'],
  },
  {
    by: 'Go, C',
    speaker: 'rootlesskit',
    says: [
      'failed to create new os thread',
      'newosproc',
      'pthread_create failed',
      'fork/exec #: resource temporarily unavailable',
    ],
    means: ['limits.pids'],
  },
  {
    by: 'Go',
    speaker: 'rootlesskit',
    says: [
      '{fatal error|runtime}: *{out of memory|cannot allocate memory|failed to reserve}',
      'fork/exec #: cannot allocate memory',
    ],
    means: ['limits.out-of-memory'],
  },
  {
    by: 'newuidmap, newgidmap (shadow)',
    speaker: 'idmap-helper',
    says: ['cannot determine your user name', 'target process # is owned by a different user'],
    means: ['idmap.user-lookup-failed'],
  },
  {
    by: 'newuidmap, newgidmap (shadow)',
    speaker: 'idmap-helper',
    says: ['/etc/{subuid|subgid}', 'overflow detected'],
    means: ['idmap.subid-invalid'],
  },
  {
    by: 'newuidmap, newgidmap (shadow)',
    speaker: 'idmap-helper',
    says: ['{uid_map|gid_map} failed'],
    means: ['idmap.newuidmap-not-setuid', 'idmap.no-new-privs', 'idmap.nested-userns'],
  },
  {
    by: 'rootlesskit',
    speaker: 'rootlesskit',
    says: [
      'creating a state directory: ',
      '{mkdir|stat} #/rootlesskit#: {permission denied|read-only file system|no such file or directory}',
    ],
    unless: ['no space left', 'quota exceeded'],
    means: ['env.tmpdir'],
  },
  {
    by: 'rootlesskit',
    speaker: 'rootlesskit',
    says: ['network', 'slirp4netns', 'pasta', 'setting up tap', 'executable file not found'],
    means: ['net.slirp4netns-failed'],
  },
  {
    by: 'rootlesskit',
    speaker: 'rootlesskit',
    says: ['{mkdir|write|open|create|creating|creat} *: no space left on device'],
    unless: ['clone', 'unshare', 'fork'],
    means: ['storage.disk-full', 'storage.inodes-exhausted'],
  },
  {
    by: 'rootlesskit',
    speaker: 'rootlesskit',
    says: ['no space left on device'],
    means: ['userns.max-user-namespaces-zero'],
  },
  {
    by: 'runc, crun',
    speaker: 'runtime',
    says: ['cgroup'],
    means: ['cgroup.not-mounted', 'cgroup.read-only', 'cgroup.delegation-missing'],
    weight: 2,
  },
  {
    by: 'runc, crun',
    speaker: 'runtime',
    says: ['not permitted'],
    means: ['seccomp.blocked', 'apparmor.mount-denied'],
    weight: 2,
  },
];

/** What the programs of a probe say, the most specific first. */
export const PROBE_WORDS: readonly Symptom[] = [...NAMESPACES, ...IDS, ...RUNTIME, ...ONLY_THERE].filter(
  ({ speaker }) => speaker !== undefined,
);
