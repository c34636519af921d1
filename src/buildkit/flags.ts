import { nearest } from '../text/nearest.ts';

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

/** Every flag of buildkitd (--help of v0.11.6 and v0.32.2). */
const BUILDKITD_FLAGS: ReadonlySet<string> = new Set(
  (
    'addr allow-insecure-entitlement cdi-disabled cdi-spec-dir config containerd-cni-binary-dir ' +
    'containerd-cni-config-path containerd-cni-pool-size containerd-max-parallelism containerd-worker ' +
    'containerd-worker-addr containerd-worker-apparmor-profile containerd-worker-gc ' +
    'containerd-worker-gc-keepstorage containerd-worker-labels containerd-worker-net ' +
    'containerd-worker-rootless containerd-worker-selinux containerd-worker-snapshotter debug debugaddr ' +
    'group h help log-format log-level oci-cni-binary-dir oci-cni-config-path oci-cni-pool-size ' +
    'oci-max-parallelism oci-worker oci-worker-apparmor-profile oci-worker-binary oci-worker-gc ' +
    'oci-worker-gc-keepstorage oci-worker-labels oci-worker-net oci-worker-no-process-sandbox ' +
    'oci-worker-platform oci-worker-proxy-snapshotter-path oci-worker-rootless oci-worker-selinux ' +
    'oci-worker-snapshotter otel-socket-path proxy-network root rootless save-cache-debug tlscacert ' +
    'tlscert tlskey trace v version'
  ).split(' '),
);

/** A flag of a command line, with the words that it is made of. `unknown`: buildkitd ends with "flag provided but not defined". */
export interface WrittenFlag {
  readonly name: string;
  readonly value: string;
  /** Indexes of its first and its last word. */
  readonly first: number;
  readonly last: number;
  readonly unknown: boolean;
}

/** The flags with their places in the list of words; words in between are ignored, as buildkitd ignores them. */
export function buildkitdFlags(words: readonly string[]): readonly WrittenFlag[] {
  const found: WrittenFlag[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') break;
    const [, name, value] = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) continue;
    const first = at;
    const isSwitch = BUILDKITD_BOOLEAN.has(name) && !BUILDKITD_STRING.has(name);
    const unknown = !BUILDKITD_FLAGS.has(name);
    if (value === undefined && !isSwitch && !unknown) at++;
    found.push({
      name,
      value: value ?? (isSwitch ? 'true' : (words[at] ?? '')),
      first,
      last: Math.min(at, words.length - 1),
      unknown,
    });
  }
  return found;
}

export const nearestFlag = (name: string): string | null => nearest(name, [...BUILDKITD_FLAGS]);
