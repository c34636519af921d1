import type { Step } from '../model/plan.ts';
import { isVisible } from '../text/visible.ts';

/** What decides where root may change something for the account that will run buildkitd. */
export interface Rights {
  /** The account's. */
  readonly uid: number;
  /** Its home directory from the accounts' database; null unless it is the owner. */
  readonly home: string | null;
  /** Places that root itself named: on its command line, or in a unit below /etc that only root can write. */
  readonly named: readonly string[];
}

/** The system's own configuration, where root writes what bk-doctor itself words. */
const SYSTEM_FILES = [
  '/etc/apparmor.d',
  '/etc/modprobe.d',
  '/etc/modules-load.d',
  '/etc/security/limits.d',
  '/etc/subgid',
  '/etc/subuid',
  '/etc/sysctl.d',
  '/etc/systemd',
  '/etc/tmpfiles.d',
  '/etc/udev/rules.d',
];
/** The configuration and the state of root's own daemons: nobody else's, whoever names them. */
const ROOT_FILES = ['/etc/buildkit', '/etc/cni', '/etc/containerd', '/etc/docker'];
const ROOT_PLACES = ['/var/lib/buildkit', '/run/buildkit'];

/** Directories that everybody's things are below: no word on a command line makes one of them an account's. */
const SHARED = new Set([
  '/',
  ...['/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib32', '/lib64', '/proc', '/root', '/run', '/run/user'],
  ...['/sbin', '/sys', '/tmp', '/usr', '/usr/bin', '/usr/lib', '/usr/local', '/usr/sbin'],
  ...['/var', '/var/cache', '/var/lib', '/var/log', '/var/run', '/var/spool', '/var/tmp'],
]);

const HELPERS = new Set(['newuidmap', 'newgidmap']);

/** The parts of an absolute path without "." and ".."; null for any other, and for one with characters that cannot be seen. */
export function partsOf(path: string): readonly string[] | null {
  const parts = path.split('/').filter(Boolean);
  const plain = path.startsWith('/') && !parts.includes('..') && !parts.includes('.');
  return plain && isVisible(path) ? parts : null;
}

/** Is `path` that place, or below it? */
export function isBelow(path: string, place: string): boolean {
  const inner = partsOf(path);
  const outer = partsOf(place);
  return inner !== null && outer?.every((part, index) => inner[index] === part) === true;
}

/** Did root itself name the place, or one above it? */
export function isNamed(path: string, named: readonly string[]): boolean {
  return named.some((place) => !SHARED.has(`/${partsOf(place)?.join('/') ?? ''}`) && isBelow(path, place));
}

/** Does it belong to root's own buildkitd, whoever else names it? */
export function isRootsDaemon(path: string): boolean {
  return ROOT_PLACES.some((place) => isBelow(path, place));
}

/** May root change owner and mode there, give away what lies there, and make things there that belong to the account? */
export function mayOwn(path: string, { uid, home, named }: Rights): boolean {
  if (partsOf(path) === null) return false;
  const own = [`/run/user/${uid}`, ...(uid === 0 ? ROOT_PLACES : [])];
  if (own.some((place) => isBelow(path, place)) || isNamed(path, named)) return true;
  return home !== null && isBelow(path, home) && partsOf(path)?.length !== partsOf(home)?.length;
}

/** May root write files there? */
export function mayWrite(path: string, rights: Rights): boolean {
  const places = rights.uid === 0 ? [...SYSTEM_FILES, ...ROOT_FILES] : SYSTEM_FILES;
  return places.some((place) => isBelow(path, place)) || mayOwn(path, rights);
}

/** May root carry out this step for the account, as far as the place goes? Steps of the account itself need no rule: the kernel keeps theirs. */
export function mayStep(step: Step, rights: Rights): boolean {
  switch (step.do) {
    case 'edit':
    case 'directory': {
      const foreign = step.owner.uid !== 0 || step.owner.gid !== 0;
      const isNew = step.do === 'directory' || step.expects === null;
      return mayWrite(step.path, rights) && (!isNew || !foreign || mayOwn(step.path, rights));
    }
    case 'remove':
      return mayWrite(step.path, rights);
    case 'owner':
      return mayOwn(step.path, rights);
    case 'mode':
      // The helpers of shadow have a rule of their own, by what they are rather than by their place.
      return ((step.from | step.to) & 0o4000) !== 0
        ? HELPERS.has(partsOf(step.path)?.at(-1) ?? '')
        : mayOwn(step.path, rights);
    case 'adopt':
      return mayOwn(step.tree, rights);
    case 'sysctl':
    case 'run':
    case 'tell':
      return true;
  }
}

/** Why root does not, in one sentence's second half. */
export const NOT_ROOTS =
  'it is neither a place of that account nor named by root itself, on its command line or in a unit below /etc';
