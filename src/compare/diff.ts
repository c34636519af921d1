import { type Comparable, type ComparableProblem, keyOf } from './report-shape.ts';

/** What is different between two reports, in the order of the newer one. */
export interface Difference {
  readonly schema: 1;
  readonly old: Side;
  readonly new: Side;
  readonly appeared: readonly ComparableProblem[];
  readonly gone: readonly ComparableProblem[];
  /** The same problem, which has become better or worse. */
  readonly moved: readonly (ComparableProblem & { readonly was: ComparableProblem['severity'] })[];
  /** Checks that could be made then and cannot now, and the other way round. */
  readonly unknown: { readonly appeared: readonly string[]; readonly gone: readonly string[] };
  readonly facts: readonly { readonly name: string; readonly old: string | null; readonly new: string | null }[];
}
type Side = Pick<Comparable, 'startedAt' | 'version' | 'level' | 'summary'>;

const sideOf = ({ startedAt, version, level, summary }: Comparable): Side => ({ startedAt, version, level, summary });

export function difference(before: Comparable, after: Comparable): Difference {
  const was = new Map(before.problems.map((problem) => [keyOf(problem), problem]));
  const is = new Set(after.problems.map(keyOf));
  const without = (list: readonly string[], other: readonly string[]): readonly string[] =>
    list.filter((each) => !other.includes(each));
  return {
    schema: 1,
    old: sideOf(before),
    new: sideOf(after),
    appeared: after.problems.filter((problem) => !was.has(keyOf(problem))),
    gone: before.problems.filter((problem) => !is.has(keyOf(problem))),
    moved: after.problems.flatMap((problem) => {
      const severity = was.get(keyOf(problem))?.severity;
      return severity === undefined || severity === problem.severity ? [] : [{ ...problem, was: severity }];
    }),
    unknown: { appeared: without(after.unknown, before.unknown), gone: without(before.unknown, after.unknown) },
    facts: [...new Set([...Object.keys(before.facts), ...Object.keys(after.facts)])].flatMap((name) => {
      const [old, now] = [before.facts[name] ?? null, after.facts[name] ?? null];
      return old === now ? [] : [{ name, old, new: now }];
    }),
  };
}

/** Is there something in it that makes a call fail? A problem that became worse is as good as a new one. */
export function isWorse({ appeared, moved, unknown }: Difference, failOn: 'error' | 'warning'): boolean {
  const counts = (severity: ComparableProblem['severity']): boolean =>
    severity === 'error' || (failOn === 'warning' && severity === 'warning');
  return (
    unknown.appeared.length > 0 ||
    appeared.some(({ severity }) => counts(severity)) ||
    moved.some(({ severity, was }) => counts(severity) && severity === 'error' && was !== 'error') ||
    moved.some(({ severity, was }) => counts(severity) && was === 'info')
  );
}
