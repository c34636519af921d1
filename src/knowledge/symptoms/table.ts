import { CONFINEMENT } from './confinement.ts';
import { DAEMONS } from './daemons.ts';
import { IDS } from './ids.ts';
import { KUBERNETES } from './kubernetes.ts';
import { LIMITS } from './limits.ts';
import { NAMESPACES } from './namespaces.ts';
import { NETWORK } from './network.ts';
import { RUNTIME } from './runtime.ts';
import { SERVICES } from './services.ts';
import { SESSIONS } from './sessions.ts';
import { STORAGE } from './storage.ts';
import type { Symptom } from './symptom.ts';

/** Every text by which a condition is met, the most specific first. */
export const SYMPTOMS: readonly Symptom[] = [
  ...NAMESPACES,
  ...IDS,
  ...KUBERNETES,
  ...RUNTIME,
  ...CONFINEMENT,
  ...SERVICES,
  ...SESSIONS,
  ...LIMITS,
  ...STORAGE,
  ...NETWORK,
  ...DAEMONS,
];
