/** A path of an image or a context, from its root: what leads out of the root ends there. */
export function rooted(directory: string, name: string): string {
  const parts: string[] = [];
  for (const part of (name.startsWith('/') ? name : `${directory}/${name}`).split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return `/${parts.join('/')}`;
}

/** A path below a directory, both relative. */
export function joined(directory: string, name: string): string {
  if (name.startsWith('/')) return name;
  const parts: string[] = [];
  for (const part of `${directory}/${name}`.split('/'))
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return (directory.startsWith('/') ? '/' : '') + parts.join('/');
}
