import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Real machines, one after another: a boot takes a minute or two, a question some seconds. `npm run test:machines`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/machines/**/*.test.ts'],
    testTimeout: 3_600_000,
    maxWorkers: 1,
    reporters: ['default'],
  },
});
