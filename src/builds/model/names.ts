/** Whether a text names an image. */
export function isReference(text: string): boolean {
  if (text.length > 1000) return true;
  const [name = ''] = text.split('@', 1);
  const path = name.replace(/:[\w][\w.-]{0,127}$/, '');
  return path
    .split('/')
    .every((part, index, parts) =>
      index === 0 && parts.length > 1 && /[.:A-Z]|^localhost$/.test(part)
        ? /^[A-Za-z0-9[\].:-]+$/.test(part)
        : /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(part),
    );
}

const SYSTEMS =
  /^(?:aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|linux|macos|nacl|netbsd|openbsd|plan9|solaris|wasip1|windows|zos)$/i;
const PROCESSORS =
  /^(?:386|i386|amd64|amd64p32|x86_64|x86-64|arm|armhf|armel|armbe|arm64|aarch64|arm64be|loong64|mips|mipsle|mips64|mips64le|mips64p32|mips64p32le|ppc|ppc64|ppc64le|riscv|riscv64|s390|s390x|sparc|sparc64|wasm)$/i;

/** What containerd takes for a platform: up to three parts, of which one alone must be known. */
export function isPlatform(text: string): boolean {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.()-]+$/.test(part))) return false;
  return parts.length > 1 || SYSTEMS.test(text.split('(', 1)[0] ?? '') || PROCESSORS.test(text) || text === 'local';
}
