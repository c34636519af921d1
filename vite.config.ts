import { defineConfig } from 'vitest/config';

// One bundle for the start path; what is imported on demand (prompts, process runners, inventory) stays outside it.
export default defineConfig({
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
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
    },
  },
  ssr: {
    noExternal: ['commander', 'cli-table3', 'smol-toml', 'toml-eslint-parser', 'eslint-visitor-keys', 'semver', 'diff'],
  },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
});
