import type { Node } from './tree.ts';

/**
 * What sos copies whole, whatever is in it: where the archive has such a directory, what is missing below it was not on
 * the host. Of every other directory it takes single files, and nothing follows from what is missing.
 */
const COPIED_WHOLE = [
  '/etc/sysctl.d',
  '/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/etc/modprobe.d',
  '/lib/modprobe.d',
  '/usr/lib/modprobe.d',
  '/etc/systemd',
  '/lib/systemd/system',
  '/lib/systemd/user',
  '/usr/lib/systemd/system',
  '/usr/lib/systemd/user',
  '/run/systemd/system',
  '/etc/pam.d',
  '/etc/security',
  '/etc/selinux',
] as const;

/** Is what is missing there missing on the host as well? */
export function isWhole(nodes: ReadonlyMap<string, Node>): (path: string) => boolean {
  if (!nodes.has('/sos_commands')) return () => false;
  const whole = COPIED_WHOLE.filter((directory) => nodes.get(directory)?.kind === 'directory');
  const told = nodes.has('/sos_commands/kernel/sysctl_-a')
    ? ['/proc/sys/user', '/proc/sys/kernel', '/proc/sys/fs']
    : [];
  const all = [...whole, ...told];
  return (path) => all.some((directory) => path.startsWith(`${directory}/`));
}
