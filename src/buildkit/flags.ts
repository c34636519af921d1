/** Command lines of buildkitd and rootlesskit, read as their own flag parsers do. */

/** A flag's values in the order given; a boolean flag without a value is "true". */
export type Flags = { readonly [name: string]: readonly string[] };

/** buildkitd's boolean flags (cmd/buildkitd, v0.3.0 to v0.32): they take a value only with "=". */
const BUILDKITD_BOOLEAN = new Set([
  'debug',
  'trace',
  'rootless',
  'oci-worker',
  'containerd-worker',
  'oci-worker-rootless',
  'containerd-worker-rootless',
  'oci-worker-no-process-sandbox',
  'oci-worker-gc',
  'containerd-worker-gc',
  'oci-worker-selinux',
  'containerd-worker-selinux',
  'cdi-disabled',
  'save-cache-debug',
  'proxy-network',
  'help',
  'h',
  'version',
  'v',
]);
/** `oci-worker` and `containerd-worker` are strings ("true", "false", "auto") although they look boolean. */
const BUILDKITD_STRING = new Set(['oci-worker', 'containerd-worker']);

/** rootlesskit's boolean flags (cmd/rootlesskit, 0.14 to 3.0). */
const ROOTLESSKIT_BOOLEAN = new Set([
  'debug',
  'disable-host-loopback',
  'pidns',
  'cgroupns',
  'utsns',
  'ipcns',
  'reaper-disable',
  'ipv6',
  'detach-netns',
  'help',
  'h',
  'version',
  'v',
]);

export interface CommandLine {
  readonly flags: Flags;
  /** What follows the last flag. */
  readonly rest: readonly string[];
}

function parse(args: readonly string[], isBoolean: (name: string) => boolean): CommandLine {
  const flags: { [name: string]: string[] } = Object.create(null);
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      at++;
      break;
    }
    const found = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg);
    if (found?.[1] === undefined) break;
    const name = found[1];
    let value = found[2];
    if (value === undefined) {
      if (isBoolean(name)) value = 'true';
      else value = args[++at] ?? '';
    }
    const given = flags[name];
    if (given === undefined) flags[name] = [value];
    else given.push(value);
  }
  return { flags, rest: args.slice(at) };
}

export const parseBuildkitdArgs = (args: readonly string[]): CommandLine =>
  parse(args, (name) => BUILDKITD_BOOLEAN.has(name) && !BUILDKITD_STRING.has(name));

/** The flags of a buildkitd that also takes those behind other words, as since v0.31.0 (urfave/cli v3). */
export function flagsPastWords(args: readonly string[]): Flags {
  const flags: { [name: string]: string[] } = Object.create(null);
  for (let rest = args; rest.length > 0; ) {
    const read = parseBuildkitdArgs(rest);
    for (const [name, values] of Object.entries(read.flags)) flags[name] = [...(flags[name] ?? []), ...values];
    if (rest[rest.length - read.rest.length - 1] === '--') break;
    rest = read.rest.slice(1);
  }
  return flags;
}

export interface RootlesskitCommand {
  readonly flags: Flags;
  /** The flags as written, without the command that follows them. */
  readonly args: readonly string[];
  readonly command: readonly string[];
}

export function parseRootlesskitArgs(args: readonly string[]): RootlesskitCommand {
  const { flags, rest } = parse(args, (name) => ROOTLESSKIT_BOOLEAN.has(name));
  return { flags, args: args.slice(0, args.length - rest.length), command: rest };
}
