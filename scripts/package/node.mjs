import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { empty, NODE, ROOT, run } from './release.mjs';

/** The unpacked package of the pinned Node for that processor; npm checks that it is what the registry signed. */
export function nodeFor(arch) {
  // Those that run here are tried by tests, too.
  const directory = resolve(ROOT, '.nodes', ...(arch === process.arch ? [NODE] : [arch, NODE]));
  const unpacked = resolve(directory, 'package');
  if (existsSync(resolve(unpacked, 'bin/node'))) return unpacked;
  empty(directory);
  const name = `node-linux-${arch}@${NODE}`;
  const packed = run('npm', ['pack', '--silent', name, '--pack-destination', directory]).trim();
  run('tar', ['xzf', resolve(directory, packed), '-C', directory]);
  rmSync(resolve(directory, packed));
  return unpacked;
}
