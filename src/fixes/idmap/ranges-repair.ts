import { FULL } from '../../knowledge/id-ranges.ts';
import { mistakenFor, ownerFor } from './line-owner.ts';
import { type Draft, draftOf } from './ranges-draft.ts';
import { allocate, noRoom } from './ranges-room.ts';
import type { RepairInput } from './repair-input.ts';

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
/** How the user gets usable ranges. A text: only a person can give them. */
export function repairRanges(input: RepairInput): readonly FileRepair[] | string {
  const { subids } = input;
  const told = standsAgainst(input);
  if (told !== null) return told;
  const [uid, gid] = [draftOf(input, 'uid'), draftOf(input, 'gid')];
  if (typeof uid === 'string') return uid;
  if (typeof gid === 'string') return gid;
  const drafts = { uid, gid };
  const wanting = (['uid', 'gid'] as const).filter((kind) => totalOf(drafts[kind]) < FULL);
  if (wanting.length > 0) {
    const found = allocate(input, wanting, drafts);
    if (found === null) return noRoom(input);
    const owner = ownerFor(input);
    for (const kind of wanting) drafts[kind].append.push(`${owner}:${found.start}:${found.count}`);
  }
  const files = (['uid', 'gid'] as const).flatMap((kind): FileRepair[] => {
    const { remove, replace, append } = drafts[kind];
    if (remove.length + replace.length + append.length === 0) return [];
    return [{ path: subids[kind].path, expects: subids[kind].digest, remove, replace, append }];
  });
  return files.length > 0 ? files : nothingToWrite(input);
}

/** Words where no line is to blame that an edit could name. */
function nothingToWrite({ subids, target }: RepairInput): string {
  const withNul = (['uid', 'gid'] as const).find((kind) =>
    subids[kind].content.ignored.some(({ text }) => text.includes('\0')),
  );
  return withNul === undefined
    ? `Look at the lines of ${target.name ?? target.uid} in /etc/subuid and /etc/subgid.`
    : `${subids[withNul].path} holds NUL bytes, which hide the line after them: as root, tr -d '\\0' <${subids[withNul].path} >/tmp/sub${withNul}, compare, and put it in its place.`;
}

/** What keeps both files from being edited here, and what a person does about it; null: nothing. */
function standsAgainst(input: RepairInput): string | null {
  const { subids, target, system } = input;
  const name = target.name ?? String(target.uid);
  if (system === 'nixos')
    return `NixOS writes both files itself: set users.users.${JSON.stringify(name)}.autoSubUidGidRange = true in /etc/nixos/configuration.nix and run nixos-rebuild switch as root.`;
  if (subids.source !== 'files')
    return `nsswitch.conf takes subordinate ids from "${subids.source}", so /etc/subuid and /etc/subgid are not read. With FreeIPA: ipa subid-generate --owner=${name}; otherwise give ${name} a range there, or change the line to "subid: files".`;
  const number = mistakenFor(input);
  if (number !== null)
    return `The name of an account is ${number}, which is not its uid: a line of that name counts for uid ${number} as well, and every other way of writing one is read twice or by another account here. Rename it, as root: usermod --login NAME ${number}`;
  for (const kind of ['uid', 'gid'] as const) {
    const file = subids[kind];
    if (file.state === 'link')
      return `${file.path} is a symbolic link, which newuidmap does not follow: put the file itself there. As root:\ncp --remove-destination "$(readlink -f ${file.path})" ${file.path}`;
    if (file.state === 'other')
      return `${file.path} is not a regular file: move it away, then create an empty file with mode 0644.`;
    if (file.state === 'file' && !file.readable)
      return `Let everybody read it, as is usual. As root:\nchmod 0644 ${file.path}`;
    if (!file.known) return `${file.path} cannot be read here: run the check as root.`;
  }
  return null;
}

const totalOf = ({ kept }: Draft): number => kept.reduce((total, { range }) => total + range.count, 0);
