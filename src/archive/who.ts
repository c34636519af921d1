import { UsageError } from '../host/usage-error.ts';
import type { Account, Identity, Request } from '../model/look.ts';
import { nearest } from '../text/nearest.ts';
import { visible } from '../text/visible.ts';
import type { Tree } from './tree.ts';

/** Whose BuildKit is examined, and by what that was decided where the person did not say it. */
export interface Chosen {
  readonly identity: Identity;
  /** A sentence; null where the person named the target. */
  readonly because: string | null;
}

const ROOT: Account = { uid: 0, gid: 0, groups: [0], name: 'root', home: '/root', shell: null };
const UNITS = /^\/(?:etc|usr\/lib|lib|usr\/local\/lib|run)\/systemd\/system\/[^/]*buildkit[^/]*\.service$/i;

/** The person's choice, else the account of a buildkitd unit, else the first with subordinate ids, else root. Throws UsageError for an account that the archive does not have. */
export function whoIsIn(tree: Tree, { user, mode }: Request): Chosen {
  const accounts = accountsIn(tree);
  if (mode === 'rootful' && user !== null && user !== 'root' && user !== '0')
    throw new UsageError(`rootful mode means root: leave out --user ${visible(user)}`);
  if (mode === 'rootful' || user === 'root' || user === '0') return { identity: identityOf(ROOT), because: null };
  if (user !== null) return { identity: identityOf(named(user, accounts)), because: null };
  const found = startedFor(tree, accounts) ?? firstWithIds(tree, accounts);
  if (found !== null && !(mode === 'rootless' && found.account.uid === 0))
    return { identity: identityOf(found.account), because: found.because };
  if (mode === 'rootless')
    throw new UsageError('nobody in the archive has subordinate ids: name the account with --user NAME');
  const because = 'root is examined: the archive shows no unit of buildkitd, and nobody with subordinate ids';
  return { identity: identityOf(ROOT), because };
}

const identityOf = (target: Account): Identity => ({
  self: ROOT,
  target,
  mode: target.uid === 0 ? 'rootful' : 'rootless',
  sudoUser: null,
});

interface Candidate {
  readonly account: Account;
  readonly because: string;
}

/** A system unit's User=, or whoever has a unit of his own. */
function startedFor(tree: Tree, accounts: readonly Account[]): Candidate | null {
  for (const [path] of tree.nodes) {
    const text = UNITS.test(path) ? textOf(tree, path) : null;
    if (text === null || !/^ExecStart=.*buildkitd/m.test(text)) continue;
    const name = /^User=(\S+)/m.exec(text)?.[1] ?? 'root';
    const account =
      name === 'root' || name === '0' ? ROOT : accounts.find((one) => one.name === name || String(one.uid) === name);
    if (account !== undefined)
      return { account, because: `${account.name} is examined: ${path} starts buildkitd as that account` };
  }
  for (const account of accounts) {
    const home = `${account.home}/.config/systemd/user/`;
    const own = [...tree.nodes.keys()].find((path) => path.startsWith(home) && isBuildkitUnit(path));
    if (own !== undefined && account.uid !== 0)
      return { account, because: `${account.name} is examined: ${own} starts buildkitd` };
  }
  return null;
}

function firstWithIds(tree: Tree, accounts: readonly Account[]): Candidate | null {
  for (const file of ['/etc/subuid', '/etc/subgid'])
    for (const line of (textOf(tree, file) ?? '').split('\n')) {
      const owner = line.split(':')[0]?.trim();
      const account = accounts.find(({ name, uid }) => owner !== '' && (name === owner || String(uid) === owner));
      if (account !== undefined && account.uid !== 0)
        return { account, because: `${account.name} is examined: the first in ${file}` };
    }
  return null;
}

function named(wanted: string, accounts: readonly Account[]): Account {
  const found = accounts.find(({ name }) => name === wanted) ?? accounts.find(({ uid }) => String(uid) === wanted);
  if (found !== undefined) return found;
  if (/^\d{1,10}$/.test(wanted) && Number(wanted) <= 4294967294) {
    const id = Number(wanted);
    return { uid: id, gid: id, groups: [id], name: null, home: null, shell: null };
  }
  if (accounts.length === 0)
    throw new UsageError(`the archive has no list of accounts: give the id of ${visible(wanted)}, --user UID`);
  const close = nearest(
    wanted,
    accounts.flatMap(({ name }) => name ?? []),
  );
  throw new UsageError(
    `there is no user "${visible(wanted)}" in the archive${close === null ? '' : `; did you mean "${visible(close)}"?`}`,
  );
}

const MOST_TEXT = 8 * 1024 * 1024;

function textOf(tree: Tree, path: string): string | null {
  const node = tree.nodes.get(path);
  return node?.kind === 'file' && node.size <= MOST_TEXT ? (node.content()?.toString('utf8') ?? null) : null;
}

function accountsIn(tree: Tree): readonly Account[] {
  const groups = (textOf(tree, '/etc/group') ?? '').split('\n').map((line) => line.split(':'));
  return (textOf(tree, '/etc/passwd') ?? '').split('\n').flatMap((line): Account[] => {
    const [name, , uid, gid, , home, shell] = line.split(':');
    if (!name || !isId(uid) || !isId(gid)) return [];
    const more = groups.filter(([, , id, members]) => isId(id) && (members ?? '').split(',').includes(name));
    const all = new Set([Number(gid), ...more.map(([, , id]) => Number(id))]);
    const ids = { uid: Number(uid), gid: Number(gid), groups: [...all].sort((a, b) => a - b) };
    return [{ ...ids, name, home: home || null, shell: shell || null }];
  });
}

const isId = (text: string | undefined): boolean => /^\d{1,10}$/.test(text ?? '') && Number(text) <= 4294967294;

function isBuildkitUnit(path: string): boolean {
  return path.endsWith('.service') && path.slice(path.lastIndexOf('/') + 1).includes('buildkit');
}
