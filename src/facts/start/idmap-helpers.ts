import type { Fact, Look, Mount, Ran } from '../../model/look.ts';
import { asAbsent, seen } from '../../model/unseen.ts';
import { binaries } from '../programs/binaries.ts';
import type { Binary } from '../programs/find-in-path.ts';
import { writableComponent } from '../programs/writable-component.ts';
import { environment } from '../target/environment.ts';
import { namespace } from './namespace.ts';

/** One clause of cap_from_text(3): which capabilities are in which sets. */
export interface FileCapabilities {
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  /** Owner of the user namespace for which they count; null: the first one's root. */
  readonly rootId: number | null;
  /** As printed, for putting it back. */
  readonly text: string;
}
/** newuidmap or newgidmap as rootlesskit would find it. */
export interface IdmapHelper {
  readonly name: 'newuidmap' | 'newgidmap';
  /** Null: not in PATH. */
  readonly binary: Binary | null;
  readonly capabilities: FileCapabilities | null;
  /** False: getcap could not be asked, so that `capabilities` says nothing. */
  readonly capabilitiesKnown: boolean;
  /** Was it built with libcap? Null where the file cannot be read, or need not be. */
  readonly libcap: boolean | null;
  readonly mount: Mount | null;
  /** First component of its real path that another account than root can change; null: none. */
  readonly writable: string | null;
  /** The same name where NixOS and others keep privileged wrappers, outside PATH. */
  readonly elsewhere: string | null;
}
export interface IdmapHelpers {
  readonly newuidmap: IdmapHelper;
  readonly newgidmap: IdmapHelper;
  readonly path: string;
  /** PERMISSION_SECURITY of SUSE's permissions package; null elsewhere. */
  readonly suseLevel: string | null;
}

/**
 * Reads getcap(8): "PATH cap_setuid=ep" (libcap 2.41) or "PATH = cap_setuid+ep", several clauses, "[rootid=N]" behind.
 * Null when the line names none.
 */
export function parseGetcap(output: string, path: string): FileCapabilities | null {
  const line = output.split('\n').find((one) => one.startsWith(`${path} `));
  if (line === undefined) return null;
  let text = line.slice(path.length).trim().replace(/^= /, '');
  const root = /\[rootid=(\d+)\]$/.exec(text);
  if (root !== null) text = text.slice(0, root.index).trim();
  if (text === '' || text === '=') return null;
  const effective = new Set<string>();
  const permitted = new Set<string>();
  for (const clause of text.split(/\s+/)) {
    const found = /^([a-z0-9_,]*)((?:[=+-][eip]*)+)$/i.exec(clause);
    if (found === null) continue;
    const names = found[1] === '' || found[1] === 'all' ? ['all'] : (found[1] ?? '').toLowerCase().split(',');
    for (const [, operator, flags = ''] of (found[2] ?? '').matchAll(/([=+-])([eip]*)/g)) {
      for (const name of names) {
        for (const [letter, set] of [
          ['e', effective],
          ['p', permitted],
        ] as const) {
          if (operator === '=') set.delete(name);
          if (!flags.includes(letter)) continue;
          if (operator === '-') set.delete(name);
          else set.add(name);
        }
      }
    }
  }
  return {
    effective: [...effective],
    permitted: [...permitted],
    rootId: root === null ? null : Number(root[1]),
    text,
  };
}

/** Does running the file give the capability at once (permitted and effective)? */
export function grants(capabilities: FileCapabilities | null, name: string): boolean {
  if (capabilities === null || capabilities.rootId !== null) return false;
  const has = (set: readonly string[]): boolean => set.includes(name) || set.includes('all');
  return has(capabilities.permitted) && has(capabilities.effective);
}

export const installedHelpers: Fact<IdmapHelpers> = {
  id: 'idmap-helpers',
  async read(look) {
    const { host } = look;
    const [found, { values }, security] = await Promise.all([
      look.get(binaries),
      look.get(environment),
      host.read('/etc/sysconfig/security', 'self').catch(asAbsent),
    ]);
    // Where the real chain has just mapped ids, how it came by the right to do so needs no further program.
    const worked = (await seen(look.get(namespace))).value?.launch.ok === true;
    const [newuidmap, newgidmap] = await Promise.all([
      helperOf(look, 'newuidmap', found.newuidmap, worked),
      helperOf(look, 'newgidmap', found.newgidmap, worked),
    ]);
    return {
      newuidmap,
      newgidmap,
      path: values.PATH ?? '',
      suseLevel: /^[ \t]*PERMISSION_SECURITY=["']?([^"'\n]*)/m.exec(security?.text ?? '')?.[1]?.trim() ?? null,
    };
  },
};

/** Such a helper has every right; what capabilities the file has beside that matters only where a trial failed. */
const isSetuidRoot = ({ stat }: Binary): boolean => (stat.mode & 0o4000) !== 0 && stat.uid === 0;

async function helperOf(
  look: Look,
  name: IdmapHelper['name'],
  binary: Binary | null,
  worked: boolean,
): Promise<IdmapHelper> {
  const { host } = look;
  if (binary === null)
    return {
      name,
      binary,
      capabilities: null,
      capabilitiesKnown: false,
      libcap: null,
      mount: null,
      writable: null,
      elsewhere: await elsewhereOf(look, name),
    };
  const [ran, libcap, mount, writable] = await Promise.all([
    (worked || !look.request.probe) && isSetuidRoot(binary) ? null : askGetcap(look, binary.realpath),
    worked || !isSetuidRoot(binary) ? null : usesLibcap(look, binary.realpath),
    host.mountOf(binary.realpath, 'target').catch(asAbsent),
    writableComponent(look, binary.realpath),
  ]);
  return {
    name,
    binary,
    capabilities: ran === null ? null : parseGetcap(ran.stdout, binary.realpath),
    capabilitiesKnown: ran !== null && ran.code === 0,
    libcap,
    mount,
    writable,
    elsewhere: null,
  };
}

/** By the words that shadow has only with it. */
async function usesLibcap({ host }: Look, path: string): Promise<boolean | null> {
  const text = (await host.read(path, 'self', 1024 * 1024, 'machine').catch(asAbsent))?.text;
  return text?.startsWith('\x7fELF') ? text.includes('Could not set caps') : null;
}

/** Only -n shows for which namespace capabilities count; old releases of libcap do not have it. */
async function askGetcap({ host }: Look, path: string): Promise<Ran | null> {
  const plain = await host.run('getcap', [path], 'self').catch(asAbsent);
  if (plain === null || plain.stdout.trim() === '') return plain;
  const full = await host.run('getcap', ['-n', path], 'self').catch(asAbsent);
  return full !== null && full.code === 0 && full.stdout.startsWith(path) ? full : plain;
}

async function elsewhereOf({ host }: Look, name: string): Promise<string | null> {
  for (const directory of ['/run/wrappers/bin', '/usr/bin', '/usr/sbin', '/usr/local/bin']) {
    const stat = await host.stat(`${directory}/${name}`, 'self').catch(asAbsent);
    if (stat?.kind === 'file') return `${directory}/${name}`;
  }
  return null;
}
