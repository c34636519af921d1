import type { RepairInput } from './repair-input.ts';

/**
 * The name of an account that is a number, where it keeps the repair from writing a line for the target alone: shadow and
 * rootlesskit compare a line's owner with names and with uids. Lines by uid are right for an account with such a name,
 * except for RootlessKit 1.1.0, which reads them twice, and where there are lines by name already, whoever they are for.
 */
export function mistakenFor(input: RepairInput): string | null {
  const { subids, target, accounts } = input;
  const { name, uid } = target;
  const written = ownerFor(input);
  if (written === String(uid) && accounts.users.some((user) => user.name === written && user.uid !== uid))
    return written;
  if (name === null || !isForeignNumber(name, uid)) return null;
  const lines = [...subids.uid.content.ownLines, ...subids.gid.content.ownLines];
  const byName = lines.some(({ text }) => text.split(':', 1)[0]?.trim() === name);
  return byName || readsNumbersTwice(input) ? name : null;
}

const isForeignNumber = (name: string, uid: number): boolean => /^\d+$/.test(name) && name !== String(uid);

export const readsNumbersTwice = ({ subids }: Pick<RepairInput, 'subids'>): boolean =>
  subids.dynamic !== null && subids.dropsDuplicates === false;

/** A name that every reader takes as it is written: to rootlesskit "#" begins a comment, and shadow reads no line of 1024 bytes. */
export const isPlainName = (name: string): boolean => name.length <= 256 && /^[A-Za-z0-9_][\w.@\\+-]*\$?$/.test(name);

/** Names of a directory service come in several spellings, so its users are written by number; RootlessKit 1.1.0 would read a number twice. */
export function ownerFor({ subids, target, accounts }: RepairInput): string {
  const { name, uid } = target;
  if (name === null || !isPlainName(name) || isForeignNumber(name, uid)) return String(uid);
  const local = accounts.users.some((user) => user.name === name && user.uid === uid);
  return local || readsNumbersTwice({ subids }) ? name : String(uid);
}
