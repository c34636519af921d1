// Writes the manual page and the completions, which the program prints itself, where packages take them from.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILES = {
  'man/man1/bk-doctor.1': ['man'],
  'bash-completion/completions/bk-doctor': ['completion', 'bash'],
  'zsh/vendor-completions/_bk-doctor': ['completion', 'zsh'],
  'fish/vendor_completions.d/bk-doctor.fish': ['completion', 'fish'],
};

for (const [name, words] of Object.entries(FILES)) {
  const file = resolve(ROOT, 'dist/share', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, execFileSync(process.execPath, [resolve(ROOT, 'bin/bk-doctor.js'), ...words]));
}
