import type { VirtualFile, VirtualHostOptions } from '../../virtual-host.ts';

const program: VirtualFile = { text: '', mode: 0o755 };

/** Alice's rootless buildkitd with this configuration. */
export function alice(
  text: string | VirtualFile | null,
  more: VirtualHostOptions = {},
  version = 'v0.32.2',
): VirtualHostOptions {
  return {
    ...more,
    files: {
      '/usr/bin/buildkitd': program,
      '/usr/bin/runc': program,
      '/home/alice': { kind: 'directory', uid: 1000, gid: 1000 },
      '/home/alice/.config/buildkit/buildkitd.toml':
        typeof text === 'string' ? { text, uid: 1000, gid: 1000, mode: 0o600 } : text,
      ...more.files,
    },
    tools: { 'buildkitd --version': { stdout: `buildkitd github.com/moby/buildkit ${version} 0123` }, ...more.tools },
    probes: { connect: () => ({ error: 'ENOENT' }), ...more.probes },
  };
}

/** Root's buildkitd with this configuration. */
export function root(
  text: string | VirtualFile | null,
  more: VirtualHostOptions = {},
  version = 'v0.32.2',
): VirtualHostOptions {
  const host = alice(null, more, version);
  return {
    ...host,
    mode: 'rootful',
    env: { PATH: '/usr/bin', USER: 'root', HOME: '/root' },
    files: { ...host.files, '/etc/buildkit/buildkitd.toml': text },
  };
}

export const ALICE_FILE = '/home/alice/.config/buildkit/buildkitd.toml';
