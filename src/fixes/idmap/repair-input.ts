import type { Subids } from '../../facts/start/subids.ts';
import type { Accounts } from '../../facts/target/accounts.ts';
import type { LoginDefs } from '../../facts/target/login-defs.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { Account, IdRange } from '../../model/look.ts';

/** What decides which ranges the user gets, and how they are written. */
export interface RepairInput {
  readonly subids: Subids;
  readonly target: Account;
  readonly accounts: Accounts;
  readonly login: LoginDefs;
  /** Inside ids that exist in this user namespace; null: all. */
  readonly outer: { readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] } | null;
  readonly system: string | null;
  /** Who made the container around it; null: none is known. */
  readonly engine: Engine | null;
  /** Does rootlesskit read the files itself, so that one malformed line of anybody stops it? */
  readonly readsFiles: boolean;
}
