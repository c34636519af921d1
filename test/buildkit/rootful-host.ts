import { VirtualHost } from '../virtual-host.ts';

/** What a released buildkitd answers to --version. */
export const stamped = (version: string) => ({
  version: `buildkitd github.com/moby/buildkit ${version} 0123456789abcdef`,
  help: '',
});

/** A machine with root's buildkitd, known by its two answers, runc, and a configuration at its usual place. */
export function rootfulHost(
  text: string | Uint8Array,
  buildkitd: { readonly version: string; readonly help: string },
): VirtualHost {
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
    tools: { 'buildkitd --version': { stdout: buildkitd.version }, 'buildkitd --help': { stdout: buildkitd.help } },
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
