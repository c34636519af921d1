import { mountinfoFrom } from './filesystems.ts';
import type { Node, Tree } from './tree.ts';

/** A program's output in a sosreport that says what a file of the host says. */
interface Printed {
  readonly command: RegExp;
  readonly files: (output: string) => { readonly [path: string]: string };
}

const line = (text: string): string => `${text.trim()}\n`;

const PRINTED: readonly Printed[] = [
  {
    command: /^\/sos_commands\/kernel\/sysctl_-a$/,
    files: (output) =>
      Object.fromEntries(
        [...output.matchAll(/^([\w./:*@-]+) = (.*)$/gm)].map(([, key = '', value = '']) => [
          `/proc/sys/${key.replace(/[./]/g, (one) => (one === '.' ? '/' : '.'))}`,
          line(value),
        ]),
      ),
  },
  {
    command: /^\/(?:sos_commands\/kernel\/uname_-a|uname)$/,
    files: (output) => {
      const [system, host, release, ...build] = output.trim().split(/\s+/);
      if (system !== 'Linux' || host === undefined || release === undefined) return {};
      return {
        '/proc/sys/kernel/osrelease': line(release),
        '/proc/sys/kernel/hostname': line(host),
        '/proc/version': line(`Linux version ${release} ${build.join(' ')}`),
      };
    },
  },
  {
    command: /^\/(?:sos_commands\/(?:host|general)\/hostname(?:_-f)?|hostname)$/,
    files: (output) => (/^[\w.-]+\n?$/.test(output) ? { '/proc/sys/kernel/hostname': line(output) } : {}),
  },
  {
    command: /^\/sos_commands\/selinux\/sestatus(?:_-[bv]+)?$/,
    files: (output) => {
      const mode = /^Current mode:\s*(enforcing|permissive)$/m.exec(output)?.[1];
      return mode === undefined ? {} : { '/sys/fs/selinux/enforce': mode === 'enforcing' ? '1' : '0' };
    },
  },
  {
    command: /^\/(?:sos_commands\/filesys\/mount_-l|proc\/mounts)$/,
    files: (output) => {
      const table = mountinfoFrom(output);
      return table === '' ? {} : { '/proc/self/mountinfo': table };
    },
  },
  { command: /^\/sos_commands\/getent\/getent_passwd$/, files: (output) => ({ '/etc/passwd': output }) },
  { command: /^\/sos_commands\/getent\/getent_group$/, files: (output) => ({ '/etc/group': output }) },
];

/** The machine's architecture in Node's words; null where no program's output says it. */
export function archOf(read: (path: string) => string | null): string | null {
  const uname = read('/sos_commands/kernel/uname_-a') ?? read('/uname');
  const told = uname ?? read('/proc/sys/kernel/osrelease') ?? '';
  const machine = /[ .](x86_64|aarch64|ppc64le|s390x|riscv64|armv7l|i686)(?: |$)/m.exec(told)?.[1];
  const names: { readonly [machine: string]: string } = {
    x86_64: 'x64',
    aarch64: 'arm64',
    ppc64le: 'ppc64',
    armv7l: 'arm',
    i686: 'ia32',
  };
  return machine === undefined ? null : (names[machine] ?? machine);
}

/** The same tree with the files that programs' outputs tell of, where it lacks these themselves. */
export function withPrinted(tree: Tree): Tree {
  const nodes = new Map(tree.nodes);
  for (const [path, node] of tree.nodes) {
    const printed = PRINTED.find(({ command }) => command.test(path));
    if (printed === undefined || node.kind !== 'file') continue;
    const text = node.content()?.toString('utf8');
    if (text === undefined) continue;
    for (const [file, content] of Object.entries(printed.files(text)))
      if (!nodes.has(file)) addFile(nodes, file, content);
  }
  return { ...tree, nodes };
}

function addFile(nodes: Map<string, Node>, path: string, text: string): void {
  const content = Buffer.from(text);
  const file = { uid: 0, gid: 0, size: content.length, mtimeMs: 0 };
  nodes.set(path, { ...file, kind: 'file', mode: 0o644, content: () => content });
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const above = path.slice(0, at);
    if (nodes.has(above)) return;
    nodes.set(above, { ...file, size: 0, kind: 'directory', mode: 0o755, content: () => null });
  }
}
