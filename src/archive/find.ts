import type { Node, Tree } from './tree.ts';

/** Where a path leads in an archive; where it leads nowhere, whether that tells that the host had nothing there. */
export type Found =
  | { readonly path: string; readonly node: Node }
  | { readonly path: string; readonly node: null; readonly absent: boolean };

const MOST_LINKS = 40;

/** Follows links as a root directory of its own would: none leads out of the archive. */
export function finderIn(
  tree: Tree,
  isAbsent: (path: string) => boolean,
): (path: string, followLast?: boolean) => Found {
  return (path, followLast = true) => {
    let links = 0;
    let waiting = path.split('/').filter((part) => part !== '' && part !== '.');
    let at = '';
    while (waiting.length > 0) {
      const [part = '', ...rest] = waiting;
      waiting = rest;
      if (part === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
        continue;
      }
      const next = `${at}/${part}`;
      const node = tree.nodes.get(next);
      if (node === undefined) {
        const missing = [next, ...waiting].join('/');
        return { path: missing, node: null, absent: isAbsent(missing) };
      }
      if (node.link !== undefined && (waiting.length > 0 || followLast)) {
        if (++links > MOST_LINKS) return { path: next, node: null, absent: true };
        if (node.link.startsWith('/')) at = '';
        waiting = [...node.link.split('/').filter((one) => one !== '' && one !== '.'), ...waiting];
      } else at = next;
    }
    const node = tree.nodes.get(at === '' ? '/' : at);
    return node === undefined ? { path, node: null, absent: false } : { path: at === '' ? '/' : at, node };
  };
}
