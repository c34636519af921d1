import { isSince, type Release } from './version.ts';

const KNOWN_OS =
  /^(?:aix|android|darwin|macos|dragonfly|freebsd|hurd|illumos|ios|js|linux|nacl|netbsd|openbsd|plan9|solaris|windows|zos)$/i;
const KNOWN_ARCH =
  /^(?:386|i386|amd64|x86_64|x86-64|amd64p32|arm|armbe|armhf|armel|arm64|aarch64|arm64be|ppc64|ppc64le|loong64|mips|mipsle|mips64|mips64le|mips64p32|mips64p32le|ppc|riscv|riscv64|s390|s390x|sparc|sparc64|wasm)$/i;

/** What each part of a platform may hold, from a release on, newest first. */
const PLATFORM_PARTS: readonly { readonly since: Release; readonly first: RegExp; readonly later: RegExp }[] = [
  {
    since: [0, 31, 0],
    first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.%-]*(?:\+[A-Za-z0-9_.%-]+)*\))?$/,
    later: /^[A-Za-z0-9_.-]+$/,
  },
  { since: [0, 19, 0], first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.-]*\))?$/, later: /^[A-Za-z0-9_.-]+$/ },
  { since: [0, 15, 0], first: /^[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.-]*\))?$/, later: /^[A-Za-z0-9_-]+$/ },
  { since: [0, 3, 0], first: /^[A-Za-z0-9_-]+$/, later: /^[A-Za-z0-9_-]+$/ },
];

/** Why a release cannot read a platform; null where it can. */
export function platformComplaint(text: string, release: Release): string | null {
  const parts = text.split('/');
  if (text.includes(',')) return 'it holds several platforms: each is an element of the list';
  if (text.includes('*')) return 'there are no wildcards';
  if (parts.length > 3) return 'it has more than three parts';
  const { first, later } = PLATFORM_PARTS.find(({ since }) => isSince(release, since)) ?? { first: /^/, later: /^/ };
  const bad = parts.find((part, index) => !(index === 0 ? first : later).test(part));
  if (bad !== undefined)
    return bad === '' ? 'a part of it is empty' : `${JSON.stringify(bad)} has a character that platforms cannot have`;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return 'two hexadecimal digits must follow %';
  const only = parts.length === 1 ? (parts[0] ?? '').replace(/\([\s\S]*$/, '') : null;
  if (only !== null && !KNOWN_OS.test(only) && !KNOWN_ARCH.test(only))
    return 'no operating system and no processor has this name';
  return null;
}
