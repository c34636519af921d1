import type { NamespaceAnswer, Survey } from '../../../src/model/look.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { ANSWER } from '../runtime/alice.ts';

export { ANSWER, OK, refused as refusedWith } from '../runtime/alice.ts';

const own = (mode = 0o755) => ({ kind: 'directory', uid: 1000, gid: 1000, mode }) as const;
const program = (mode = 0o755) => ({ mode });

export const CACHE = '/home/alice/.local/share/buildkit';
export const ALICE_FILES: NonNullable<VirtualHostOptions['files']> = {
  '/home/alice': own(0o700),
  '/home/alice/.local': own(),
  '/home/alice/.local/share': own(),
  [CACHE]: own(0o700),
  '/usr/bin/buildkitd': program(),
  '/usr/bin/buildctl': program(),
  '/usr/bin/rootlesskit': program(),
  '/usr/bin/fuse-overlayfs': program(),
  '/usr/sbin/mount.fuse3': program(),
  '/dev/fuse': { kind: 'character', mode: 0o666 },
  '/etc/subuid': 'alice:100000:65536\n',
  '/etc/subgid': 'alice:100000:65536\n',
  '/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  '/proc/filesystems': 'nodev\tproc\n\text4\nnodev\toverlay\nnodev\tfuse\n',
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
};

export interface Told {
  files?: VirtualHostOptions['files'];
  answer?: Partial<NamespaceAnswer>;
  survey?: Partial<Survey>;
  mountinfo?: string;
  config?: string;
  rest?: Partial<VirtualHostOptions>;
}

/** A healthy host of alice with some things told otherwise. */
export function hostWith({ files, answer, survey, mountinfo, config, rest }: Told = {}): VirtualHostOptions {
  const none: Survey = { entries: null, foreign: 0, owners: {}, first: [], unentered: [] };
  return {
    files: {
      ...ALICE_FILES,
      ...(mountinfo === undefined ? {} : { '/proc/self/mountinfo': mountinfo }),
      ...(config === undefined
        ? {}
        : { '/home/alice/.config/buildkit/buildkitd.toml': { text: config, uid: 1000, gid: 1000 } }),
      ...files,
    },
    tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.32.2 991535e\n' } },
    probes: {
      namespace: () => ({ ...ANSWER, survey: { ...none, ...survey }, ...answer }),
      dtype: () => ({ told: true }),
    },
    ...rest,
  };
}

const ROOT_MOUNT = '27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n';
/** A mount of the cache directory beside the root file system. */
export function cacheMount(fstype: string, options = 'rw,relatime', superOptions = 'rw'): string {
  return `${ROOT_MOUNT}61 27 0:44 / ${CACHE} ${options} - ${fstype} source ${superOptions}\n`;
}
