import type { Look, Stat } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';

/** A program as the target's PATH finds it. */
export interface Binary {
  readonly name: string;
  readonly path: string;
  /** After all links; AppArmor and SELinux judge this one. */
  readonly realpath: string;
  readonly stat: Stat;
  readonly executable: boolean;
}

/** First match in a PATH, as execvp does: entries that are not executable regular files are passed over, but the first of them is told when nothing else is found. */
export async function findInPath({ host }: Look, name: string, path: string): Promise<Binary | null> {
  let second: Binary | null = null;
  const candidates = name.includes('/')
    ? [name]
    : path.split(':').map((directory) => `${(directory || '.').replace(/(?<!\/)\/+$/, '')}/${name}`);
  for (const candidate of candidates) {
    if (!candidate.startsWith('/')) continue;
    const stat = await host.stat(candidate, 'target').catch(asAbsent);
    if (stat === null || stat.kind !== 'file') continue;
    const executable = await host.access(candidate, 'x', 'target');
    const binary: Binary = {
      name,
      path: candidate,
      realpath: (await host.realpath(candidate, 'target').catch(asAbsent)) ?? candidate,
      stat,
      executable,
    };
    if (executable) return binary;
    second ??= binary;
  }
  return second;
}
