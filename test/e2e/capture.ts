import { appendFileSync } from 'node:fs';
import { conditionsIn } from '../symptoms/reading.ts';
import type { DoctorReport, Judgement, World } from './world.ts';

/** What rootlesskit, buildkitd and buildctl said on a host with one fault, and what the checks of that host found first. */
export interface Captured {
  readonly row: string;
  readonly release: string;
  /** The errors of the check that is the verdict's first reason. */
  readonly conditions: readonly string[];
  readonly log: string;
}

/**
 * Logs are gathered in this file instead of testing:
 * `CAPTURE=captured.jsonl npx vitest run test/e2e/faults.test.ts`, with buildkitd on PATH; they are kept in test/symptoms.
 */
export const CAPTURE = process.env.CAPTURE ?? null;

/** Faults of which no program says a word, by the name of the row: the step just fails. */
export const UNTOLD: ReadonlySet<string> = new Set([
  'a configured runtime that prints nothing and fails',
  'a runc that does not run',
]);

/** Longer ones are cut in the middle: nothing that a person would read is longer, but a map of many ids. */
const MOST_LINE = 8000;

/** A log without what differs from run to run, names this machine, or is a stack of Go. */
function neutral(log: string, world: World): string {
  return log
    .replaceAll(world.scratch, '/var/tmp/scratch')
    .replaceAll('/usr/local/lib/bk-world/buildkit', '/usr/local/bin')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+\S+\.(?:go|s):\d+|^sed: can't read/.test(line))
    .map((line) => (line.length > MOST_LINE ? `${line.slice(0, 400)} … ${line.slice(-250)}` : line))
    .join('\n');
}

/** The conditions that the check found which the verdict names first. */
function foundFirst({ checks, verdict }: DoctorReport): readonly string[] {
  const first = checks.find(({ id }) => id === verdict.reasons[0]);
  return [...new Set(first?.problems.filter(({ severity }) => severity === 'error').map(({ condition }) => condition))];
}

export function capture(row: string, release: string, report: DoctorReport, truth: Judgement, world: World): void {
  const captured: Captured = { row, release, conditions: foundFirst(report), log: neutral(truth.log, world) };
  if (captured.conditions.length === 0)
    throw new Error(`${row}: no check found an error: ${JSON.stringify(report.verdict)}`);
  if (CAPTURE !== null) appendFileSync(CAPTURE, `${JSON.stringify(captured)}\n`);
}

/** What the programs said, where it is not explained by what the checks of the same host found first; null where it is. */
export function unexplained(row: string, report: DoctorReport, truth: Judgement): string | null {
  const found = foundFirst(report);
  if (UNTOLD.has(row) || found.length === 0) return null;
  const told = conditionsIn(truth.log);
  return told.some((condition) => found.includes(condition))
    ? null
    : `${row}: ${found} in:\n${truth.log}\ntold: ${told}`;
}
