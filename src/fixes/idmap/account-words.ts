import type { Accounts } from '../../facts/target/accounts.ts';
import { clauseFor, type Engine } from '../../knowledge/engines.ts';
import type { Account } from '../../model/look.ts';

/** What makes newuidmap know the account, or serve this session of it. */
export function accountWords({ uid, name }: Account, { users, readable }: Accounts, container: Engine | null): string {
  const local = users.find((user) => user.uid === uid);
  if (name !== null && local !== undefined)
    return `Start buildkitd in a session of ${name} whose group is ${local.gid}: leave the shell that newgrp or sg opened, or log in again.`;
  if (local !== undefined) return 'As root, put files back into the passwd line of /etc/nsswitch.conf.';
  if (!readable) return 'As root:\nchmod 644 /etc/passwd';
  return container === null
    ? `Create the account (as root: useradd --uid ${uid} NAME) or repair the directory service that should know it.`
    : `Give the image an account for it (RUN echo "user:x:${uid}:${uid}::/home/user:/bin/sh" >>/etc/passwd, with lines in /etc/subuid and /etc/subgid), or run the container as an account that it has, for moby/buildkit:rootless 1000: ${clauseFor(container, ['account', '1000'])}`;
}
