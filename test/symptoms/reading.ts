import { type Judgement, judged } from '../../src/symptoms/judge.ts';
import { type Knowledge, knowledgeOf } from '../../src/symptoms/knowledge.ts';
import { type Reading, readerOf } from '../../src/symptoms/reader.ts';

let known: Knowledge | null = null;

/** What is seen in a log that comes in these pieces. */
export function reading(...pieces: readonly (string | Uint8Array)[]): Reading {
  known ??= knowledgeOf();
  const reader = readerOf(known, (bytes) => Buffer.from(bytes).toString('utf8'));
  for (const piece of pieces) reader.feed(typeof piece === 'string' ? Buffer.from(piece) : piece);
  return reader.end();
}

export function judgement(log: string): Judgement {
  return judged(reading(log).sightings);
}

/** The conditions that a log shows, best first. */
export function conditionsIn(log: string): readonly string[] {
  return judgement(log).causes.map(({ condition }) => condition);
}
