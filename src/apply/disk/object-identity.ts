import * as fs from 'node:fs';
import { bootId } from '../../host/looks/boot.ts';
import { type Handle, statOf } from './handle.ts';

/** Which object it was, so that it is known again after a boot, which may number the disks anew. Decimal strings. */
export interface ObjectIdentity {
  readonly dev: string;
  readonly ino: string;
  /** Time of birth, in nanoseconds; null (or absent in old journals) where the file system tells none. */
  readonly born?: string | null;
  /** The boot in which `dev` was given out; absent in old journals. */
  readonly boot?: string;
}

export function identityOf(handle: Handle): ObjectIdentity {
  const stat = statOf(handle);
  return {
    dev: String(stat.dev),
    ino: String(stat.ino),
    born: keepsBirth(handle) ? bornOf(stat) : null,
    boot: bootId(),
  };
}

const OVERLAYFS = 0x794c7630;

/** Do objects there keep their time of birth? overlayfs gives one another when it first changes anything of it. */
export function keepsBirth(handle: Handle): boolean {
  return areBirthsTold() && fs.statfsSync(handle.path).type !== OVERLAYFS;
}

/** Without statx(2) Node gives the time of the last change instead. /proc has neither births nor, with statx, such a time. */
function areBirthsTold(): boolean {
  return fs.statSync('/proc', { bigint: true }).birthtimeNs === 0n;
}

export function bornOf({ birthtimeNs }: fs.BigIntStats): string | null {
  return birthtimeNs > 0n ? String(birthtimeNs) : null;
}

/**
 * Is it that object? Inode and time of birth stay over a boot. Where no birth is told, the number of the device counts
 * in the boot that gave it out, and the inode alone after it.
 */
export function isThatObject(stat: fs.BigIntStats, { dev, ino, born = null, boot }: ObjectIdentity): boolean {
  if (String(stat.ino) !== ino) return false;
  if (born !== null && areBirthsTold()) return bornOf(stat) === born;
  return (boot !== undefined && boot !== bootId()) || String(stat.dev) === dev;
}
