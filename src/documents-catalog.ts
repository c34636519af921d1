import type { BuildSubject } from './builds/subject.ts';
import { buildCommand } from './checks/build/command.ts';
import { buildDockerfile } from './checks/build/dockerfile.ts';
import { containerAccount } from './checks/container/account.ts';
import { containerAddress } from './checks/container/address.ts';
import { containerAdmission } from './checks/container/admission.ts';
import { containerBuilder } from './checks/container/builder.ts';
import { containerConfiguration } from './checks/container/configuration.ts';
import { containerConfinement } from './checks/container/confinement.ts';
import { containerManifest } from './checks/container/manifest.ts';
import { containerNode } from './checks/container/node.ts';
import { containerStart } from './checks/container/start.ts';
import { containerStorage } from './checks/container/storage.ts';
import { mendCommand } from './fixes/build/command.ts';
import { mendDockerfile } from './fixes/build/dockerfile.ts';
import { runAsTheImage } from './fixes/container/account.ts';
import { mendAddresses } from './fixes/container/address.ts';
import { admit } from './fixes/container/admission.ts';
import { mendBuilder } from './fixes/container/builder.ts';
import { adviseOnConfiguration } from './fixes/container/configuration.ts';
import { loosenConfinement } from './fixes/container/confinement.ts';
import { mendManifest } from './fixes/container/manifest.ts';
import { prepareNode } from './fixes/container/node.ts';
import { mendStart } from './fixes/container/start.ts';
import { mendVolumes } from './fixes/container/storage.ts';
import type { Catalog } from './model/catalog.ts';

/** What files are judged by that describe where BuildKit runs and what is built with it, in report order. */
export const documentCatalog: Catalog<BuildSubject> = [
  { check: containerManifest, fix: mendManifest },
  { check: containerStart, fix: mendStart },
  { check: containerAccount, fix: runAsTheImage },
  { check: containerConfinement, fix: loosenConfinement },
  { check: containerStorage, fix: mendVolumes },
  { check: containerAddress, fix: mendAddresses },
  { check: containerAdmission, fix: admit },
  { check: containerNode, fix: prepareNode },
  { check: containerBuilder, fix: mendBuilder },
  { check: containerConfiguration, fix: adviseOnConfiguration },
  { check: buildDockerfile, fix: mendDockerfile },
  { check: buildCommand, fix: mendCommand },
];
