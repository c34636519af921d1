import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { Progress } from './test/progress.ts';

/** What takes longest, longest first: begun last, one of them would keep the other workers waiting. */
const LONG = ['apply/power', 'e2e/faults.', 'apply/kill', 'e2e/odd-', 'e2e/', 'apply/', 'buildkit/', 'cli/'];

/** What changes this machine, or the process that it runs in. */
const REAL = ['apply', 'cli', 'e2e', 'host'].map((part) => `test/${part}/**/*.test.ts`);

const PACKAGES = ['test/package/**/*.test.ts'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((part) => moduleId.includes(`/test/${part}`));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    globalSetup: 'test/names-rows.ts',
    testTimeout: 60_000,
    // By itself vitest would leave one of two cores idle; one more worker fills the time in which another waits.
    maxWorkers: Math.max(2, availableParallelism()) + (process.env.CI ? 0 : 1),
    projects: [
      { extends: true, test: { name: 'real', include: REAL } },
      // Nothing that these do outlives them, so that they share a process: starting one for each takes longer than they do.
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...REAL, ...PACKAGES, 'test/machines/**'],
          isolate: false,
        },
      },
      // What npm run package made.
      ...(process.env.PACKAGES ? [{ extends: true as const, test: { name: 'packages', include: PACKAGES } }] : []),
    ],
    sequence: { sequencer: LongestFirst },
    // A terminal shows the files that run; a log has to be told.
    reporters: process.stdout.isTTY ? ['default'] : ['default', new Progress()],
  },
});
