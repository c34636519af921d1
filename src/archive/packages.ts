import type { Node } from './tree.ts';

/** Programs that a package of this name brings, and where its distribution puts them. */
const BRINGS: readonly (readonly [name: RegExp, paths: readonly string[], mode: number])[] = [
  [/^(?:uidmap|shadow-utils|shadow)$/, ['/usr/bin/newuidmap', '/usr/bin/newgidmap'], 0o4755],
  [/^(?:buildkit|moby-buildkit)$/, ['/usr/bin/buildkitd', '/usr/bin/buildctl'], 0o755],
  [/^rootlesskit$/, ['/usr/bin/rootlesskit'], 0o755],
  [/^runc$/, ['/usr/bin/runc'], 0o755],
  [/^crun$/, ['/usr/bin/crun'], 0o755],
  [/^git(?:-core)?$/, ['/usr/bin/git'], 0o755],
  [/^slirp4netns$/, ['/usr/bin/slirp4netns'], 0o755],
  [/^passt$/, ['/usr/bin/pasta'], 0o755],
  [/^fuse-overlayfs$/, ['/usr/bin/fuse-overlayfs'], 0o755],
];
const LISTS = /^\/sos_commands\/(?:dpkg\/dpkg_-l|rpm\/(?:sh_-c_)?rpm_.*-qa.*|rpm\/package-data)$/;

/** Versions of the installed packages that bring something, by the program. Empty where no list of packages is in it. */
export function programsOf(nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [path, node] of nodes) {
    if (!LISTS.test(path) || node.kind !== 'file') continue;
    for (const line of (node.content()?.toString('utf8') ?? '').split('\n')) {
      const [, name = '', version = ''] =
        /^ii +([^\s:]+)(?::\S+)? +(\S+) /.exec(line) ??
        /^([\w.+-]+?)-(\d[^-\s]*-[^-\s]+)\.(?:x86_64|noarch|aarch64|ppc64le|s390x|riscv64|i686)\b/.exec(line) ??
        [];
      for (const program of BRINGS.find(([brings]) => brings.test(name))?.[1] ?? []) found.set(program, version);
    }
  }
  return found;
}

/** The programs as files: that they are there is all that is known of them. */
export function filesOf(programs: ReadonlyMap<string, string>): readonly (readonly [path: string, node: Node])[] {
  return [...programs.keys()].map((path) => {
    const mode = BRINGS.find(([, paths]) => paths.includes(path))?.[2] ?? 0o755;
    return [path, { kind: 'file', mode, uid: 0, gid: 0, size: 0, mtimeMs: 0, content: () => null }];
  });
}

/** The versions of these packages, by the names of their programs. */
export function versionsOf(nodes: ReadonlyMap<string, Node>): { readonly [program: string]: string } {
  return Object.fromEntries([...programsOf(nodes)].map(([path, version]) => [path.slice('/usr/bin/'.length), version]));
}
