import type { Scenario } from '../scenario.ts';
import { LIMITS } from './limits.ts';
import { SESSIONS } from './sessions.ts';

export const SCENARIOS: readonly Scenario[] = [...SESSIONS, ...LIMITS];
