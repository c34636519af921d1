import type { Mount } from '../model/look.ts';

/** Parses /proc/PID/mountinfo (proc(5)); octal escapes are decoded, lines of another shape dropped. */
export function parseMountInfo(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [head, tail] = splitOnce(line, ' - ');
    if (tail === null) continue;
    const [id, parent, , root, point, options] = head.split(' ');
    const [fstype, source, superOptions] = tail.split(' ');
    if (id === undefined || parent === undefined || root === undefined || point === undefined || fstype === undefined)
      continue;
    if (!/^\d+$/.test(id)) continue;
    mounts.push({
      id: Number(id),
      parent: Number(parent),
      root: unescapeOctal(root),
      point: unescapeOctal(point),
      options: (options ?? '').split(',').filter(Boolean),
      fstype,
      source: unescapeOctal(source ?? ''),
      superOptions: (superOptions ?? '').split(',').filter(Boolean),
    });
  }
  return mounts;
}

function splitOnce(text: string, by: string): [string, string | null] {
  const at = text.indexOf(by);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + by.length)];
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
