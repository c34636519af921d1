import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** Node reads, hashes and compiles a text of one byte a character in half the time. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_options, bundle) {
    for (const output of Object.values(bundle)) {
      if (output.type !== 'chunk') continue;
      output.code = output.code.replace(
        /[^\0-\x7f]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};

/** Under what the packages in the bundle may be given on: they come with it. */
const licenses: Plugin = {
  name: 'licenses',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
    const packages = new Set(
      modules.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []).sort(),
    );
    const texts = [...packages].map((directory) => {
      const { name, version } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
      const file = readdirSync(directory).find((each) => /^licen[cs]e/i.test(each));
      if (file === undefined) throw new Error(`${name} says nowhere under what it may be given on`);
      return `=== ${name} ${version}\n\n${readFileSync(`${directory}/${file}`, 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source: texts.join('\n') });
  },
};

/** What V8 made of the code stands beside it, so that a start compiles nothing (bin/load.js). */
const codeCache: Plugin = {
  name: 'code-cache',
  closeBundle() {
    const made = spawnSync(process.execPath, [fileURLToPath(new URL('scripts/code-cache.cjs', import.meta.url))], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (made.status !== 0) throw new Error('the code cache could not be made');
  },
};

// One bundle for the start path; what is imported on demand (prompts, inventory) lies in files of its own.
export default defineConfig({
  plugins: [ascii, licenses, codeCache],
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    minify: true,
    rollupOptions: {
      input: {
        main: 'src/cli/main.ts',
        helper: 'src/host/helper.ts',
        'as-target': 'src/verify/as-target.ts',
        'as-user': 'src/apply/as-user.ts',
      },
      output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name].cjs' },
    },
  },
  // Nothing is looked for in node_modules when it runs: the package has no dependency.
  ssr: { noExternal: true },
});
