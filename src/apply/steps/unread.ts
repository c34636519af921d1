import type * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { isProved } from '../adopt/proof.ts';
import { visitTree } from '../adopt/tree.ts';
import { UNREAD } from '../adopt/vouching.ts';
import { readAccounts } from '../disk/accounts.ts';
import { readAll } from '../disk/content.ts';
import { type Handle, reopen } from '../disk/handle.ts';
import type { OwnedObject } from '../disk/owned-object.ts';
import { canPass, isOpen, withAccessLists } from '../disk/reading-rights.ts';
import { Refused } from '../disk/refused.ts';
import type { Work } from '../disk/work.ts';

/** So many entries of a closed directory are looked at, to see whose they are. */
const MOST_ENTRIES = 200_000;
/** No configuration that people write is anywhere near it. */
const MOST_BYTES = 256 * 1024;

/**
 * Refuses to give the target, by owner or mode, what it could not read: a user can move anything of root's that lies
 * in a directory of its own to where buildkitd looks for it. What buildkitd's own kind of content proves is given.
 */
export async function refuseUnread(
  { handle, stat, exclusive, way }: OwnedObject,
  path: string,
  work: Work,
): Promise<void> {
  const { uid } = work.target;
  // Where root alone can have put it, root's word for the place is its word for the thing.
  if (work.uid !== 0 || uid === 0 || stat.uid === BigInt(uid) || exclusive) return;
  if (canPass(way, work.target) && isOpen(stat) && withAccessLists([handle], work.transaction).size === 0) return;
  if (stat.isDirectory()) return refuseForeignContent(handle, path, work);
  if (isProved(handle, null) || (stat.isFile() && (await isConfiguration(handle, path, stat)))) return;
  throw new Refused(`${visible(path)} ${UNREAD}: move it away, or give it to the account yourself`, [path]);
}

/** A closed directory is given when nothing in it is anybody else's: only its name was closed. */
async function refuseForeignContent(directory: Handle, path: string, work: Work): Promise<void> {
  const accounts = readAccounts(work.transaction);
  const refuse = (): never => {
    throw new Refused(
      `${visible(path)} is closed to the account and holds what is not its own: look at that first, or give it yourself`,
      [path],
    );
  };
  let seen = 0;
  await visitTree(
    directory,
    ({ stat }) => {
      if (++seen > MOST_ENTRIES || !accounts.isOf(stat.uid, 'uid', work.target)) refuse();
    },
    refuse,
  );
}

/** Nothing but settings of buildkitd's, without a comment or a secret. */
async function isConfiguration(handle: Handle, path: string, { size }: fs.BigIntStats): Promise<boolean> {
  if (!path.endsWith('.toml') || size > BigInt(MOST_BYTES)) return false;
  const open = reopen(handle);

  let bytes: Buffer;
  try {
    bytes = readAll(open.fd, path);
  } finally {
    open.close();
  }
  const text = bytes.toString('utf8');
  if (text.includes('#') || !Buffer.from(text, 'utf8').equals(bytes)) return false;
  const [{ readConfig }, { maskToml }] = await Promise.all([
    import('../../buildkit/config/read.ts'),
    import('../../secrets/toml.ts'),
  ]);
  const secrets: string[] = [];
  maskToml(text, (secret) => secrets.push(secret));
  const { problems, values, syntax } = readConfig(text, { min: null, max: null, text: null });
  return secrets.length === 0 && syntax === null && values.length > 0 && problems.every(({ kind }) => KNOWN.has(kind));
}

/** Problems of a setting that buildkitd has, or had. */
const KNOWN = new Set<string>(['newer', 'deprecated', 'no-effect', 'wrong-type', 'letter-case']);
