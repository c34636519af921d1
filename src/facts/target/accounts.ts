import type { Fact } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';

/** More than a hundred thousand accounts. */
const LIMIT = 16 * 1024 * 1024;

/** passwd(5) and group(5) of this host; accounts of a directory service are not in them. */
export interface Accounts {
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
  readonly groups: readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[];
  /** False: the one who looks may not read passwd(5). */
  readonly readable: boolean;
}

export function parsePasswd(text: string): Accounts['users'] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '')
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [];
  });
}

export function parseGroup(text: string): Accounts['groups'] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (!name || !/^\d+$/.test(gid ?? '')) return [];
    return [
      {
        name,
        gid: Number(gid),
        members: (members ?? '')
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean),
      },
    ];
  });
}

export const accounts: Fact<Accounts> = {
  id: 'accounts',
  async read({ host }) {
    const [passwd, group] = await Promise.all([
      unlessRefused(host.read('/etc/passwd', 'self', LIMIT)),
      host.read('/etc/group', 'self', LIMIT).catch(asAbsent),
    ]);
    return {
      users: parsePasswd(passwd.value?.text ?? ''),
      groups: parseGroup(group?.text ?? ''),
      readable: passwd.unseen === undefined,
    };
  },
};

/** Accounts other than root and `uid` that are in a group, by name or as their first group. */
export function othersInGroup({ users, groups }: Accounts, gid: number, uid: number): readonly string[] {
  const group = groups.find((one) => one.gid === gid);
  const names = [...(group?.members ?? []), ...users.filter((user) => user.gid === gid).map(({ name }) => name)];
  const own = users.find((user) => user.uid === uid)?.name;
  return [...new Set(names)].filter((name) => name !== own && name !== 'root').sort();
}
