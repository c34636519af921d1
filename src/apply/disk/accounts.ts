import * as fs from 'node:fs';
import type { Account, IdRange } from '../../model/look.ts';
import { runTool } from './tools.ts';

export type IdKind = 'uid' | 'gid';
const DATABASE = { uid: 'passwd', gid: 'group' } as const;
const RANGES = { uid: '/etc/subuid', gid: '/etc/subgid' } as const;
const MOST_BYTES = 32 * 1024 * 1024;

/** Whose ids they are, by the account databases and the ranges of subordinate ids as they are now. */
export interface Accounts {
  /** An account's own id, or one of somebody's subordinate ids; also true where that cannot be told. */
  isSomebodys(id: number, kind: IdKind): boolean;
  /** Its own ids and its subordinate ones. */
  isOf(id: number, kind: IdKind, account: Account): boolean;
}

interface Owned extends IdRange {
  readonly owner: string;
}

export function readAccounts(transaction: string): Accounts {
  const known = new Map<string, boolean>();
  // Nobody can list the ranges that a directory service gives out.
  const source = /^subid:\s*(\S+)/im.exec(textOf('/etc/nsswitch.conf') ?? '')?.[1] ?? 'files';
  const listed = source === 'files';
  const ranges = { uid: shadowRanges('uid'), gid: shadowRanges('gid') };
  const inRange = (id: number, { start, count }: IdRange): boolean => id >= start && id < start + count;
  return {
    isSomebodys(id, kind) {
      if (!listed || ranges[kind] === null || ranges[kind].some((range) => inRange(id, range))) return true;
      const key = `${kind} ${id}`;
      const found = known.get(key) ?? isAccount(id, kind, transaction);
      known.set(key, found);
      return found;
    },
    isOf(id, kind, account) {
      if (id === account[kind]) return true;
      const owners = [account.name, String(account.uid)];
      return ranges[kind]?.some((range) => owners.includes(range.owner) && inRange(id, range)) ?? false;
    },
  };
}

/** Null where a line is written otherwise than plainly: then the ranges are not all known. */
function shadowRanges(kind: IdKind): readonly Owned[] | null {
  const lines = textOf(RANGES[kind])
    ?.split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const ranges = lines?.map((line) => /^([^:]+):(\d{1,10}):(\d{1,10})$/.exec(line));
  if (ranges === undefined || ranges.includes(null)) return null;
  return ranges.map((found) => ({ owner: found?.[1] ?? '', start: Number(found?.[2]), count: Number(found?.[3]) }));
}

/** "" for no file; null for one that is no text of a reasonable size. */
function textOf(path: string): string | null {
  try {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return '';
    return stat.isFile() && stat.size <= MOST_BYTES ? fs.readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

function isAccount(id: number, kind: IdKind, transaction: string): boolean {
  const database = DATABASE[kind];
  const text = textOf(`/etc/${database}`);
  if (text === null || text.split('\n').some((line) => line.split(':')[2] === String(id))) return true;
  // Directory services too; 2: nobody has it.
  const asked = runTool('getent', [database, String(id)], { transaction });
  return asked !== null && asked.code !== 2;
}
