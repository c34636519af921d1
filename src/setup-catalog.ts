import { serviceSetupCheck } from './checks/service/setup.ts';
import { setUpService } from './fixes/service/setup.ts';
import type { CatalogEntry } from './model/catalog.ts';

/** Made only where a service is asked for, after all that the host itself needs; loaded only then. */
export const setupCatalog: readonly CatalogEntry[] = [{ check: serviceSetupCheck, fix: setUpService }];
