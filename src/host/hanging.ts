import type { Mount } from '../model/look.ts';
import { parseMountInfo } from '../text/mountinfo.ts';
import { looker } from './looks/looker.ts';

/** File systems whose server or daemon may never answer. */
const MAY_HANG = /^(nfs\d?|cifs|smb3|9p|afs|ceph|lustre|gpfs|glusterfs|autofs|fuse(\..+)?|virtiofs|ncpfs|coda)$/;

/** Mount points at which a look may hang. lxcfs serves only /proc files, systemd's automount of binfmt_misc answers at once. */
export function hangingPoints(): readonly string[] {
  return mountsHere()
    .filter(({ fstype, point }) => MAY_HANG.test(fstype) && !point.startsWith('/proc/') && !point.startsWith('/sys/'))
    .map(({ point }) => point);
}

/** More than are looked at count as one that may hang everywhere. */
function mountsHere(): readonly Pick<Mount, 'fstype' | 'point'>[] {
  try {
    return parseMountInfo(looker.read('/proc/self/mountinfo', 8 * 1024 * 1024)?.text ?? '');
  } catch {
    return [{ fstype: 'fuse', point: '/' }];
  }
}

export function isBelow(path: string, point: string): boolean {
  return path === point || path.startsWith(point === '/' ? point : `${point}/`);
}
