import { cdiComplaint, cdiDevices } from '../../buildkit/cdi.ts';
import { type ConfigReading, valueAt } from '../../buildkit/config/read.ts';
import { NEWEST, type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent, tooMuch, unlessRefused } from '../../model/unseen.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { configFile } from './config-file.ts';
import { settings } from './settings.ts';

/** A specification of the Container Device Interface that buildkitd does not take. */
export interface CdiFault {
  readonly path: string;
  readonly why: string;
  /** Every buildkitd that may be at hand refuses it. */
  readonly surely: boolean;
}

/** buildkitd reads them at its start since then; one that it refuses ends it. */
const SINCE: Release = [0, 20, 0];
const DEFAULT_DIRECTORIES = ['/etc/cdi', '/var/run/cdi', '/etc/buildkit/cdi'];
const MOST_FILES = 500;

/** The specifications that end buildkitd; none where it does not read any. */
export const cdiFaults: Fact<readonly CdiFault[]> = {
  id: 'cdi-faults',
  async read(look) {
    const [config, { flags }, version] = await Promise.all([
      look.get(configFile),
      look.get(settings),
      look.get(buildkitdVersion),
    ]);
    const off = flags['cdi-disabled']?.at(-1) ?? valueAt(config.content.document, ['cdi', 'disabled']);
    if (off === true || off === 'true' || off === '1' || surelyBefore(version, SINCE)) return [];
    const releases = [version.min ?? SINCE, version.max ?? NEWEST] as const;
    const faults: CdiFault[] = [];
    for (const directory of directoriesOf(flags['cdi-spec-dir'], config.content.document))
      faults.push(...(await faultsIn(look, directory, releases)));
    return surelySince(version, SINCE) ? faults : faults.map((fault) => ({ ...fault, surely: false }));
  },
};

/** The devices that buildkitd has by its specifications; none where it reads none. */
export const cdiNames: Fact<readonly string[]> = {
  id: 'cdi-names',
  async read(look) {
    const [config, { flags }] = await Promise.all([look.get(configFile), look.get(settings)]);
    const off = flags['cdi-disabled']?.at(-1) ?? valueAt(config.content.document, ['cdi', 'disabled']);
    if (off === true || off === 'true' || off === '1') return [];
    const names: string[] = [];
    for (const directory of directoriesOf(flags['cdi-spec-dir'], config.content.document)) {
      const files = ((await look.host.list(directory, 'target').catch(asAbsent)) ?? []).filter((name) =>
        /\.(?:json|yaml)$/.test(name),
      );
      if (files.length > MOST_FILES) throw tooMuch(`${directory} has more than ${MOST_FILES} files`);
      for (const name of files) {
        const spec = await readSpec(look, `${directory}/${name}`);
        if ('document' in spec) names.push(...cdiDevices(spec.document));
      }
    }
    return names;
  },
};

function directoriesOf(flag: unknown, document: ConfigReading['document']): readonly string[] {
  const written = flag ?? valueAt(document, ['cdi', 'specDirs']);
  const directories = Array.isArray(written) && written.length > 0 ? written.filter(isText) : DEFAULT_DIRECTORIES;
  return [...new Set(directories)].filter((directory) => directory.startsWith('/'));
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** A directory that is itself a link is not followed, and one that may not be listed is passed over. */
async function faultsIn(
  look: Look,
  directory: string,
  releases: readonly [Release, Release],
): Promise<readonly CdiFault[]> {
  const { host } = look;
  if ((await host.lstat(directory, 'target').catch(asAbsent))?.kind !== 'directory') return [];
  const names = ((await host.list(directory, 'target').catch(asAbsent)) ?? []).filter((name) =>
    /\.(?:json|yaml)$/.test(name),
  );
  if (names.length > MOST_FILES) throw tooMuch(`${directory} has more than ${MOST_FILES} files`);
  const faults: CdiFault[] = [];
  const owners = new Map<string, string>();
  for (const name of names) {
    const path = `${directory}/${name}`;
    if ((await host.lstat(path, 'target'))?.kind === 'directory') continue;
    const found = await readSpec(look, path);
    if ('why' in found) {
      faults.push({ path, why: found.why, surely: true });
      continue;
    }
    const complaints = releases.map((release) => cdiComplaint(found.document, release));
    const why = complaints.find((one) => one !== null);
    if (why != null) {
      faults.push({ path, why, surely: complaints.every((one) => one !== null) });
      continue;
    }
    for (const device of cdiDevices(found.document)) {
      const other = owners.get(device);
      if (other !== undefined)
        faults.push({ path, why: `the device ${device} is also in ${other}, of the same directory`, surely: true });
      owners.set(device, path);
    }
  }
  return faults;
}

async function readSpec(look: Look, path: string): Promise<{ readonly document: unknown } | { readonly why: string }> {
  // Whatever it is called, its words are those of a device; as JSON of a client all of them would be hidden.
  const file = await unlessRefused(look.host.read(path, 'target', undefined, 'other'));
  if (file.unseen !== undefined) return { why: file.unseen.why };
  if (file.value === null) return { why: 'it is a link that leads nowhere' };
  // JSON as well is read as YAML; a library for that is loaded where there is such a file.
  const { parseAllDocuments } = await import('yaml');
  const [document] = parseAllDocuments(file.value.text, {
    version: '1.1',
    strict: true,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  const [error] = document?.errors ?? [];
  if (error !== undefined) return { why: `it is no YAML: ${error.message.split('\n')[0] ?? ''}` };
  return { document: document?.toJS({ maxAliasCount: 100 }) ?? null };
}
