/** Numbers of Linux (asm-generic/errno.h) for which libuv has no name. */
const NAMELESS: { readonly [number: string]: string } = {
  '-116': 'ESTALE',
  '-117': 'EUCLEAN',
  '-122': 'EDQUOT',
  '-123': 'ENOMEDIUM',
  '-126': 'ENOKEY',
  '-127': 'EKEYEXPIRED',
  '-128': 'EKEYREVOKED',
  '-129': 'EKEYREJECTED',
};

/** The errno's name of a Node error, or its message. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, code } = error as NodeJS.ErrnoException;
  return NAMELESS[String(errno)] ?? code ?? error.message;
}
