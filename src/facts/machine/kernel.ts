import type { Kernel } from '../../knowledge/kernels.ts';
import type { Fact } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';

/** Null when the text does not begin with MAJOR.MINOR. "4.18.0-348.2.1.el8_5.x86_64", "6.6.105+", "4.4.0-19041-Microsoft" all do. */
export function parseKernelRelease(release: string): { major: number; minor: number; patch: number } | null {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release.trim());
  if (found === null) return null;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0) };
}

export const kernel: Fact<Kernel> = {
  id: 'kernel',
  async read({ host }) {
    const [release, version] = await Promise.all([
      host.read('/proc/sys/kernel/osrelease', 'self'),
      host.read('/proc/version', 'self').catch(asAbsent),
    ]);
    const text = release?.text.trim() ?? /^Linux version (\S+)/.exec(version?.text ?? '')?.[1];
    const parsed = text === undefined ? null : parseKernelRelease(text);
    if (text === undefined || parsed === null)
      throw new Unseen(
        `the kernel release ${text === undefined ? 'cannot be read: /proc/sys/kernel/osrelease is missing' : `"${text}" has no version number`}`,
        'uname -r',
      );
    return { release: text, ...parsed, version: version?.text.trim() ?? null };
  },
};
