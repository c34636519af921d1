import { stateDirectory } from '../../apply/journal/state-directory.ts';
import type { ApplyContext } from '../../apply/journal/types.ts';
import { createLook } from '../../examine/look.ts';
import { rootsWord } from '../../facts/rights/rights.ts';
import { environment } from '../../facts/target/environment.ts';
import type { Opened } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import { seen } from '../../model/unseen.ts';
import { VERSION } from '../../package/version.ts';
import type { Session } from './session.ts';

/** Where this account's journal is. Throws UsageError where there is no place for one. */
export function journalOf({ host }: Opened, { streams }: Session): string {
  const state = stateDirectory(host.identity.self, streams.env);
  if (state === null)
    throw new UsageError('this account has no home directory for a journal of changes: set XDG_STATE_HOME');
  return state;
}

/** What the change room needs to know of this call. */
export async function applyContext(
  session: Session,
  opened: Opened,
  progress: (text: string) => void,
): Promise<ApplyContext> {
  const { host, request } = opened;
  const look = createLook({ host, request });
  // What is not seen here permits nothing, and gives a step no variable.
  const [environs, places] = await Promise.all([seen(look.get(environment)), seen(look.get(rootsWord))]);
  return {
    identity: host.identity,
    state: journalOf(opened, session),
    permitted: places.value ?? [],
    environment: environs.value?.values ?? {},
    version: VERSION,
    signal: session.signal,
    budget: opened.budget,
    progress: ({ step, stage, done }) =>
      progress(`step ${step + 1}: ${stage}${done === undefined ? '' : `, ${done} entries`}`),
  };
}
