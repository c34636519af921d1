import type { Registry } from '../../facts/config/registries.ts';
import type { PemFile } from '../../facts/config/tls.ts';
import { addTo, type RegistryCase } from './registry-case.ts';

/** The CA certificates of a registry. */
export function judgeCa(registry: RegistryCase, { host, ca }: Registry): void {
  for (const [index, file] of ca.entries()) {
    const why = unusable(registry, file, 'certificate');
    if (why === null) continue;
    addTo(
      registry,
      'tls.registry-ca-untrusted',
      'warning',
      ['registry', host, 'ca'],
      `The certificate file ${file.path} for ${host}: ${why}${file.stat === null ? ', and every pull from there fails' : ''}.`,
      {
        what: 'ca-file',
        index,
        file: file.path,
        prints: file.stat === null || !file.readable ? `failed to read ${file.path}` : null,
      },
    );
  }
}

/** The pairs of certificate and key with which buildkitd shows itself to a registry. */
export function judgePairs(registry: RegistryCase, { host, pairs }: Registry): void {
  for (const [index, pair] of pairs.entries()) {
    const bad = pairMistake(registry, host, pair);
    if (bad === null) continue;
    addTo(
      registry,
      'tls.registry-pair',
      'warning',
      ['registry', host, 'keypair', String(index), bad.name],
      bad.message,
      { what: 'key-pair', file: bad.file, prints: bad.file === null ? null : 'failed to load keypair' },
    );
  }
}

interface PairMistake {
  /** The key of the pair that it is written at. */
  readonly name: 'cert' | 'key';
  /** Null where none is named. */
  readonly file: string | null;
  readonly message: string;
}

function pairMistake(
  registry: RegistryCase,
  host: string,
  { cert, key, match }: Registry['pairs'][number],
): PairMistake | null {
  const lacking = (name: 'cert' | 'key', missing: string): PairMistake => ({
    name,
    file: null,
    message: `A key pair for ${host} lacks ${missing}: every pull from there fails.`,
  });
  if (cert === null) return lacking('key', 'cert');
  if (key === null) return lacking('cert', 'key');
  for (const [name, file] of [['cert', cert] as const, ['key', key] as const]) {
    const why = unusable(registry, file, name === 'cert' ? 'certificate' : 'private key');
    const message = `${file.path}, ${name} of a pair for ${host}: ${why}; every pull from there fails.`;
    if (why !== null) return { name, file: file.path, message };
  }
  if (match?.matches !== false) return null;
  const message = `The key ${key.path} does not belong to the certificate ${cert.path}: every pull from ${host} fails.`;
  return { name: 'key', file: key.path, message };
}

/** The directories of certificates of a registry. */
export function judgeDirectories(registry: RegistryCase, { host, directories }: Registry): void {
  for (const [index, directory] of directories.entries()) judgeDirectory(registry, host, directory, index);
}

function judgeDirectory(
  registry: RegistryCase,
  host: string,
  { path: directory, names }: Registry['directories'][number],
  index: number,
): void {
  const path = ['registry', host, 'tlsconfigdir'];
  if (names === null) {
    if (directory.startsWith('/'))
      addTo(
        registry,
        'config.registry-no-effect',
        'warning',
        path,
        `The directory ${directory} for ${host} is not there or may not be listed, and is passed over.`,
        { what: 'directory-missing', index, file: directory },
      );
    return;
  }
  const lonely = names.find((name) => name.endsWith('.cert') && !names.includes(name.replace(/\.cert$/, '.key')));
  if (lonely !== undefined)
    addTo(
      registry,
      'tls.registry-pair',
      'warning',
      path,
      `${directory}/${lonely} has no key ${lonely.replace(/\.cert$/, '.key')} beside it: every pull from ${host} fails.`,
      { what: 'directory-key', index, file: `${directory}/${lonely}`, prints: 'failed to load keypair' },
    );
  else if (!names.some((name) => /\.(?:crt|cert)$/.test(name)))
    addTo(
      registry,
      'config.registry-no-effect',
      'warning',
      path,
      `${directory} for ${host} has no file named *.crt or *.cert, and nothing else is read.`,
      { what: 'directory-names', index, file: directory },
    );
}

/** Why buildkitd cannot use a file; null where nothing is known to be wrong with it. */
function unusable(
  { found, identity: who }: RegistryCase,
  { unseen, stat, pem, readable }: PemFile,
  what: 'certificate' | 'private key',
): string | null {
  if (unseen !== null) {
    found.unseen.push(unseen);
    return null;
  }
  if (stat === null) return 'it does not exist';
  if (stat.kind !== 'file') return `it is a ${stat.kind}`;
  if (!readable)
    return who.mode === 'rootless' && stat.uid === who.target.uid
      ? null
      : 'the account that runs buildkitd may not read it';
  if (pem === null) return null;
  if (pem.error !== null) return `it cannot be read (${pem.error})`;
  const count = what === 'certificate' ? pem.certificates.length : pem.privateKeys;
  return count > 0 ? null : `it holds no ${what} in PEM form`;
}
