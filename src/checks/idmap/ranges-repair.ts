import type { SubidFile, SubidKind, Subids } from '../../facts/start/subids.ts';
import type { Accounts } from '../../facts/target/accounts.ts';
import type { LoginDefs } from '../../facts/target/login-defs.ts';
import type { Account, IdRange } from '../../model/look.ts';
import { contains, directorySlice, FULL, freeRange, LAST_ID, overlaps, RESERVED } from './allocation.ts';

/** What one file needs, line by line. */
export interface FileRepair {
  readonly path: string;
  /** Null: the file is missing. */
  readonly expects: string | null;
  /** Lines to take out, wherever they stand. */
  readonly remove: readonly string[];
  readonly replace: readonly (readonly [line: string, by: string])[];
  readonly append: readonly string[];
}
/** How the user gets usable ranges; a plain object, since it is evidence. */
export type RangesRepair =
  | { readonly how: 'edit'; readonly files: readonly FileRepair[] }
  | { readonly how: 'manual'; readonly text: string };

export interface RepairInput {
  readonly subids: Subids;
  readonly target: Account;
  readonly accounts: Accounts;
  readonly login: LoginDefs;
  /** Inside ids that exist in this user namespace; null: all. */
  readonly outer: { readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] } | null;
  readonly system: string | null;
  /** Does rootlesskit read the files itself, so that one malformed line of anybody stops it? */
  readonly readsFiles: boolean;
}

interface Kept {
  readonly range: IdRange;
  readonly line: string;
}
interface Draft {
  readonly remove: string[];
  readonly replace: [string, string][];
  readonly append: string[];
  readonly kept: Kept[];
}

/** Lines that an edit cannot name: it works on whole lines without their ends. */
const isPlain = (line: string): boolean => !/[\r\0\ufffd]/.test(line);

export function repairRanges(input: RepairInput): RangesRepair {
  const { subids, target, system } = input;
  const name = target.name ?? String(target.uid);
  const manual = (text: string): RangesRepair => ({ how: 'manual', text });
  if (system === 'nixos')
    return manual(
      `NixOS writes both files itself: set users.users.${JSON.stringify(name)}.autoSubUidGidRange = true in /etc/nixos/configuration.nix and run nixos-rebuild switch as root.`,
    );
  if (subids.source !== 'files')
    return manual(
      `nsswitch.conf takes subordinate ids from "${subids.source}", so /etc/subuid and /etc/subgid are not read. With FreeIPA: ipa subid-generate --owner=${name}; otherwise give ${name} a range there, or change the line to "subid: files".`,
    );
  const number = mistakenFor(input);
  if (number !== null)
    return manual(
      `The name of an account is ${number}, which is not its uid: a line of that name counts for uid ${number} as well, and every other way of writing one is read twice or by another account here. Rename it, as root: usermod --login NAME ${number}`,
    );
  for (const kind of ['uid', 'gid'] as const) {
    const file = subids[kind];
    if (file.state === 'link')
      return manual(
        `${file.path} is a symbolic link, which newuidmap does not follow: put the file itself there, as root: cp --remove-destination "$(readlink -f ${file.path})" ${file.path}`,
      );
    if (file.state === 'other')
      return manual(`${file.path} is not a regular file: move it away, then create an empty file with mode 0644.`);
    if (file.state === 'file' && !file.readable)
      return manual(`Let everybody read it, as is usual: as root, chmod 0644 ${file.path}`);
    if (!file.known) return manual(`${file.path} cannot be read here: run the check as root.`);
  }
  const [uid, gid] = [draftOf(input, 'uid'), draftOf(input, 'gid')];
  if (typeof uid === 'string') return manual(uid);
  if (typeof gid === 'string') return manual(gid);
  const drafts = { uid, gid };
  const wanting = (['uid', 'gid'] as const).filter((kind) => totalOf(drafts[kind].kept) < FULL);
  if (wanting.length > 0) {
    const found = allocate(input, wanting, drafts);
    if (found === null) return manual(noRoom(input));
    const owner = ownerFor(input);
    for (const kind of wanting) drafts[kind].append.push(`${owner}:${found.start}:${found.count}`);
  }
  const files = (['uid', 'gid'] as const).flatMap((kind): FileRepair[] => {
    const { remove, replace, append } = drafts[kind];
    if (remove.length + replace.length + append.length === 0) return [];
    return [{ path: subids[kind].path, expects: subids[kind].digest, remove, replace, append }];
  });
  if (files.length > 0) return { how: 'edit', files };
  const withNul = (['uid', 'gid'] as const).find((kind) =>
    subids[kind].content.ignored.some(({ text }) => text.includes('\0')),
  );
  return manual(
    withNul === undefined
      ? `Look at the lines of ${name} in /etc/subuid and /etc/subgid.`
      : `${subids[withNul].path} holds NUL bytes, which hide the line after them: as root, tr -d '\\0' <${subids[withNul].path} >/tmp/sub${withNul}, compare, and put it in its place.`,
  );
}

const totalOf = (kept: readonly Kept[]): number => kept.reduce((total, { range }) => total + range.count, 0);

/** Keeps what is good, rewrites what means something, takes out what can never be mapped. A text: only a person can mend it. */
function draftOf({ subids, target, outer, readsFiles }: RepairInput, kind: SubidKind): Draft | string {
  const file: SubidFile = subids[kind];
  const draft: Draft = { remove: [], replace: [], append: [], kept: [] };
  const own = kind === 'uid' ? target.uid : target.gid;
  const owners = [target.name, String(target.uid)].filter((owner) => owner !== null);
  const { shadow, ignored, fatal, ownLines } = file.content;
  const numberIsTwice = readsNumbersTwice({ subids }) && target.name !== null;
  for (const { line, text } of ownLines) {
    if (!isPlain(text) || text.length >= 1000)
      return `Line ${line} of ${file.path} has bytes that do not belong there (Windows line ends?): as root, sed -i 's/\\r$//' ${file.path}, or correct the line in an editor.`;
    const accepted = shadow.find((entry) => entry.line === line && owners.includes(entry.owner));
    const meant = accepted ?? meaningOf(text, owners);
    if (meant === null) {
      // Nobody can read it, so nobody has used it: it stays as a comment.
      draft.replace.push([text, `# ${text}`]);
      continue;
    }
    const range = { start: meant.start, count: meant.count };
    const useless =
      range.count <= 0 ||
      range.start + range.count > LAST_ID + 1 ||
      contains(range, own) ||
      (outer !== null && !outer[kind].some((piece) => inOnePiece(piece, range))) ||
      draft.kept.some((kept) => overlaps(kept.range, range));
    if (useless) {
      if (!draft.remove.includes(text)) draft.remove.push(text);
      continue;
    }
    const owner = numberIsTwice && target.name !== null && isPlainName(target.name) ? target.name : meant.owner;
    const written = `${owner}:${range.start}:${range.count}`;
    draft.kept.push({ range, line: written });
    if (written !== text) draft.replace.push([text, written]);
  }
  // Equal lines go together, so the one that is kept is written anew.
  const replace = draft.replace.filter(([text]) => !draft.remove.includes(text));
  for (const { line } of draft.kept) {
    const stands = ownLines.some(({ text }) => text === line) && !draft.remove.includes(line);
    if (!stands && !replace.some(([, by]) => by === line) && !draft.append.includes(line)) draft.append.push(line);
  }
  if (readsFiles && fatal !== null && !ownLines.some(({ line }) => line === fatal.line)) {
    const isUnread = ignored.some(({ line }) => line === fatal.line);
    if (!isUnread || !isPlain(fatal.text) || fatal.text.length >= 200)
      return `rootlesskit stops at line ${fatal.line} of ${file.path} (${fatal.why}): as root, correct that line, or put "#" in front of it.`;
    replace.push([fatal.text, `# ${fatal.text}`]);
  }
  return { ...draft, replace };
}

/** What a line that no reader takes was surely meant to say; null where that is not plain. */
function meaningOf(text: string, owners: readonly string[]): { owner: string; start: number; count: number } | null {
  const [owner = '', start = '', count = '', ...rest] = text
    .replace(/^\ufeff/, '')
    .split(':')
    .map((part) => part.trim());
  if (!owners.includes(owner) || rest.some((part) => part !== '')) return null;
  if (!/^\d{1,10}$/.test(start) || !/^\d{1,10}$/.test(count)) return null;
  return { owner, start: Number(start), count: Number(count) };
}

const inOnePiece = (piece: IdRange, range: IdRange): boolean =>
  range.start >= piece.start && range.start + range.count <= piece.start + piece.count;

/** The same range in both files where both lack one. */
function allocate(
  { subids, target, accounts, login, outer }: RepairInput,
  wanting: readonly SubidKind[],
  drafts: { readonly [K in SubidKind]: Draft },
): IdRange | null {
  const slice = directorySlice(target.uid);
  const taken: IdRange[] = [
    ...RESERVED,
    { start: target.uid, count: 1 },
    { start: target.gid, count: 1 },
    ...accounts.users.map(({ uid }) => ({ start: uid, count: 1 })),
    ...accounts.groups.map(({ gid }) => ({ start: gid, count: 1 })),
    ...(slice === null ? [] : [slice]),
  ];
  const everyone = [...taken];
  for (const kind of ['uid', 'gid'] as const) {
    const ranges = [
      ...subids[kind].content.shadow.map(({ start, count }) => ({ start, count })),
      ...drafts[kind].kept.map(({ range }) => range),
    ];
    everyone.push(...ranges);
    if (wanting.includes(kind)) taken.push(...ranges);
  }
  const limits = wanting.includes('uid') ? login.uid : login.gid;
  const count = Math.max(limits.count, FULL);
  const within =
    outer === null ? null : wanting.length === 2 ? intersect(outer.uid, outer.gid) : outer[wanting[0] ?? 'uid'];
  const mate = wanting.length === 1 ? drafts[wanting[0] === 'uid' ? 'gid' : 'uid'].kept[0]?.range : undefined;
  if (mate !== undefined && mate.count >= FULL && !taken.some((range) => overlaps(range, mate))) {
    if (within === null || within.some((piece) => inOnePiece(piece, mate))) return mate;
  }
  return (
    freeRange(everyone, limits, count, within) ??
    freeRange(everyone, limits, FULL, within) ??
    (within === null ? null : freeRange(everyone, { min: 0, max: LAST_ID }, FULL, within))
  );
}

function intersect(a: readonly IdRange[], b: readonly IdRange[]): readonly IdRange[] {
  return a.flatMap((one) =>
    b.flatMap((other) => {
      const start = Math.max(one.start, other.start);
      const end = Math.min(one.start + one.count, other.start + other.count);
      return end > start ? [{ start, count: end - start }] : [];
    }),
  );
}

/**
 * The name of an account that is a number, where it keeps the repair from writing a line for the target alone: shadow and
 * rootlesskit compare a line's owner with names and with uids. Lines by uid are right for an account with such a name,
 * except for RootlessKit 1.1.0, which reads them twice, and where there are lines by name already, whoever they are for.
 */
function mistakenFor(input: RepairInput): string | null {
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
const readsNumbersTwice = ({ subids }: Pick<RepairInput, 'subids'>): boolean =>
  subids.dynamic !== null && subids.dropsDuplicates === false;

/** A name that every reader takes as it is written: to rootlesskit "#" begins a comment, and shadow reads no line of 1024 bytes. */
const isPlainName = (name: string): boolean => name.length <= 256 && /^[A-Za-z0-9_][\w.@\\+-]*\$?$/.test(name);

/** Names of a directory service come in several spellings, so its users are written by number; RootlessKit 1.1.0 would read a number twice. */
function ownerFor({ subids, target, accounts }: RepairInput): string {
  const { name, uid } = target;
  if (name === null || !isPlainName(name) || isForeignNumber(name, uid)) return String(uid);
  const local = accounts.users.some((user) => user.name === name && user.uid === uid);
  return local || readsNumbersTwice({ subids }) ? name : String(uid);
}

function noRoom({ outer, login }: RepairInput): string {
  if (outer === null)
    return `No 65536 ids in a row are free between ${login.uid.min} and ${login.uid.max}: raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs, or take ranges from accounts that no longer need them.`;
  const width = outer.uid.map(({ start, count }) => `${start}-${start + count - 1}`).join(', ');
  return `Only the ids ${width} exist in this container, too few for 65536 more beside its own accounts. Widen its id map on the host: LXD or Incus "lxc config set NAME security.idmap.size 200000" and restart it; Proxmox "lxc.idmap" lines in /etc/pve/lxc/ID.conf; or run buildkitd on the host or in a virtual machine.`;
}
