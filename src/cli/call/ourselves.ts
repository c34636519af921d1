import { type Opened, openHost } from '../../host/open.ts';
import type { Request } from '../../model/look.ts';
import type { Session } from './session.ts';

/** About ourselves, nothing asked for. */
export const OURSELVES: Request = {
  mode: null,
  user: null,
  env: {},
  config: null,
  root: null,
  addresses: null,
  probe: false,
};

/** The host as we see it ourselves, until the command ends. */
export async function openOurselves(session: Session): Promise<Opened> {
  const opened = await openHost(OURSELVES, {
    record: false,
    replay: null,
    env: session.streams.env,
    pace: session.slowness,
  });
  session.tidy(() => opened.close());
  return opened;
}
