import type { Fact, HostReader, Look } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';

/** One line of a sysctl.d file. `key` has slashes, as below /proc/sys; a glob keeps its `*`. */
export interface SysctlAssignment {
  readonly key: string;
  /** Null for "-key": no glob is to set it, and no earlier line (sysctl.d(5)). */
  readonly value: string | null;
  /** From 1. */
  readonly line: number;
}
/** A file that is applied at boot. */
export interface SysctlFile {
  readonly path: string;
  readonly digest: string;
  readonly assignments: readonly SysctlAssignment[];
}
/** What sets kernel values at boot, in the order in which it is applied: later assignments win. */
export interface SysctlFiles {
  /** Which program applies them; null: nothing here seems to (a container, a minimal system). */
  readonly applier: 'systemd' | 'procps' | null;
  readonly files: readonly SysctlFile[];
  /** sysctl.KEY=VALUE of the kernel's command line (Linux 5.8); applied before any file. */
  readonly commandLine: readonly SysctlAssignment[];
  /** Files that this account may not read, so that their content is unknown. */
  readonly unreadable: readonly string[];
  /** Does /etc/sysctl.d exist? */
  readonly directory: boolean;
}
/** The value that a key will get at boot, and who gives it. */
export interface SetAtBoot {
  readonly value: string;
  readonly path: string;
  /** 0 for the kernel's command line. */
  readonly line: number;
}

/** By priority: of files with one name only the first directory's counts (sysctl.d(5), sysctl(8)). */
const DIRECTORIES = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];
const LEGACY = '/etc/sysctl.conf';

/** The first separator decides: "a.b/c" and "a/b.c" both are a/b.c (sysctl.d(5)). */
export function sysctlPath(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  if (first !== '.') return key;
  return key.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}

/** Never throws; lines that are no assignment are passed over, as the tools pass over them. */
export function parseSysctlConf(text: string): readonly SysctlAssignment[] {
  const found: SysctlAssignment[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const at = line.indexOf('=');
    if (at < 0 && !line.startsWith('-')) continue;
    const name = at < 0 ? line : line.slice(0, at);
    const key = name.trim().replace(/^-/, '').trim();
    const value = at < 0 ? null : line.slice(at + 1).trim();
    if (key !== '') found.push({ key: sysctlPath(key), value, line: index + 1 });
  }
  return found;
}

/** The sysctl.* parameters of a kernel command line, in order. */
export function parseCommandLine(text: string): readonly SysctlAssignment[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const found = /^sysctl[./]([^=]+)=(.*)$/.exec(word);
      return found?.[1] === undefined ? [] : [{ key: sysctlPath(found[1]), value: found[2] ?? '', line: 0 }];
    });
}

/** What the key will be after the next boot; null: nothing sets it, so the kernel's own default stays. */
export function setAtBoot({ files, commandLine }: SysctlFiles, key: string): SetAtBoot | null {
  const path = sysctlPath(key);
  const assigned = files.flatMap((file) => file.assignments.map((one) => ({ ...one, path: file.path })));
  const isGlob = ({ key: written }: SysctlAssignment): boolean => /[*?[]/.test(written) && matchesGlob(written, path);
  // Globs leave alone what an explicit line names, whichever comes first.
  const last = assigned.findLast(({ key: written }) => written === path) ?? assigned.findLast(isGlob);
  if (last !== undefined && last.value !== null) return { value: last.value, path: last.path, line: last.line };
  const early = commandLine.findLast((one) => one.key === path)?.value;
  return early == null ? null : { value: early, path: '/proc/cmdline', line: 0 };
}

function matchesGlob(glob: string, path: string): boolean {
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  try {
    return new RegExp(`^${source}$`).test(path);
  } catch {
    return false;
  }
}

/** "99-sysctl.conf" of "/etc/sysctl.d/99-sysctl.conf". */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Order of strcmp(3): by bytes. */
export function byBytes(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export const sysctlFiles: Fact<SysctlFiles> = {
  id: 'sysctl-files',
  async read(look) {
    const { host } = look;
    const [listed, applier, cmdline] = await Promise.all([
      Promise.all(
        DIRECTORIES.map(async (directory) => [directory, await host.list(directory, 'self').catch(asAbsent)] as const),
      ),
      applierOf(look),
      host.read('/proc/cmdline', 'self').catch(asAbsent),
    ]);
    const winners = new Map<string, string>();
    for (const [directory, names] of listed)
      for (const name of names ?? [])
        if (name.endsWith('.conf') && !winners.has(name)) winners.set(name, `${directory}/${name}`);
    const paths = [...winners].sort(([a], [b]) => byBytes(a, b)).map(([, path]) => path);
    // systemd reads it only through a link such as 99-sysctl.conf; procps reads it in any case, and last.
    if (applier === 'procps') paths.push(LEGACY);
    const unreadable: string[] = [];
    const files = await Promise.all(paths.map((path) => readOne(host, path, unreadable)));
    return {
      applier,
      files: files.filter((file) => file !== null),
      commandLine: parseCommandLine(cmdline?.text ?? ''),
      unreadable: unreadable.sort(byBytes),
      directory: listed[0]?.[1] !== null,
    };
  },
};

async function readOne(host: HostReader, path: string, unreadable: string[]): Promise<SysctlFile | null> {
  const { value: reading, unseen } = await unlessRefused(host.read(path, 'self'));
  if (unseen !== undefined) {
    // A link to /dev/null is the way to mask a file of another directory.
    const kind = (await host.stat(path, 'self').catch(asAbsent))?.kind;
    if (kind === undefined || kind === 'file') unreadable.push(path);
    return null;
  }
  if (reading === null) return null;
  return {
    path,
    // Counted only where it is asked for.
    get digest() {
      return reading.digest;
    },
    assignments: parseSysctlConf(reading.text),
  };
}

async function applierOf({ host }: Look): Promise<SysctlFiles['applier']> {
  if ((await host.stat('/run/systemd/system', 'self').catch(asAbsent))?.kind === 'directory') return 'systemd';
  for (const sign of [
    '/run/openrc',
    '/sbin/openrc',
    '/etc/init.d/procps',
    '/etc/init.d/sysctl',
    '/etc/sv',
    '/etc/runit',
  ])
    if ((await host.stat(sign, 'self').catch(asAbsent)) !== null) return 'procps';
  return null;
}

/** A running value as one number; null where the kernel has no such key. */
export async function readSysctlNumber({ host }: Look, key: string): Promise<number | null> {
  const file = await host.read(`/proc/sys/${sysctlPath(key)}`, 'target');
  const text = file?.text.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}
