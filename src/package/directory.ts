import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this package stands, whether it runs from its bundle or from its sources. */
export function packageDirectory(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (at !== '/' && !existsSync(resolve(at, 'package.json'))) at = dirname(at);
  return at;
}

/** A program of the bundle that is started as a process of its own. Throws when it was not built. */
export function builtProgram(name: 'helper' | 'as-target' | 'as-user'): string {
  const path = resolve(packageDirectory(), 'dist', `${name}.cjs`);
  if (!existsSync(path)) throw new Error(`bk-doctor is not built: ${path} is missing (npm run build)`);
  return path;
}
