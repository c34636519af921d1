import { nearest } from '../text/nearest.ts';

export const SNAPSHOTTER_NAMES: readonly string[] = ['auto', 'overlayfs', 'fuse-overlayfs', 'native', 'stargz'];

/** The name that was probably meant: Docker's and the kernel's names for overlayfs, and slips of case or dash; null when none is near. */
export function meantSnapshotter(name: string): string | null {
  const bare = name.toLowerCase().replace(/[^a-z]/g, '');
  if (/^(fuse|fuseoverlay|fuseoverlayfs|overlayfuse)$/.test(bare)) return 'fuse-overlayfs';
  if (/^(overlay|overlayfs|overlays|overlayfs2|ovl|ofs)$/.test(bare)) return 'overlayfs';
  if (/^(native|vfs|copy|naive)$/.test(bare)) return 'native';
  if (/^(stargz|estargz|stargzstore)$/.test(bare)) return 'stargz';
  if (/^(automatic|default)$/.test(bare)) return 'auto';
  return nearest(name, SNAPSHOTTER_NAMES);
}
