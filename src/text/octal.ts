/** A mode as chmod(1) takes it, with at least four digits. */
export const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');
