import type { HostReader } from '../../model/look.ts';
import type { Rights } from '../../rights/rights.ts';
import type { Program } from './accounts.ts';

/** What a script is made for. */
export interface ScriptFor {
  readonly host: HostReader;
  /** Where root may change something. */
  readonly rights: Rights;
  /** How bk-doctor is called for what a shell cannot do safely: the words that start it here (null: another host), and the flags that repeat the question. */
  readonly doctor: { readonly program: Program; readonly flags: readonly string[] };
}
