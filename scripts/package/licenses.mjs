import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nodeFor } from './node.mjs';
import { NODE, ROOT } from './release.mjs';

/** Under what all parts of an executable may be given on. */
export function licenses(arch) {
  const own = readFileSync(resolve(ROOT, 'LICENSE'), 'utf8');
  const bundled = readFileSync(resolve(ROOT, 'dist/THIRD-PARTY.txt'), 'utf8');
  const node = readFileSync(resolve(nodeFor(arch), 'LICENSE'), 'utf8');
  return `=== bk-doctor\n\n${own}\n${bundled}\n=== Node.js ${NODE}\n\n${node}`;
}
