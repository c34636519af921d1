import type { Row } from './judged.ts';

export interface Named extends Row {
  readonly name: string;
}

/** A Dockerfile that is built without further flags, and what is found in it. */
export const row = (name: string, dockerfile: string, finds: readonly string[], more: Partial<Row> = {}): Named => ({
  name,
  dockerfile,
  flags: '',
  finds,
  ...more,
});
