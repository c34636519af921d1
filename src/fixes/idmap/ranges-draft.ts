import { FATAL } from '../../checks/idmap/asked.ts';
import { contains, isWithin, overlaps } from '../../checks/idmap/id-ranges.ts';
import type { SubidFile, SubidKind } from '../../facts/start/subids.ts';
import { LAST_ID } from '../../knowledge/id-ranges.ts';
import type { IdRange } from '../../model/look.ts';
import { isPlainName, readsNumbersTwice } from './line-owner.ts';
import type { RepairInput } from './repair-input.ts';

interface Kept {
  readonly range: IdRange;
  readonly line: string;
}
/** What becomes of the lines of one file that are the user's. */
export interface Draft {
  readonly remove: string[];
  readonly replace: [string, string][];
  readonly append: string[];
  readonly kept: Kept[];
}

/** Lines that an edit cannot name: it works on whole lines without their ends. */
const isPlain = (line: string): boolean => !/[\r\0\ufffd]/.test(line);

/** Keeps what is good, rewrites what means something, takes out what can never be mapped. A text: only a person can mend it. */
export function draftOf({ subids, target, outer, readsFiles }: RepairInput, kind: SubidKind): Draft | string {
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
      (outer !== null && !outer[kind].some((piece) => isWithin(range, piece))) ||
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
      return `rootlesskit stops at line ${fatal.line} of ${file.path} (${FATAL[fatal.by]}): as root, correct that line, or put "#" in front of it.`;
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
