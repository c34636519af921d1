import type { Handle } from './handle.ts';
import { runTool } from './tools.ts';

export interface Executable {
  readonly handle: Handle;
  /** Its path below `below` (null: below /). */
  readonly name: string;
}
/** So many files are asked about in one go: each needs a descriptor in the child. */
export const CAPABILITY_BATCH = 64;

/**
 * Which of these regular files carry file capabilities; null when no tool here can tell. getfattr is asked about our
 * own handles; getcap follows no link, so it gets names, and what somebody swaps meanwhile is only misjudged.
 */
export function withCapabilities(
  files: readonly Executable[],
  below: Handle | null,
  transaction: string,
): ReadonlySet<number> | null {
  const found = new Set<number>();
  const paths = files.map((_, index) => `/proc/self/fd/${index + 3}`);
  const descriptors = files.map(({ handle }) => handle.fd);
  const getfattr = runTool('getfattr', ['--absolute-names', '-n', 'security.capability', ...paths], {
    descriptors,
    transaction,
  });
  if (getfattr !== null && getfattr.code !== null && !/invalid option|unrecognized/.test(getfattr.stderr)) {
    for (const [, number] of getfattr.stdout.matchAll(/^# file: \/proc\/self\/fd\/(\d+)$/gm))
      found.add(Number(number) - 3);
    return found;
  }
  for (const [index, { name }] of files.entries()) {
    const getcap = runTool('getcap', ['-n', `./${name}`], {
      ...(below === null ? {} : { directory: below }),
      transaction,
    });
    if (getcap === null || getcap.code !== 0) return null;
    if (getcap.stdout.trim() !== '') found.add(index);
  }
  return found;
}
