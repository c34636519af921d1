import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { Progress } from './test/progress.ts';

/** What takes longest, longest first: begun last, one of them would keep the other workers waiting. */
const LONG = ['e2e/faults.', 'e2e/odd-', 'apply/kill', 'e2e/look-alikes.', 'e2e/', 'apply/', 'buildkit/', 'cli/'];

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
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/names-rows.ts',
    testTimeout: 60_000,
    // By itself vitest would leave one of two cores idle; one more worker fills the time in which another waits.
    maxWorkers: Math.max(2, availableParallelism()) + (process.env.CI ? 0 : 1),
    sequence: { sequencer: LongestFirst },
    // A terminal shows the files that run; a log has to be told.
    reporters: process.stdout.isTTY ? ['default'] : ['default', new Progress()],
  },
});
