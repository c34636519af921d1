import type { Condition } from '../conditions.ts';
import { BUILD_REMEDIES } from './builds.ts';
import { DAEMON_REMEDIES } from './daemons.ts';
import { FILE_REMEDIES } from './files.ts';
import { NAMESPACE_REMEDIES } from './namespaces.ts';
import { NETWORK_REMEDIES } from './network.ts';
import type { Remedy } from './remedy.ts';
import { SERVICE_REMEDIES } from './services.ts';
import { SESSION_REMEDIES } from './sessions.ts';
import { STORAGE_REMEDIES } from './storage.ts';

/** Why each condition matters and what to do about it, wherever it was met. */
export const REMEDIES: { readonly [C in Condition]: Remedy } = {
  ...NAMESPACE_REMEDIES,
  ...STORAGE_REMEDIES,
  ...SESSION_REMEDIES,
  ...SERVICE_REMEDIES,
  ...DAEMON_REMEDIES,
  ...NETWORK_REMEDIES,
  ...FILE_REMEDIES,
  ...BUILD_REMEDIES,
};
