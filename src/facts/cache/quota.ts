import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { filesystem } from './filesystem.ts';
import { firstWrite } from './first-write.ts';

/** What disk quotas leave of the cache's file system. Limits of projects already show in its size (statfs). */
export interface Quota {
  /** Did the file system refuse a block for want of quota? */
  readonly refused: boolean;
  /** Bytes until the hard limit; null where none is known. */
  readonly left: number | null;
}

/** `quota -w -p`: a line for each file system, blocks of 1 KiB, "*" behind what is over its soft limit; 0 is no limit. */
export function parseQuota(text: string, device: string): { used: number; hard: number } | null {
  for (const line of text.split('\n')) {
    const [name, blocks, , hard] = line.trim().split(/\s+/);
    if (name !== device || !/^\d+\*?$/.test(blocks ?? '') || !/^\d+$/.test(hard ?? '')) continue;
    return { used: Number.parseInt(blocks ?? '', 10) * 1024, hard: Number(hard) * 1024 };
  }
  return null;
}

const HAS_QUOTA = /^(usrquota|grpquota|usrjquota=.*|grpjquota=.*|quota|uquota|gquota|uqnoenforce|gqnoenforce)$/;

export const quota: Fact<Quota> = {
  id: 'quota',
  async read(look) {
    const [disk, { values }, { error }] = await Promise.all([
      look.get(filesystem),
      look.get(environment),
      look.get(firstWrite),
    ]);
    const refused = error === 'EDQUOT';
    const { mount } = disk;
    if (mount === null || !mount.superOptions.some((option) => HAS_QUOTA.test(option))) return { refused, left: null };
    const ran = await look.host.run('quota', ['-w', '-p'], 'target', `${values.PATH ?? ''}:/usr/bin`).catch(asAbsent);
    const found = ran === null ? null : parseQuota(ran.stdout, mount.source);
    return { refused, left: found === null || found.hard === 0 ? null : found.hard - found.used };
  },
};
