import { catalog } from '../src/catalog.ts';
import { assess } from '../src/examine/assess.ts';
import { Budget } from '../src/host/budget.ts';
import type { Opened } from '../src/host/open.ts';
import type { HostReader, Request } from '../src/model/look.ts';
import type { Report } from '../src/model/say.ts';
import { NO_SECRETS } from '../src/secrets/known.ts';

/** Every check of a host that is no machine, as a replay of a recording makes them. */
export function assessed(host: HostReader, request: Request): Promise<Report> {
  const opened: Opened = {
    host,
    request,
    arch: 'x64',
    replayed: true,
    budget: new Budget(60_000),
    recording: () => '',
    secrets: NO_SECRETS,
    close: async () => {},
  };
  return assess(opened, catalog, { only: [], skip: [] }, { inventory: false });
}
