import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { environment } from '../target/environment.ts';
import { filesystem } from './filesystem.ts';

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
    const [disk, directory, { values }] = await Promise.all([
      look.get(filesystem),
      look.get(cacheDirectory),
      look.get(environment),
    ]);
    const { mount } = disk;
    if (mount === null || !mount.superOptions.some((option) => HAS_QUOTA.test(option)))
      return { refused: false, left: null };
    const [written, ran] = await Promise.all([
      look.request.probe && directory.writable
        ? look.host.probe('write', { directory: directory.nearest }, 'target', values).catch(asAbsent)
        : null,
      look.host.run('quota', ['-w', '-p'], 'target', `${values.PATH ?? ''}:/usr/bin`).catch(asAbsent),
    ]);
    const found = ran === null ? null : parseQuota(ran.stdout, mount.source);
    return {
      refused: written?.error === 'EDQUOT',
      left: found === null || found.hard === 0 ? null : found.hard - found.used,
    };
  },
};
