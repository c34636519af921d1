import { buildRequest } from './checks/build/request.ts';
import { adviseBuild } from './fixes/build/request.ts';
import type { CatalogEntry } from './model/catalog.ts';

/** Made only where a build is asked about, behind all others; loaded only then. */
export const buildCatalog: readonly CatalogEntry[] = [{ check: buildRequest, fix: adviseBuild }];
