import type { Account } from '../model.ts';

/** Where the journal of this account lives: /var/lib/bk-doctor for root, else $XDG_STATE_HOME/bk-doctor or ~/.local/state/bk-doctor. Null: no home. */
export function stateDirectory(
  self: Account,
  environment: { readonly [name: string]: string | undefined },
): string | null {
  if (self.uid === 0) return '/var/lib/bk-doctor';
  const { XDG_STATE_HOME: given } = environment;
  if (given?.startsWith('/')) return `${given.replace(/\/+$/, '')}/bk-doctor`;
  return self.home === null ? null : `${self.home}/.local/state/bk-doctor`;
}
