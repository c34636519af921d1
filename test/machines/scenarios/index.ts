import type { Scenario } from '../scenario.ts';
import { CONFINEMENT } from './confinement.ts';
import { DOCKER } from './docker.ts';
import { GROUPS } from './groups.ts';
import { LIMITS } from './limits.ts';
import { SESSIONS } from './sessions.ts';
import { STORAGE } from './storage.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...SESSIONS,
  ...LIMITS,
  ...CONFINEMENT,
  ...STORAGE,
  ...GROUPS,
  ...DOCKER,
];
