import type { Fact, Look } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { readSysctlNumber } from '../machine/sysctl.ts';
import { binaries } from '../programs/binaries.ts';
import { writableComponent } from '../programs/writable-component.ts';
import { matchesAttachment, type Profile, parseProfiles } from './apparmor-profiles.ts';

/** A profile on disk whose attachment covers rootlesskit's real path. */
export interface CoveringProfile {
  readonly path: string;
  readonly name: string;
  readonly allowsUserns: boolean;
  /** A link in /etc/apparmor.d/disable keeps it from being loaded. */
  readonly disabled: boolean;
  /** Null: the list of loaded profiles is for root's eyes only. */
  readonly loaded: boolean | null;
  /** Of its opening brace. */
  readonly line: number;
  /** A file that it includes for rules of this site. */
  readonly local: string | null;
}
/** Ubuntu's restriction of unprivileged user namespaces (kernel patch, Ubuntu 23.10) and what it means for rootlesskit. */
export interface AppArmorUserns {
  /** Null: this kernel has no such restriction. */
  readonly restricts: boolean | null;
  /** AppArmor itself is on; null: cannot be told. */
  readonly enabled: boolean | null;
  /** After all links; null without rootlesskit. */
  readonly binary: string | null;
  readonly covering: readonly CoveringProfile[];
  /** The first account-writable component of the binary's path; null: only root can change it. */
  readonly writable: string | null;
  /** Absolute path of a root-owned apparmor_parser; null: none. */
  readonly parser: string | null;
  /** /etc/apparmor.d/abi/4.0 exists, so the parser knows the rule `userns,`. */
  readonly abi: boolean;
  /** Where a profile of our own would go, and what is there now. */
  readonly own: { readonly path: string; readonly digest: string | null } | null;
}

export const APPARMOR_RESTRICTION = 'kernel.apparmor_restrict_unprivileged_userns';
export const DIRECTORY = '/etc/apparmor.d';

/** The path without its first slash, the others as dots: the convention for profile files and names. */
export const profileNameOf = (binary: string): string => binary.replace(/^\/+/, '').replaceAll('/', '.');

export const apparmorUserns: Fact<AppArmorUserns> = {
  id: 'apparmor-userns',
  async read(look) {
    const { host } = look;
    const [value, { rootlesskit }, enabled] = await Promise.all([
      readSysctlNumber(look, APPARMOR_RESTRICTION).catch(asAbsent),
      look.get(binaries),
      host.read('/sys/module/apparmor/parameters/enabled', 'self').catch(asAbsent),
    ]);
    const binary = rootlesskit?.realpath ?? null;
    const none: AppArmorUserns = {
      restricts: value === null ? null : value !== 0,
      enabled: enabled === null ? null : enabled.text.trim() === 'Y',
      binary,
      covering: [],
      writable: null,
      parser: null,
      abi: false,
      own: null,
    };
    if (value === null || binary === null) return none;
    const [covering, writable, parser, abi, own] = await Promise.all([
      coveringProfiles(look, binary),
      writableComponent(look, binary),
      parserOf(look),
      host.stat(`${DIRECTORY}/abi/4.0`, 'self').catch(asAbsent),
      ownFile(look, binary),
    ]);
    return { ...none, covering, writable, parser, abi: abi !== null, own };
  },
};

async function coveringProfiles(look: Look, binary: string): Promise<readonly CoveringProfile[]> {
  const { host } = look;
  const [files, disabled, loaded] = await Promise.all([
    profileFiles(look),
    host.list(`${DIRECTORY}/disable`, 'self').catch(asAbsent),
    host.read('/sys/kernel/security/apparmor/profiles', 'self').catch(asAbsent),
  ]);
  // What this prints begins with the profile's name: "rootlesskit (unconfined)".
  const live = loaded?.text.split('\n').map((line) => line.replace(/ \([a-z]+\)$/, ''));
  return files.flatMap(({ path, text }) =>
    parseProfiles(text)
      .filter((profile) => covers(profile, binary))
      .map((profile) => ({
        path,
        name: profile.name,
        allowsUserns: profile.allowsUserns,
        line: profile.line,
        local: localOf(profile),
        disabled: disabled?.includes(path.slice(DIRECTORY.length + 1)) === true,
        loaded: live === undefined ? null : live.includes(profile.name),
      })),
  );
}

/** The files that AppArmor's own service loads at boot. */
export async function profileFiles({
  host,
}: Look): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const found: { readonly path: string; readonly text: string }[] = [];
  for (const name of ((await host.list(DIRECTORY, 'self').catch(asAbsent)) ?? []).slice(0, 1000)) {
    if (name.startsWith('.') || /~$|\.(rpmsave|rpmnew|orig|dpkg-\w+)$/.test(name)) continue;
    const path = `${DIRECTORY}/${name}`;
    const file = await host.read(path, 'self', 256 * 1024).catch(asAbsent);
    if (file !== null) found.push({ path, text: file.text });
  }
  return found;
}

/** The file of a site's own rules that a profile includes. */
export function localOf({ includes }: Profile): string | null {
  const local = includes.find((file) => file.startsWith('local/'));
  return local === undefined ? null : `${DIRECTORY}/${local}`;
}

export function covers({ attachment }: Profile, binary: string): boolean {
  return attachment !== null && matchesAttachment(attachment, binary);
}

async function parserOf({ host }: Look): Promise<string | null> {
  for (const path of ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser']) {
    const stat = await host.stat(path, 'self').catch(asAbsent);
    if (stat?.kind === 'file' && stat.uid === 0 && (stat.mode & 0o022) === 0) return path;
  }
  return null;
}

async function ownFile({ host }: Look, binary: string): Promise<AppArmorUserns['own']> {
  // Names that a file cannot have, or that the parser would skip, are a person's to choose.
  const name = profileNameOf(binary);
  if (!/^[\w.+@-]{1,200}$/.test(name)) return null;
  for (const path of [`${DIRECTORY}/${name}`, `${DIRECTORY}/${name}.bk-doctor`]) {
    const { value: file } = await unlessRefused(host.read(path, 'self', 256 * 1024));
    if (file === null) return { path, digest: null };
    if (file?.text.startsWith('# Written by bk-doctor')) return { path, digest: file.digest };
  }
  return null;
}
