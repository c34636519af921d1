import * as fs from 'node:fs';
import { copyAttributes, seenOf } from './attributes.ts';
import { readAll, writeAll } from './content.ts';
import { digestOf } from './digest.ts';
import { type Handle, statOf } from './handle.ts';
import { type FileLocation, type LiveFile, putFile } from './live-file.ts';
import { Refused } from './refused.ts';
import { orRefuse } from './sentence.ts';
import type { Backup, Seen, Work } from './work.ts';

/** What a backup must give back. */
export interface Kept extends Seen {
  readonly digest: string;
}

export function handleOfBackup(backup: Backup): Handle {
  return { fd: backup, path: `/proc/self/fd/${backup}`, close() {} };
}

/** Copies content and every attribute into the backup, durably. Throws Refused when anything cannot be kept. */
export async function keep(file: LiveFile, path: string, backup: Backup, work: Work): Promise<Kept> {
  return orRefuse(path, async () => {
    await orRefuse('the journal', () => {
      fs.ftruncateSync(backup, 0);
      writeAll(backup, file.content);
    });
    copyAttributes(file.handle, handleOfBackup(backup), { times: true, path, transaction: work.transaction });
    await orRefuse('the journal', () => fs.fsyncSync(backup));
    return { ...file.seen, digest: file.digest };
  });
}

/** The kept content, if it is still what was kept. */
export function keptContent(backup: Backup, kept: Kept, path: string): Buffer {
  const content = readAll(backup, path);
  const stat = seenOf(statOf(handleOfBackup(backup)));
  if (digestOf(content) !== kept.digest || stat.mode !== kept.mode || stat.uid !== kept.uid || stat.gid !== kept.gid)
    throw new Refused(`the backup of ${path} in the journal is damaged, so it is not put back`, [path]);
  return content;
}

/** Restores content and attributes from the backup. */
export async function putBack(
  place: FileLocation,
  path: string,
  kept: Kept,
  work: Work,
  backup: Backup,
): Promise<void> {
  await putFile(
    place,
    path,
    `${work.temp}-undo`,
    {
      content: keptContent(backup, kept, path),
      like: { handle: handleOfBackup(backup), times: true },
      mode: kept.mode,
      uid: kept.uid,
      gid: kept.gid,
    },
    work,
  );
}
