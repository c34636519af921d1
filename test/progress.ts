import type { Reporter, TestCase, TestModule } from 'vitest/node';

const EVERY_MS = 5000;
type Module = Pick<TestModule, 'relativeModuleId'> & {
  readonly children: { allTests(): Iterable<unknown> };
};

/** How far a run of the tests is, one line every five seconds: for logs, where nothing can be written over. */
export class Progress implements Reporter {
  readonly #say: (line: string) => void;
  readonly #running = new Map<string, { done: number; readonly all: number }>();
  #files = { done: 0, all: 0 };
  #tests = { done: 0, failed: 0 };
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(say: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {
    this.#say = say;
  }

  onTestRunStart(files: { readonly length: number }): void {
    const began = performance.now();
    this.#files = { done: 0, all: files.length };
    this.#tests = { done: 0, failed: 0 };
    this.#running.clear();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#say(this.line((performance.now() - began) / 1000)), EVERY_MS);
  }

  onTestModuleCollected({ relativeModuleId, children }: Module): void {
    this.#running.set(relativeModuleId, { done: 0, all: [...children.allTests()].length });
  }

  onTestCaseResult(test: Pick<TestCase, 'result'> & { readonly module: Pick<TestModule, 'relativeModuleId'> }): void {
    this.#tests.done++;
    if (test.result().state === 'failed') this.#tests.failed++;
    const file = this.#running.get(test.module.relativeModuleId);
    if (file !== undefined) file.done++;
  }

  onTestModuleEnd({ relativeModuleId }: Pick<TestModule, 'relativeModuleId'>): void {
    this.#running.delete(relativeModuleId);
    this.#files.done++;
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  /** "[ 65 s] 31 of 105 files, 1204 tests, 1 failed; now test/e2e/faults.test.ts 12 of 76" */
  line(seconds: number): string {
    const now = [...this.#running].map(([name, { done, all }]) => `${name} ${done} of ${all}`).join(', ');
    const failed = this.#tests.failed === 0 ? '' : `, ${this.#tests.failed} failed`;
    const head = `[${seconds.toFixed(0).padStart(3)} s] ${this.#files.done} of ${this.#files.all} files, ${this.#tests.done} tests${failed}`;
    return now === '' ? head : `${head}; now ${now}`;
  }
}
