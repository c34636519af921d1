import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether tests were chosen by their names, as with `-t NAME`. */
    readonly namesRows: boolean;
  }
}

export default function tellWhetherRowsAreNamed({ vitest, provide }: TestProject): void {
  provide('namesRows', vitest.config.testNamePattern !== undefined);
}
