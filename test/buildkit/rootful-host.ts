import { VirtualHost } from '../virtual-host.ts';

/** A machine with root's buildkitd of one version, runc, and a configuration at its usual place. */
export function rootfulHost(text: string | Uint8Array, version: string): VirtualHost {
  const program = { text: '', mode: 0o755 };
  const bytes = typeof text === 'string' ? null : text;
  const host = new VirtualHost({
    mode: 'rootful',
    env: { PATH: '/usr/bin', USER: 'root', HOME: '/root' },
    files: {
      '/usr/bin/buildkitd': program,
      '/usr/bin/runc': program,
      '/etc/buildkit/buildkitd.toml': bytes === null ? (text as string) : new TextDecoder().decode(bytes),
    },
    tools: { 'buildkitd --version': { stdout: `buildkitd github.com/moby/buildkit ${version} 0123456789abcdef` } },
    probes: { connect: () => ({ error: 'ENOENT' }) },
  });
  if (bytes === null) return host;
  const read = host.read.bind(host);
  host.read = async (path, as, limit) => {
    const found = await read(path, as, limit);
    return found === null || path !== '/etc/buildkit/buildkitd.toml' ? found : { ...found, utf8: false };
  };
  return host;
}
