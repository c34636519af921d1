import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EPOCH, manifest, ROOT, run, version } from './release.mjs';

/** Weighs ten times what it checks; so it is fetched where it is used. */
const ATTW = '@arethetypeswrong/cli@0.18.5';

/** The package for npm, which depends on none, seen through by what finds mistakes in packages. */
export function npmPackage(out) {
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', out]);
  const file = resolve(out, `bk-doctor-${version}.tgz`);
  const packed = JSON.parse(run('tar', ['xzOf', file, 'package/package.json']));
  const below = ['dependencies', 'optionalDependencies', 'peerDependencies'].filter((kind) => kind in packed);
  if (below.length > 0) throw new Error(`the package has ${below.join(', ')}`);
  run(resolve(ROOT, 'node_modules/.bin/publint'), ['run', file, '--strict']);
  run('npx', ['--yes', `--package=${ATTW}`, 'attw', file]);
}

/** What is bundled, as CycloneDX has it: the parts of `npm sbom` that the bundle names, without what differs in each run. */
export function billOfMaterials(file) {
  const bundled = new Set(readFileSync(resolve(ROOT, 'dist/THIRD-PARTY.txt'), 'utf8').match(/^=== .*$/gm));
  const bill = JSON.parse(run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']));
  const components = bill.components.filter(({ name, version }) => bundled.has(`=== ${name} ${version}`));
  if (components.length !== bundled.size) throw new Error('a part of the bundle is missing in npm sbom');
  const known = new Set(components.map((component) => component['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => known.has(each)) }));
  const own = { ref: bill.metadata.component['bom-ref'], dependsOn: [...known] };
  const { lifecycles, component } = bill.metadata;
  const plain = {
    ...bill,
    metadata: { timestamp: new Date(Number(EPOCH) * 1000).toISOString(), lifecycles, component },
    components,
    dependencies: [own, ...dependencies],
  };
  const digest = createHash('sha256')
    .update(JSON.stringify({ ...plain, serialNumber: '' }))
    .digest('hex');
  const uuid = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ];
  writeFileSync(file, `${JSON.stringify({ ...plain, serialNumber: `urn:uuid:${uuid.join('-')}` }, null, 2)}\n`);
  if (component.version !== manifest.version) throw new Error('npm sbom speaks of another version');
}
